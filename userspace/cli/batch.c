// SPDX-License-Identifier: GPL-2.0
#include "batch.h"

#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "genl.h"
#include "lines.h"

static int add_line(struct batch *batch, struct cli *cli,
		    const struct batch_line *line)
{
	if (batch->n == batch->size) {
		size_t size = batch->size ? batch->size * 2 : 64;
		struct batch_line *lines;

		lines = realloc(batch->lines, size * sizeof(*lines));
		if (!lines)
			return cli_fail(cli, CLI_REFUSED, "no memory");
		batch->lines = lines;
		batch->size = size;
	}
	batch->lines[batch->n++] = *line;
	return CLI_OK;
}

static int parse_line(struct cli *cli, struct args *args, unsigned int number,
		      void *data)
{
	struct batch_line line = { .number = number };
	const struct command *command;
	int status;

	status = command_parse(cli, args, &line.request);
	if (status)
		return status;
	command = line.request.command;
	if (!command->in_batch)
		return cli_fail(cli, CLI_USAGE,
				"%s%s%s cannot stand in a batch",
				command->group, command->name ? " " : "",
				command->name ? command->name : "");
	return add_line(data, cli, &line);
}

int batch_parse(struct batch *batch, struct cli *cli, char *text, size_t len)
{
	return lines_parse(cli, batch->name, text, len, parse_line, batch);
}

static void print_warning(const struct batch *batch, struct cli *cli, size_t i,
			  size_t n)
{
	if (!cli->warning[0])
		return;
	if (n > 1)
		fprintf(cli->err, "%s:%u-%u: warning: %s\n", batch->name,
			batch->lines[i].number, batch->lines[i + n - 1].number,
			cli->warning);
	else
		fprintf(cli->err, "%s:%u: warning: %s\n", batch->name,
			batch->lines[i].number, cli->warning);
	cli->warning[0] = '\0';
}

/* How many commands from i on may go in one message. */
static size_t count_run(const struct batch *batch, size_t i)
{
	const struct command *command = batch->lines[i].request.command;
	size_t n = 1;

	if (!command->run_many)
		return 1;
	while (i + n < batch->n && n < GENL_BATCH_MAX &&
	       batch->lines[i + n].request.command == command)
		n++;
	return n;
}

/* Carry out n commands from i on; *bad is as in command.h. */
static int run_lines(const struct batch *batch, struct cli *cli, size_t i,
		     size_t n, size_t *bad)
{
	const struct request *request = &batch->lines[i].request;
	struct flow_spec specs[GENL_BATCH_MAX];
	size_t k;

	*bad = n > 1 ? n : 0;
	if (!request->command->run_many)
		return request->command->run(cli, request);
	for (k = 0; k < n; k++)
		specs[k] = batch->lines[i + k].request.spec;
	return request->command->run_many(cli, specs, n, bad);
}

/* n is the number of commands that came to nothing together. */
static void report_refusal(const struct batch *batch, struct cli *cli, size_t i,
			   size_t n, size_t bad)
{
	unsigned int first = batch->lines[i].number;

	if (bad < n)
		fprintf(cli->err, "%s:%u: %s\n", batch->name,
			batch->lines[i + bad].number, cli->error);
	else if (n > 1)
		fprintf(cli->err, "%s:%u-%u: %s\n", batch->name, first,
			batch->lines[i + n - 1].number, cli->error);
	else
		fprintf(cli->err, "%s:%u: %s\n", batch->name, first,
			cli->error);
	fprintf(cli->err,
		"%s: %zu of %zu commands were carried out, none from line %u on\n",
		batch->name, i, batch->n, first);
}

int batch_run(const struct batch *batch, struct cli *cli)
{
	size_t i, n, bad;
	int status;

	for (i = 0; i < batch->n; i += n) {
		n = count_run(batch, i);
		status = run_lines(batch, cli, i, n, &bad);
		if (status) {
			report_refusal(batch, cli, i, n, bad);
			return status;
		}
		print_warning(batch, cli, i, n);
	}
	return CLI_OK;
}

void batch_exit(struct batch *batch)
{
	free(batch->lines);
	memset(batch, 0, sizeof(*batch));
}

int batch_file(struct cli *cli, const char *path)
{
	struct batch batch = { .name = path };
	char *text;
	size_t len;
	int status;

	status = lines_read(cli, path, &text, &len);
	if (status) {
		fprintf(cli->err, "scitag: %s\n", cli->error);
		return status;
	}
	status = batch_parse(&batch, cli, text, len);
	if (!status)
		status = batch_run(&batch, cli);
	batch_exit(&batch);
	/* Until then requests have words of it. */
	free(text);
	return status;
}
