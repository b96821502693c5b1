// SPDX-License-Identifier: GPL-2.0
#include "command.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "args.h"
#include "cli.h"
#include "flow_args.h"
#include "flow_json.h"
#include "genl.h"
#include "output.h"
#include "snapshot_json.h"

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
	{ .heading = "snapshot", .text = snapshot_text_interval },
	{ .heading = "snapshot on", .text = snapshot_text_on },
	{ .heading = "snapshot factor", .text = snapshot_text_factor },
	{ .heading = "state", .text = snapshot_text_state },
	{ .heading = "tcp", .text = snapshot_text_tcp },
	{ .heading = "congestion", .text = snapshot_text_cong },
	{ .heading = "memory", .text = snapshot_text_memory },
};

/* Of a list with snapshots: as ss does it, what is long goes below. */
static const struct output_field snapshot_fields[] = {
	{ .heading = "", .key = "id" },
	{ .heading = "", .key = "protocol" },
	{ .heading = "from", .text = flow_text_source },
	{ .heading = "to", .text = flow_text_destination },
	{ .heading = "experiment", .text = flow_text_experiment },
	{ .heading = "activity", .text = flow_text_activity },
	{ .heading = "mark", .text = flow_text_mark },
	{ .heading = "packets", .key = "packets" },
	{ .heading = "bytes", .key = "bytes" },
	{ .heading = "", .text = snapshot_text_state },
	{ .heading = "", .text = snapshot_text_tcp, .below = true },
	{ .heading = "", .text = snapshot_text_cong },
	{ .heading = "", .text = snapshot_text_memory },
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

static int parse_show(struct cli *cli, struct args *args,
		      struct request *request)
{
	request->snapshot = args_take_option(args, "-s", "--snapshot");
	return parse_name(cli, args, request);
}

static int parse_list(struct cli *cli, struct args *args,
		      struct request *request)
{
	request->snapshot = args_take_option(args, "-s", "--snapshot");
	return command_parse_none(cli, args, request);
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

static int get_one(struct cli *cli, const struct request *request,
		   struct flow_state *state, struct snapshot *snapshot)
{
	const struct flow_key *key = &request->spec.key;
	uint32_t id = request->id;

	if (request->snapshot && id)
		return genl_snapshot_get_id(cli->genl, id, state, snapshot);
	if (request->snapshot)
		return genl_snapshot_get(cli->genl, key, state, snapshot);
	if (id)
		return genl_flow_get_id(cli->genl, id, state);
	return genl_flow_get(cli->genl, key, state);
}

static struct json_object *one_json(struct cli *cli,
				    const struct flow_state *state,
				    const struct snapshot *snapshot)
{
	if (snapshot)
		return flow_json_with(state, snapshot, cli_registry(cli));
	return flow_json_new(state, cli_registry(cli));
}

static int run_show(struct cli *cli, const struct request *request)
{
	int status = cli_connect(cli);
	struct snapshot snapshot;
	struct flow_state state;

	if (status)
		return status;
	status = cli_genl_status(cli, get_one(cli, request, &state, &snapshot));
	if (!status)
		output_record(cli->out, show_fields, N(show_fields),
			      one_json(cli, &state,
				       request->snapshot ? &snapshot : NULL));
	return status;
}

struct flow_item {
	struct flow_state state;
	struct snapshot snapshot; /* if it was asked for */
};

/*
 * The flows of a dump. They are kept, not printed as they come: a dump that
 * was interrupted has to begin again.
 */
struct flow_list {
	char *items; /* of struct flow_item, or of its first member alone */
	size_t item_size;
	size_t n;
	size_t size;
};

/* Room for one more; NULL if there is no memory. */
static struct flow_item *list_next(struct flow_list *list)
{
	if (list->n == list->size) {
		size_t size = list->size ? list->size * 2 : 64;
		char *items = realloc(list->items, size * list->item_size);

		if (!items)
			return NULL;
		list->items = items;
		list->size = size;
	}
	return (void *)(list->items + list->n++ * list->item_size);
}

static int add_flow(const struct flow_state *state, void *data)
{
	struct flow_item *item = list_next(data);

	if (!item)
		return -ENOMEM;
	item->state = *state;
	return 0;
}

static int add_snapshot(const struct flow_state *state,
			const struct snapshot *snapshot, void *data)
{
	struct flow_item *item = list_next(data);

	if (!item)
		return -ENOMEM;
	item->state = *state;
	item->snapshot = *snapshot;
	return 0;
}

static int list_read(struct cli *cli, struct flow_list *list, bool snapshots)
{
	int tries = DUMP_TRIES;
	int ret;

	do {
		list->n = 0;
		if (snapshots)
			ret = genl_snapshot_dump(cli->genl, add_snapshot, list);
		else
			ret = genl_flow_dump(cli->genl, add_flow, list);
	} while (ret == -EINTR && --tries);
	if (ret != -EINTR)
		return cli_genl_status(cli, ret);
	/* A busy table: what there is may be of use, and -EINTR none. */
	snprintf(
		cli->warning, sizeof(cli->warning),
		"the table changed while it was read: some flows may be missing");
	return CLI_OK;
}

static void list_print(struct cli *cli, const struct flow_list *list,
		       bool snapshots)
{
	size_t i;

	if (snapshots)
		output_lines_begin(cli->out, snapshot_fields,
				   N(snapshot_fields));
	else
		output_list_begin(cli->out, list_fields, N(list_fields));
	for (i = 0; i < list->n; i++) {
		const struct flow_item *item =
			(const void *)(list->items + i * list->item_size);

		output_list_add(cli->out,
				one_json(cli, &item->state,
					 snapshots ? &item->snapshot : NULL));
	}
	output_list_end(cli->out);
}

static int run_list(struct cli *cli, const struct request *request)
{
	bool snapshots = request->snapshot;
	struct flow_list list = {
		.item_size = snapshots ? sizeof(struct flow_item) :
					 sizeof(struct flow_state),
	};
	int status = cli_connect(cli);

	if (!status)
		status = list_read(cli, &list, snapshots);
	if (!status)
		list_print(cli, &list, snapshots);
	free(list.items);
	return status;
}

const struct command cmd_flow[] = {
	{ "flow", "add", parse_spec, run_one, true, run_many_add },
	{ "flow", "replace", parse_spec, run_one, true, run_many_replace },
	{ "flow", "del", parse_name, run_del, true, NULL },
	{ "flow", "show", parse_show, run_show, true, NULL },
	{ "flow", "list", parse_list, run_list, true, NULL },
	{ "flow", "flush", command_parse_none, run_flush, true, NULL },
	{ .group = NULL },
};
