// SPDX-License-Identifier: GPL-2.0
#include "command.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "args.h"
#include "cli.h"
#include "event_json.h"
#include "flow_args.h"
#include "genl.h"
#include "output.h"
#include "watch.h"

struct record {
	struct cli *cli;
	const char *name; /* of the file */
	FILE *file;
	struct output *out;
	uint32_t flow; /* 0: all */
	uint64_t left; /* snapshots to go */
	uint64_t written;
	uint64_t lost;
	bool ended; /* the flow */
};

/* Nothing is worth waiting for once a line could not be written. */
static int put(struct record *record, struct json_object *object)
{
	event_json_line(record->out, object);
	return output_finish(record->out) ? WATCH_ENOUGH : 0;
}

static bool is_wanted(const struct record *record, uint32_t flow)
{
	return !record->flow || record->flow == flow;
}

static int on_event(const struct genl_event *event, void *data)
{
	struct record *record = data;
	int ret;

	if (event->type != GENL_STATUS && !is_wanted(record, event->flow.id))
		return 0;
	ret = put(record, event_json_new(event, cli_registry(record->cli)));
	if (event->type != GENL_FLOW_END || !record->flow)
		return ret;
	record->ended = true;
	return WATCH_ENOUGH;
}

static int on_snapshot(uint64_t seq, const struct snapshot *snapshot,
		       void *data)
{
	struct record *record = data;

	if (!record->left)
		return WATCH_ENOUGH;
	if (!is_wanted(record, snapshot->flow_id))
		return 0;
	if (put(record, event_json_snapshot(seq, snapshot)))
		return WATCH_ENOUGH;
	record->written++;
	return --record->left ? 0 : WATCH_ENOUGH;
}

static void on_lost(const char *what, uint64_t count, void *data)
{
	struct record *record = data;

	if (strcmp(what, "snapshots") == 0)
		record->lost += count;
	put(record, event_json_lost(what, count));
}

static int on_flow(const struct flow_state *state, void *data)
{
	struct record *record = data;

	return put(record, event_json_flow(state, cli_registry(record->cli)));
}

/* The flows that are there, or the one that was chosen. */
static int put_flows(struct record *record, const struct flow_state *chosen)
{
	struct cli *cli = record->cli;
	int ret;

	if (record->flow) {
		on_flow(chosen, record);
		return CLI_OK;
	}
	ret = genl_flow_dump(cli->genl, on_flow, record);
	/* What changes meanwhile comes as an event. */
	if (ret == WATCH_ENOUGH || ret == -EINTR)
		return CLI_OK;
	return cli_genl_status(cli, ret);
}

static int record_loop(struct record *record, struct watch *watch,
		       const struct flow_state *chosen)
{
	static const struct watch_ops ops = { on_event, on_snapshot, on_lost };
	struct cli *cli = record->cli;
	char what[32] = "all flows";
	int status;

	status = put_flows(record, chosen);
	if (status || output_finish(record->out))
		return status;
	if (record->flow)
		snprintf(what, sizeof(what), "flow %" PRIu32, record->flow);
	fprintf(cli->err, "recording snapshots of %s to %s\n", what,
		record->name);
	status = watch_run(watch, cli, &ops, record);
	if (record->ended)
		fprintf(cli->err, "the flow has ended\n");
	fprintf(cli->err,
		"%" PRIu64 " snapshots were written, %" PRIu64
		" were lost before they could be read\n",
		record->written, record->lost);
	return status;
}

/* Close the file. What could not be written is worse than all else. */
static int finish(struct record *record, int status)
{
	int ret = output_finish(record->out);

	if (record->file != stdout && fclose(record->file) && !ret)
		ret = -errno;
	output_free(record->out);
	if (!ret)
		return status;
	return cli_fail(record->cli, CLI_REFUSED, "%s: %s", record->name,
			strerror(-ret));
}

static int record_to(struct record *record, struct watch *watch,
		     const char *path, const struct flow_state *chosen)
{
	struct cli *cli = record->cli;
	int status;

	record->name = strcmp(path, "-") == 0 ? "the standard output" : path;
	record->file = record->name == path ? fopen(path, "we") : stdout;
	if (!record->file)
		return cli_fail(cli, CLI_REFUSED, "%s: %s", path,
				strerror(errno));
	record->out = output_new(record->file);
	if (!record->out) {
		if (record->file != stdout)
			fclose(record->file);
		return cli_fail(cli, CLI_REFUSED, "%s", strerror(ENOMEM));
	}
	output_set_json(record->out, true);
	status = record_loop(record, watch, chosen);
	return finish(record, status);
}

static int run_record(struct cli *cli, const struct request *request)
{
	struct record record = {
		.cli = cli,
		.flow = request->id,
		.left = request->count,
	};
	struct flow_state chosen;
	struct watch watch;
	int status;

	/* A reader that goes is told of, not died of. */
	signal(SIGPIPE, SIG_IGN);
	status = cli_connect(cli);
	if (status)
		return status;
	/* Before the file is touched, and before the flows are read. */
	status = watch_open(&watch, cli, true);
	if (!status && record.flow)
		status = cli_genl_status(cli, genl_flow_get_id(cli->genl,
							       record.flow,
							       &chosen));
	if (!status)
		status = record_to(&record, &watch, request->path, &chosen);
	watch_close(&watch);
	return status;
}

static int parse_record(struct cli *cli, struct args *args,
			struct request *request)
{
	int status;

	status = watch_parse_count(cli, args, &request->count);
	if (!status)
		status = flow_args_option(cli, args, &request->id);
	if (status)
		return status;
	request->path = args_take(args);
	if (!request->path)
		return cli_fail(cli, CLI_USAGE,
				"record to which file? write - for stdout");
	return command_parse_none(cli, args, request);
}

const struct command cmd_record[] = {
	{ "record", NULL, parse_record, run_record, false, NULL },
	{ .group = NULL },
};
