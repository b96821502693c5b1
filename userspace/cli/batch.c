// SPDX-License-Identifier: GPL-2.0
#include "batch.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "args.h"
#include "cli.h"
#include "file.h"
#include "genl.h"

#define FILE_SIZE_MAX (64 << 20)

/* More mistakes, or warnings, than these are not reported. */
#define REPORTS_MAX 10

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

static int parse_line(struct batch *batch, struct cli *cli, char *text,
		      unsigned int number)
{
	struct batch_line line = { .number = number };
	char *words[ARGS_MAX];
	struct args args = { .words = words };
	char error[ARGS_ERROR_MAX];
	int status;

	if (args_split(text, words, &args.n, error))
		return cli_fail(cli, CLI_USAGE, "%s", error);
	if (!args.n)
		return CLI_OK;
	status = command_parse(cli, &args, &line.request);
	if (status)
		return status;
	if (!line.request.command->in_batch)
		return cli_fail(cli, CLI_USAGE, "%s cannot stand in a batch",
				line.request.command->group);
	return add_line(batch, cli, &line);
}

static void report(const struct batch *batch, struct cli *cli,
		   unsigned int number, unsigned int n_reports)
{
	if (n_reports < REPORTS_MAX)
		fprintf(cli->err, "%s:%u: %s\n", batch->name, number,
			cli->error);
	else if (n_reports == REPORTS_MAX)
		fprintf(cli->err, "%s: more mistakes follow\n", batch->name);
}

/* Of thousands of lines that are alike, the first ones. */
static void report_advice(const struct batch *batch, struct cli *cli,
			  unsigned int number, unsigned int *n_advices)
{
	if (cli->advice[0] && (*n_advices)++ < REPORTS_MAX)
		fprintf(cli->err, "%s:%u: warning: %s\n", batch->name, number,
			cli->advice);
	cli->advice[0] = '\0';
}

int batch_parse(struct batch *batch, struct cli *cli, char *text, size_t len)
{
	const char *end = text + len;
	unsigned int number = 0;
	unsigned int n_reports = 0, n_advices = 0;
	int status, first = CLI_OK;

	while (text < end) {
		char *next = memchr(text, '\n', end - text);

		next = next ? next + 1 : text + (end - text) + 1;
		next[-1] = '\0';
		number++;
		if (strlen(text) != (size_t)(next - 1 - text))
			status = cli_fail(cli, CLI_USAGE,
					  "there is a NUL in the line");
		else
			status = parse_line(batch, cli, text, number);
		if (status)
			report(batch, cli, number, n_reports++);
		report_advice(batch, cli, number, &n_advices);
		if (!first)
			first = status;
		text = next;
	}
	return first;
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
	int ret, status;

	if (strcmp(path, "-") == 0)
		ret = file_read_fd(STDIN_FILENO, FILE_SIZE_MAX, &text, &len);
	else
		ret = file_read(path, FILE_SIZE_MAX, &text, &len);
	if (ret) {
		fprintf(cli->err, "scitag: %s: %s\n", path, strerror(-ret));
		return CLI_REFUSED;
	}
	status = batch_parse(&batch, cli, text, len);
	free(text);
	if (!status)
		status = batch_run(&batch, cli);
	batch_exit(&batch);
	return status;
}
