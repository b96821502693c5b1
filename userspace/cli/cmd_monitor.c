// SPDX-License-Identifier: GPL-2.0
#include "command.h"

#include "args.h"
#include "cli.h"
#include "event_json.h"
#include "genl.h"
#include "output.h"
#include "watch.h"

struct monitor {
	struct cli *cli;
	uint64_t left; /* events and snapshots to go */
};

static int print(struct monitor *monitor, struct json_object *object)
{
	struct output *out = monitor->cli->out;

	event_json_line(out, object);
	return output_finish(out) || !--monitor->left ? WATCH_ENOUGH : 0;
}

static int on_event(const struct genl_event *event, void *data)
{
	struct monitor *monitor = data;

	if (!monitor->left)
		return WATCH_ENOUGH;
	return print(monitor,
		     event_json_new(event, cli_registry(monitor->cli)));
}

static int on_snapshot(uint64_t seq, const struct snapshot *snapshot,
		       void *data)
{
	struct monitor *monitor = data;

	if (!monitor->left)
		return WATCH_ENOUGH;
	return print(monitor, event_json_snapshot(seq, snapshot));
}

static void on_lost(const char *what, uint64_t count, void *data)
{
	struct monitor *monitor = data;

	if (monitor->left)
		event_json_line(monitor->cli->out,
				event_json_lost(what, count));
}

static int run_monitor(struct cli *cli, const struct request *request)
{
	static const struct watch_ops ops = { on_event, on_snapshot, on_lost };
	struct monitor monitor = {
		.cli = cli,
		.left = request->count,
	};
	struct watch watch;
	int status;

	status = watch_open(&watch, cli, request->snapshot);
	if (!status)
		status = watch_run(&watch, cli, &ops, &monitor);
	watch_close(&watch);
	return status;
}

static int parse_monitor(struct cli *cli, struct args *args,
			 struct request *request)
{
	int status;

	request->snapshot = args_take_option(args, "-s", "--snapshots");
	status = watch_parse_count(cli, args, &request->count);
	if (!status)
		status = command_parse_none(cli, args, request);
	return status;
}

const struct command cmd_monitor[] = {
	{ "monitor", NULL, parse_monitor, run_monitor, false, NULL },
	{ .group = NULL },
};
