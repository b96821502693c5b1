// SPDX-License-Identifier: GPL-2.0
#include "lines.h"

#include <string.h>
#include <unistd.h>

#include "args.h"
#include "cli.h"
#include "file.h"

#define FILE_SIZE_MAX (64 << 20)

/* More mistakes, or warnings, than these are not reported. */
#define REPORTS_MAX 10

/* A file that is being parsed, and how much was said of it. */
struct lines {
	struct cli *cli;
	const char *name;
	unsigned int n_mistakes;
	unsigned int n_advices;
};

static void report(struct lines *lines, unsigned int number)
{
	struct cli *cli = lines->cli;

	if (lines->n_mistakes < REPORTS_MAX)
		fprintf(cli->err, "%s:%u: %s\n", lines->name, number,
			cli->error);
	else if (lines->n_mistakes == REPORTS_MAX)
		fprintf(cli->err, "%s: more mistakes follow\n", lines->name);
	lines->n_mistakes++;
}

/* Of thousands of lines that are alike, the first ones. */
static void report_advice(struct lines *lines, unsigned int number)
{
	struct cli *cli = lines->cli;

	if (cli->advice[0] && lines->n_advices++ < REPORTS_MAX)
		fprintf(cli->err, "%s:%u: warning: %s\n", lines->name, number,
			cli->advice);
	cli->advice[0] = '\0';
}

static int parse_line(struct cli *cli, char *text, unsigned int number,
		      lines_cb cb, void *data)
{
	char *words[ARGS_MAX];
	struct args args = { .words = words };
	char error[ARGS_ERROR_MAX];

	if (args_split(text, words, &args.n, error))
		return cli_fail(cli, CLI_USAGE, "%s", error);
	return args.n ? cb(cli, &args, number, data) : CLI_OK;
}

int lines_parse(struct cli *cli, const char *name, char *text, size_t len,
		lines_cb cb, void *data)
{
	struct lines lines = { .cli = cli, .name = name };
	const char *end = text + len;
	unsigned int number = 0;
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
			status = parse_line(cli, text, number, cb, data);
		if (status)
			report(&lines, number);
		report_advice(&lines, number);
		if (!first)
			first = status;
		text = next;
	}
	return first;
}

int lines_read(struct cli *cli, const char *path, char **text, size_t *len)
{
	int ret;

	if (strcmp(path, "-") == 0)
		ret = file_read_fd(STDIN_FILENO, FILE_SIZE_MAX, text, len);
	else
		ret = file_read(path, FILE_SIZE_MAX, text, len);
	if (ret)
		return cli_fail(cli, CLI_REFUSED, "%s: %s", path,
				strerror(-ret));
	return CLI_OK;
}
