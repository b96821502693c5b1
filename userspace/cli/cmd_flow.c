// SPDX-License-Identifier: GPL-2.0
#include "command.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "flow_args.h"
#include "flow_json.h"
#include "genl.h"
#include "output.h"

/* How often a table that changes while it is read is read again. */
#define DUMP_TRIES 5

static const struct output_field list_fields[] = {
	{ .heading = "ID", .key = "id", .right = true },
	{ .heading = "PROTO", .key = "protocol" },
	{ .heading = "SOURCE", .text = flow_text_source },
	{ .heading = "DESTINATION", .text = flow_text_destination },
	{ .heading = "EXPERIMENT", .text = flow_text_experiment },
	{ .heading = "ACTIVITY", .text = flow_text_activity },
	{ .heading = "MARK", .text = flow_text_mark },
	{ .heading = "LABEL", .text = flow_text_label },
	{ .heading = "PACKETS", .key = "packets", .right = true },
	{ .heading = "MARKED", .key = "marked", .right = true },
	{ .heading = "BYTES", .key = "bytes", .right = true },
	{ .heading = "OPTIONS", .text = flow_text_options },
};

static const struct output_field show_fields[] = {
	{ .heading = "id", .key = "id" },
	{ .heading = "protocol", .key = "protocol" },
	{ .heading = "source", .text = flow_text_source },
	{ .heading = "destination", .text = flow_text_destination },
	{ .heading = "experiment", .text = flow_text_experiment_both },
	{ .heading = "activity", .text = flow_text_activity_both },
	{ .heading = "scitag.flow", .key = "scitag-flow" },
	{ .heading = "mark", .text = flow_text_mark },
	{ .heading = "layout", .text = flow_text_layout },
	{ .heading = "option type", .text = flow_text_option_type },
	{ .heading = "flow label", .text = flow_text_label_both },
	{ .heading = "entropy", .text = flow_text_entropy },
	{ .heading = "oversize", .text = flow_text_oversize },
	{ .heading = "idle timeout", .text = flow_text_idle_timeout },
	{ .heading = "hard timeout", .text = flow_text_hard_timeout },
	{ .heading = "end on close", .text = flow_text_end_on_close },
	{ .heading = "rule", .key = "rule" },
	{ .heading = "age", .text = flow_text_age },
	{ .heading = "idle", .text = flow_text_idle },
	{ .heading = "packets", .key = "packets" },
	{ .heading = "marked", .key = "marked" },
	{ .heading = "bytes", .key = "bytes" },
	{ .heading = "tcp", .text = flow_text_tcp },
};

#define N(array) (sizeof(array) / sizeof((array)[0]))

static int parse_spec(struct cli *cli, struct args *args,
		      struct request *request)
{
	return flow_args_spec(cli, args, &request->spec);
}

static int parse_name(struct cli *cli, struct args *args,
		      struct request *request)
{
	return flow_args_name(cli, args, &request->spec.key, &request->id);
}

static int run_many_add(struct cli *cli, const struct flow_spec *specs,
			size_t n, size_t *bad)
{
	int status = cli_connect(cli);

	*bad = n;
	if (status)
		return status;
	return cli_genl_status(cli, genl_flow_add(cli->genl, specs, n, bad));
}

static int run_many_replace(struct cli *cli, const struct flow_spec *specs,
			    size_t n, size_t *bad)
{
	int status = cli_connect(cli);

	*bad = n;
	if (status)
		return status;
	return cli_genl_status(cli,
			       genl_flow_replace(cli->genl, specs, n, bad));
}

static int run_one(struct cli *cli, const struct request *request)
{
	size_t bad;

	return request->command->run_many(cli, &request->spec, 1, &bad);
}

static int run_del(struct cli *cli, const struct request *request)
{
	int status = cli_connect(cli);
	int ret;

	if (status)
		return status;
	if (request->id)
		ret = genl_flow_del_id(cli->genl, request->id);
	else
		ret = genl_flow_del(cli->genl, &request->spec.key);
	return cli_genl_status(cli, ret);
}

static int run_flush(struct cli *cli, const struct request *request)
{
	int status = cli_connect(cli);

	(void)request;
	if (status)
		return status;
	return cli_genl_status(cli, genl_flow_flush(cli->genl));
}

static int run_show(struct cli *cli, const struct request *request)
{
	int status = cli_connect(cli);
	struct flow_state state;
	int ret;

	if (status)
		return status;
	if (request->id)
		ret = genl_flow_get_id(cli->genl, request->id, &state);
	else
		ret = genl_flow_get(cli->genl, &request->spec.key, &state);
	status = cli_genl_status(cli, ret);
	if (!status)
		output_record(cli->out, show_fields, N(show_fields),
			      flow_json_new(&state, cli_registry(cli)));
	return status;
}

/*
 * The flows of a dump. They are kept, not printed as they come: a dump that
 * was interrupted has to begin again.
 */
struct flow_list {
	struct flow_state *states;
	size_t n;
	size_t size;
};

static int list_add(const struct flow_state *state, void *data)
{
	struct flow_list *list = data;

	if (list->n == list->size) {
		size_t size = list->size ? list->size * 2 : 64;
		struct flow_state *states;

		states = realloc(list->states, size * sizeof(*states));
		if (!states)
			return -ENOMEM;
		list->states = states;
		list->size = size;
	}
	list->states[list->n++] = *state;
	return 0;
}

static int list_read(struct cli *cli, struct flow_list *list)
{
	int tries = DUMP_TRIES;
	int ret;

	do {
		list->n = 0;
		ret = genl_flow_dump(cli->genl, list_add, list);
	} while (ret == -EINTR && --tries);
	if (ret != -EINTR)
		return cli_genl_status(cli, ret);
	/* A busy table: what there is may be of use, and -EINTR none. */
	snprintf(
		cli->warning, sizeof(cli->warning),
		"the table changed while it was read: some flows may be missing");
	return CLI_OK;
}

static int run_list(struct cli *cli, const struct request *request)
{
	const struct registry *registry = cli_registry(cli);
	struct flow_list list = { .states = NULL };
	int status = cli_connect(cli);
	size_t i;

	(void)request;
	if (!status)
		status = list_read(cli, &list);
	if (!status) {
		output_list_begin(cli->out, list_fields, N(list_fields));
		for (i = 0; i < list.n; i++)
			output_list_add(cli->out, flow_json_new(&list.states[i],
								registry));
		output_list_end(cli->out);
	}
	free(list.states);
	return status;
}

const struct command cmd_flow[] = {
	{ "flow", "add", parse_spec, run_one, true, run_many_add },
	{ "flow", "replace", parse_spec, run_one, true, run_many_replace },
	{ "flow", "del", parse_name, run_del, true, NULL },
	{ "flow", "show", parse_name, run_show, true, NULL },
	{ "flow", "list", command_parse_none, run_list, true, NULL },
	{ "flow", "flush", command_parse_none, run_flush, true, NULL },
	{ .group = NULL },
};
