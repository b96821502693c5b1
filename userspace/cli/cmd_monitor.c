// SPDX-License-Identifier: GPL-2.0
#include "command.h"

#include <errno.h>
#include <json-c/json.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "args.h"
#include "cli.h"
#include "flow_json.h"
#include "genl.h"
#include "json_util.h"
#include "number.h"
#include "output.h"
#include "signals.h"

#define N(array) (sizeof(array) / sizeof((array)[0]))

/* From the callback to genl_events_read(): enough. Not an errno. */
#define ENOUGH 1

struct monitor {
	struct cli *cli;
	uint64_t left; /* events to go; 0: no end */
	uint64_t last_seq; /* 0: none yet */
};

static const struct output_field event_fields[] = {
	{ .heading = "", .key = "event" },
	{ .heading = "", .key = "id" },
	{ .heading = "", .key = "protocol" },
	{ .heading = "from", .text = flow_text_source },
	{ .heading = "to", .text = flow_text_destination },
	{ .heading = "experiment", .text = flow_text_experiment },
	{ .heading = "activity", .text = flow_text_activity },
	{ .heading = "mark", .text = flow_text_mark },
	{ .heading = "label", .text = flow_text_label },
	{ .heading = "rule", .key = "rule" },
	{ .heading = "packets", .key = "packets" },
	{ .heading = "bytes", .key = "bytes" },
	{ .heading = "reason", .key = "end-reason" },
};

static void lost_text(char buf[static OUTPUT_TEXT_MAX],
		      struct json_object *object)
{
	struct json_object *count;

	if (json_object_object_get_ex(object, "count", &count) && count)
		snprintf(buf, OUTPUT_TEXT_MAX, "%s events",
			 json_object_get_string(count));
	else
		snprintf(buf, OUTPUT_TEXT_MAX,
			 "events: they came faster than they were read");
}

static const struct output_field lost_fields[] = {
	{ .heading = "", .key = "event" },
	{ .heading = "", .text = lost_text },
};

static const char *event_name(enum genl_event_type type)
{
	switch (type) {
	case GENL_FLOW_NEW:
		return "new";
	case GENL_FLOW_UPDATE:
		return "update";
	case GENL_FLOW_END:
		return "end";
	case GENL_STATUS:
		return "status";
	}
	return "unknown";
}

static const char *reason_name(int reason)
{
	const char *name = flow_end_reason_name(reason);

	return name ? name : "unknown";
}

static struct json_object *event_json(const struct genl_event *event,
				      const struct registry *registry)
{
	struct json_object *object = flow_json_new(&event->flow, registry);

	if (!object)
		return NULL;
	json_object_object_add(object, "event",
			       json_object_new_string(event_name(event->type)));
	json_object_object_add(object, "event-seq", json_new_u64(event->seq));
	if (event->type == GENL_FLOW_END)
		json_object_object_add(object, "end-reason",
				       json_object_new_string(
					       reason_name(event->end_reason)));
	return object;
}

/* count 0: some, but how many is not known before the next event. */
static void print_lost(struct monitor *monitor, uint64_t count)
{
	struct json_object *object = json_object_new_object();

	if (object) {
		json_object_object_add(object, "event",
				       json_object_new_string("lost"));
		json_object_object_add(object, "count",
				       count ? json_new_u64(count) : NULL);
	}
	output_line(monitor->cli->out, lost_fields, N(lost_fields), object);
}

static int on_event(const struct genl_event *event, void *data)
{
	struct monitor *monitor = data;
	struct cli *cli = monitor->cli;

	if (monitor->last_seq && event->seq > monitor->last_seq + 1)
		print_lost(monitor, event->seq - monitor->last_seq - 1);
	monitor->last_seq = event->seq;
	output_line(cli->out, event_fields, N(event_fields),
		    event_json(event, cli_registry(cli)));
	if (output_finish(cli->out))
		return ENOUGH;
	return monitor->left && !--monitor->left ? ENOUGH : 0;
}

static int monitor_status(struct cli *cli, int ret)
{
	if (ret == -ENOPROTOOPT)
		return cli_fail(cli, CLI_NO_MODULE,
				"the kernel module was unloaded");
	return cli_fail(cli, CLI_REFUSED, "events: %s", genl_strerror(ret));
}

static int monitor_loop(struct monitor *monitor, struct genl_events *events,
			int signals)
{
	struct pollfd fds[] = {
		{ .fd = genl_events_fd(events), .events = POLLIN },
		{ .fd = signals, .events = POLLIN },
	};
	int ret;

	for (;;) {
		ret = genl_events_read(events, on_event, monitor);
		if (ret == ENOUGH)
			return CLI_OK;
		if (ret == -ENOBUFS)
			print_lost(monitor, 0);
		else if (ret)
			return monitor_status(monitor->cli, ret);
		if (poll(fds, N(fds), -1) < 0 && errno != EINTR)
			return monitor_status(monitor->cli, -errno);
		if (fds[1].revents)
			return CLI_OK;
	}
}

static int run_monitor(struct cli *cli, const struct request *request)
{
	struct monitor monitor = { .cli = cli, .left = request->count };
	struct genl_events *events;
	int signals, ret, status;

	ret = genl_events_new(&events);
	if (ret)
		return cli_fail(cli,
				ret == -ENOPROTOOPT ? CLI_NO_MODULE :
						      CLI_REFUSED,
				"%s", genl_strerror(ret));
	signals = signals_open();
	status = signals < 0 ? monitor_status(cli, signals) :
			       monitor_loop(&monitor, events, signals);
	if (signals >= 0)
		close(signals);
	genl_events_free(events);
	return status;
}

static int parse_monitor(struct cli *cli, struct args *args,
			 struct request *request)
{
	const char *word = args_peek(args);
	const char *count;

	if (!word)
		return CLI_OK;
	if (strcmp(word, "--count") != 0)
		return command_parse_none(cli, args, request);
	args_take(args);
	count = args_take(args);
	if (!count || decimal_parse(&request->count, count, UINT64_MAX) ||
	    !request->count)
		return cli_fail(cli, CLI_USAGE,
				"--count: write a number above 0");
	return command_parse_none(cli, args, request);
}

const struct command cmd_monitor[] = {
	{ "monitor", NULL, parse_monitor, run_monitor, false, NULL },
	{ .group = NULL },
};
