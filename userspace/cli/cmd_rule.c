// SPDX-License-Identifier: GPL-2.0
#include "command.h"

#include <errno.h>
#include <stdlib.h>

#include "args.h"
#include "cli.h"
#include "genl.h"
#include "lines.h"
#include "output.h"
#include "rule_args.h"
#include "rule_json.h"

/* How often rules that are replaced while they are read are read again. */
#define DUMP_TRIES 5

/* The rules of a file, and the lines that they stand in. */
struct rule_list {
	struct rule_spec *specs;
	unsigned int *numbers;
	size_t n;
	size_t size;
};

static int list_grow(struct cli *cli, struct rule_list *list)
{
	size_t size = list->size ? list->size * 2 : 64;
	unsigned int *numbers;
	struct rule_spec *specs;

	if (list->n == GENL_RULES_MAX)
		return cli_fail(cli, CLI_REFUSED,
				"there are more than %d rules", GENL_RULES_MAX);
	if (list->n < list->size)
		return CLI_OK;
	specs = realloc(list->specs, size * sizeof(*specs));
	if (specs)
		list->specs = specs;
	numbers = realloc(list->numbers, size * sizeof(*numbers));
	if (numbers)
		list->numbers = numbers;
	if (!specs || !numbers)
		return cli_fail(cli, CLI_REFUSED, "no memory");
	list->size = size;
	return CLI_OK;
}

static int add_line(struct cli *cli, struct args *args, unsigned int number,
		    void *data)
{
	struct rule_list *list = data;
	int status;

	status = list_grow(cli, list);
	if (!status)
		status = rule_args(cli, args, &list->specs[list->n]);
	if (!status)
		list->numbers[list->n++] = number;
	return status;
}

/* Into the kernel; its refusal is reported with the line that it is about. */
static int set(struct cli *cli, const char *path, const struct rule_list *list)
{
	int status = cli_connect(cli);
	size_t bad;

	if (status)
		return status;
	status = cli_genl_status(cli, genl_rule_set(cli->genl, list->specs,
						    list->n, &bad));
	if (!status || status == CLI_NO_MODULE)
		return status;
	if (bad < list->n)
		fprintf(cli->err, "%s:%u: %s\n", path, list->numbers[bad],
			cli->error);
	else
		fprintf(cli->err, "%s: %s\n", path, cli->error);
	return cli_fail(cli, status, "the rules stay as they were");
}

static int run_set(struct cli *cli, const struct request *request)
{
	struct rule_list list = { .specs = NULL };
	const char *path = request->path;
	char *text;
	size_t len;
	int status;

	status = lines_read(cli, path, &text, &len);
	if (status)
		return status;
	status = lines_parse(cli, path, text, len, add_line, &list);
	free(text);
	if (status)
		cli_fail(cli, status, "the rules stay as they were");
	else if (!list.n)
		/* Rather the end of a pipe that broke than a wish. */
		status = cli_fail(
			cli, CLI_REFUSED,
			"%s: there is no rule in it (scitag rule flush removes all)",
			path);
	else
		status = set(cli, path, &list);
	free(list.specs);
	free(list.numbers);
	return status;
}

static int run_flush(struct cli *cli, const struct request *request)
{
	int status = cli_connect(cli);
	size_t bad;

	(void)request;
	if (status)
		return status;
	return cli_genl_status(cli, genl_rule_set(cli->genl, NULL, 0, &bad));
}

/* The rules of a dump: kept until it is known that it is complete. */
struct rule_dump {
	struct rule_state *states;
	size_t n;
	size_t size;
};

static int dump_add(const struct rule_state *state, void *data)
{
	struct rule_dump *dump = data;

	if (dump->n == dump->size) {
		size_t size = dump->size ? dump->size * 2 : 64;
		struct rule_state *states;

		states = realloc(dump->states, size * sizeof(*states));
		if (!states)
			return -ENOMEM;
		dump->states = states;
		dump->size = size;
	}
	dump->states[dump->n++] = *state;
	return 0;
}

static int dump_read(struct cli *cli, struct rule_dump *dump)
{
	int tries = DUMP_TRIES;
	int ret;

	do {
		dump->n = 0;
		ret = genl_rule_dump(cli->genl, dump_add, dump);
	} while (ret == -EINTR && --tries);
	return cli_genl_status(cli, ret);
}

static int run_list(struct cli *cli, const struct request *request)
{
	const struct registry *registry = cli_registry(cli);
	struct rule_dump dump = { .states = NULL };
	int status = cli_connect(cli);
	size_t i;

	(void)request;
	if (!status)
		status = dump_read(cli, &dump);
	if (!status) {
		output_lines_begin(cli->out, rule_fields, n_rule_fields);
		for (i = 0; i < dump.n; i++)
			output_list_add(cli->out, rule_json_new(&dump.states[i],
								registry));
		output_list_end(cli->out);
	}
	free(dump.states);
	return status;
}

static int parse_set(struct cli *cli, struct args *args,
		     struct request *request)
{
	request->path = args_take(args);
	if (!request->path)
		return cli_fail(
			cli, CLI_USAGE,
			"rule set what? write the name of a file, or -");
	return command_parse_none(cli, args, request);
}

const struct command cmd_rule[] = {
	{ "rule", "set", parse_set, run_set, false, NULL },
	{ "rule", "list", command_parse_none, run_list, true, NULL },
	{ "rule", "flush", command_parse_none, run_flush, true, NULL },
	{ .group = NULL },
};
