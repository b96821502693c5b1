// SPDX-License-Identifier: GPL-2.0
#include "kernel.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "flow.h"
#include "flows.h"
#include "genl.h"
#include "kernel_events.h"
#include "limit.h"
#include "log.h"

struct kernel {
	const struct config *config;
	struct flows *flows; /* NULL: not attached */
	struct genl *genl; /* NULL: the module was not there */
	struct kernel_events *events;
	bool said_missing;
	bool said_warning;
	struct limit limit;
	uint64_t n_marked; /* flows entered, or given new ids */
	uint64_t n_failed; /* flows that the kernel did not take */
};

static void say_missing(struct kernel *kernel, int ret)
{
	if (!kernel->said_missing)
		log_err("no flow can be marked: %s",
			ret == -ENOPROTOOPT ?
				"the module scitag is not loaded: modprobe scitag (if that is refused: secure-boot.md)" :
				strerror(-ret));
	kernel->said_missing = true;
}

/* The module went away: what it was told is forgotten, and its answers. */
static void disconnect(struct kernel *kernel)
{
	kernel_events_close(kernel->events);
	genl_free(kernel->genl);
	kernel->genl = NULL;
	if (kernel->flows)
		flows_kernel_gone(kernel->flows);
}

/*
 * A socket that has found the module, if there is one. If it was not there
 * before, all flows are entered.
 */
static int connect_module(struct kernel *kernel)
{
	struct genl_status status;
	int ret;

	if (kernel->genl)
		return 0;
	ret = genl_new(&kernel->genl);
	if (ret)
		kernel->genl = NULL;
	else
		ret = genl_status_get(kernel->genl, &status);
	if (ret) {
		genl_free(kernel->genl);
		kernel->genl = NULL;
		say_missing(kernel, ret);
		return ret;
	}
	log_notice("flows are marked by the module scitag %s", status.version);
	kernel->said_missing = false;
	/* Before flows are there: their ends could be next. */
	kernel_events_open(kernel->events);
	if (kernel->flows)
		flows_kernel_back(kernel->flows);
	return 0;
}

/* Text of the kernel's refusal. */
static const char *reason(const struct kernel *kernel, int ret)
{
	const char *text = genl_error(kernel->genl);

	return text[0] ? text : strerror(-ret);
}

/* By hand, or our own doing; everything else is by itself. */
static bool is_deleted(const struct genl_event *event)
{
	return event->end_reason == SCITAG_END_REASON_DELETED ||
	       event->end_reason == SCITAG_END_REASON_FLUSHED;
}

static void on_ended(void *data, const struct genl_event *event)
{
	const char *name = flow_end_reason_name(event->end_reason);
	struct snapshot last = { .flow_id = 0 };
	struct kernel *kernel = data;

	if (is_deleted(event)) {
		flows_kernel_del(kernel->flows, event->flow.id);
		return;
	}
	/* Packets may have left since that was taken. */
	if (event->has_snapshot)
		last = event->snapshot;
	last.flow_id = event->flow.id;
	last.packets = event->flow.packets;
	last.bytes = event->flow.bytes;
	last.marked = event->flow.marked;
	flows_kernel_end(kernel->flows, &last, name ? name : "ended");
}

static void on_snapshot(void *data, const struct snapshot *snapshot)
{
	struct kernel *kernel = data;

	flows_snapshot(kernel->flows, snapshot);
}

static void on_missed(void *data)
{
	struct kernel *kernel = data;

	flows_resync(kernel->flows);
}

static void on_gone(void *data)
{
	disconnect(data);
}

static void say_what_is_off(const struct config *config)
{
	if (flow_layout_is_unsafe(0, config->marks, config->layout))
		log_warn(
			"layout %s in Destination Options stalls TCP connections behind Linux routers: leave layout out, or choose safe",
			flow_layout_name(config->layout));
	if (!config->marks)
		log_notice(
			"no flow is marked, and none has ongoing fireflies: marks is empty");
}

int kernel_new(struct kernel **out, const struct config *config,
	       sd_event *event)
{
	struct kernel *kernel = calloc(1, sizeof(*kernel));
	struct kernel_events_calls calls = {
		.ended = on_ended,
		.snapshot = on_snapshot,
		.missed = on_missed,
		.gone = on_gone,
		.data = kernel,
	};
	int ret;

	if (!kernel)
		return -ENOMEM;
	kernel->config = config;
	ret = kernel_events_new(&kernel->events, event, &calls);
	if (ret) {
		free(kernel);
		return ret;
	}
	kernel_events_want(kernel->events, config->period_s);
	say_what_is_off(config);
	if (config->marks)
		connect_module(kernel);
	*out = kernel;
	return 0;
}

void kernel_attach(struct kernel *kernel, struct flows *flows)
{
	kernel->flows = flows;
}

static bool marks_alike(const struct config *a, const struct config *b)
{
	return a->marks == b->marks && a->layout == b->layout &&
	       a->option_type == b->option_type;
}

void kernel_reload(struct kernel *kernel, const struct config *config)
{
	const struct config *before = kernel->config;

	kernel->config = config;
	kernel_events_want(kernel->events, config->period_s);
	if (marks_alike(before, config) && before->period_s == config->period_s)
		return;
	say_what_is_off(config);
	if (!config->marks) {
		if (kernel->genl) {
			flows_kernel_leave(kernel->flows);
			disconnect(kernel);
		}
	} else if (kernel->genl) {
		kernel_events_open(kernel->events);
		flows_kernel_back(kernel->flows);
	} else {
		connect_module(kernel);
	}
}

void kernel_free(struct kernel *kernel)
{
	if (!kernel)
		return;
	kernel_events_free(kernel->events);
	genl_free(kernel->genl);
	free(kernel);
}

/* The module went away, or came back as another: find it anew next time. */
static bool is_lost(int ret)
{
	return ret == -ENOPROTOOPT || ret == -EOPNOTSUPP;
}

/* Once aloud: with IPv4 flows every one has the same. */
static void say_warning(struct kernel *kernel)
{
	const char *text = genl_warning(kernel->genl);

	if (!text[0])
		return;
	log_msg(kernel->said_warning ? LOG_DEBUG : LOG_NOTICE,
		"of a flow the kernel says: %s", text);
	kernel->said_warning = true;
}

/*
 * Adds or replaces: an entry that was left from before is ours now. Of both
 * directions of a flow within this host, one is watched.
 */
static int replace(struct kernel *kernel, const struct flow *flow)
{
	struct flow_spec specs[2];
	struct flow_key keys[2];
	size_t n, i, bad;

	n = flow_egress_keys(flow, keys);
	for (i = 0; i < n; i++)
		specs[i] = (struct flow_spec){
			.key = keys[i],
			.experiment = flow->experiment,
			.activity = flow->activity,
			.mark = kernel->config->marks,
			.layout = kernel->config->layout,
			.option_type = kernel->config->option_type,
			.snapshot_interval =
				i ? 0 : kernel->config->period_s * 1000,
		};
	return genl_flow_replace(kernel->genl, specs, n, &bad);
}

void kernel_mark(void *data, const struct flow *flow)
{
	struct kernel *kernel = data;
	int ret;

	if (!kernel->config->marks)
		return;
	ret = connect_module(kernel);
	if (!ret) {
		kernel_events_open(kernel->events);
		ret = replace(kernel, flow);
		if (is_lost(ret)) {
			disconnect(kernel);
			ret = connect_module(kernel);
			if (!ret)
				ret = replace(kernel, flow);
		}
		if (ret && kernel->genl)
			limit_log(&kernel->limit, LOG_ERR,
				  "a flow is not marked: %s",
				  reason(kernel, ret));
	}
	if (ret) {
		kernel->n_failed++;
		return;
	}
	kernel->n_marked++;
	say_warning(kernel);
}

void kernel_unmark(void *data, const struct flow *flow)
{
	struct kernel *kernel = data;
	struct flow_key keys[2];
	size_t n, i;

	if (!kernel->genl)
		return;
	n = flow_egress_keys(flow, keys);
	for (i = 0; i < n; i++) {
		int ret = genl_flow_del(kernel->genl, &keys[i]);

		/* Not there: never taken, or deleted by hand. */
		if (ret && ret != -ENOENT && !is_lost(ret))
			limit_log(&kernel->limit, LOG_ERR,
				  "a flow stays marked: %s",
				  reason(kernel, ret));
	}
}

void kernel_sample(void *data, const struct flow *flow,
		   struct snapshot *snapshot)
{
	struct kernel *kernel = data;
	struct flow_state state;
	struct flow_key keys[2];

	if (!kernel->genl)
		return;
	flow_egress_keys(flow, keys);
	if (genl_snapshot_get(kernel->genl, &keys[0], &state, snapshot))
		*snapshot = (struct snapshot){ .flow_id = 0 };
}

/* By its number, not by a dump: that misses some while the table changes. */
bool kernel_is_gone(void *data, const struct flow *flow)
{
	struct kernel *kernel = data;
	struct flow_state state;

	return kernel->genl && genl_flow_get_id(kernel->genl, flow->kernel_id,
						&state) == -ENOENT;
}

int kernel_get_status(struct kernel *kernel, struct genl_status *status,
		      struct genl_stats *stats)
{
	int ret;

	if (!kernel->genl)
		return -ENOPROTOOPT;
	ret = genl_status_get(kernel->genl, status);
	return ret ? ret : genl_stats_get(kernel->genl, stats);
}

struct kernel_counters kernel_counters(const struct kernel *kernel)
{
	return (struct kernel_counters){
		.marked = kernel->n_marked,
		.failed = kernel->n_failed,
		.events = kernel_events_counters(kernel->events),
	};
}

bool kernel_is_there(const struct kernel *kernel)
{
	return kernel->genl;
}

void kernel_log_counters(const struct kernel *kernel)
{
	log_info("kernel: %" PRIu64 " flows marked, %" PRIu64 " not",
		 kernel->n_marked, kernel->n_failed);
	kernel_events_log_counters(kernel->events);
}
