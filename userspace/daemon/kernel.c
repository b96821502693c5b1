// SPDX-License-Identifier: GPL-2.0
#include "kernel.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "config.h"
#include "entry.h"
#include "flow.h"
#include "flows.h"
#include "genl.h"
#include "kernel_events.h"
#include "limit.h"
#include "log.h"
#include "told.h"

/* Of linux/tcp_states.h. */
#define STATE_CLOSE 7

struct kernel {
	const struct config *config;
	struct flows *flows; /* NULL: not attached */
	struct genl *genl; /* NULL: the module was not there */
	struct kernel_events *events;
	struct told told;
	struct genl_watch *watch; /* NULL: nothing is to be marked */
	sd_event *event;
	sd_event_source *watch_source;
	bool is_leaving; /* flows are to be left to the kernel */
	bool is_walked; /* flows are gone through: none may go meanwhile */
	bool said_missing;
	bool said_warning;
	struct limit limit;
	struct flow_state seen; /* what was looked at last; id 0: nothing */
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
	rules_forget(&kernel->told.rules);
	expected_clear(&kernel->told.expected);
	if (kernel->flows)
		flows_kernel_gone(kernel->flows);
}

/* Whoever finds that the module is gone or there again waits for the end. */
static void enter_all(struct kernel *kernel)
{
	kernel->is_walked = true;
	flows_kernel_back(kernel->flows);
	kernel->is_walked = false;
}

static int on_flow(const struct flow_state *state, void *data)
{
	struct kernel *kernel = data;

	told_flow(&kernel->told, state);
	return 0;
}

/* The rules are put in force, and what the kernel has is heard of. */
static void settle(struct kernel *kernel)
{
	int ret;

	rules_apply(&kernel->told.rules, kernel->config, kernel->genl);
	ret = genl_flow_dump(kernel->genl, on_flow, kernel);
	/* What has changed meanwhile is told as it does. */
	if (ret && ret != -EINTR)
		log_err("the flows of the kernel cannot be listed: %s",
			genl_error(kernel->genl));
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
	if (kernel->is_walked)
		return -ENOPROTOOPT;
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
	if (kernel->flows) {
		enter_all(kernel);
		settle(kernel);
	}
	return 0;
}

static int on_watch(sd_event_source *source, int fd, uint32_t revents,
		    void *data)
{
	struct kernel *kernel = data;
	bool arrived = false;
	int ret = genl_watch_read(kernel->watch, &arrived);

	(void)fd;
	(void)revents;
	if (ret) {
		log_warn("the module will be found by the next flow only: %s",
			 genl_strerror(ret));
		sd_event_source_set_enabled(source, SD_EVENT_OFF);
	}
	if (arrived) {
		/* That another one went before may be waiting to be read. */
		kernel_events_read(kernel->events);
		connect_module(kernel);
	}
	return 0;
}

/* Without it, a module that comes is found by the next flow. */
static void watch(struct kernel *kernel)
{
	int ret;

	if (kernel->watch)
		return;
	ret = genl_watch_new(&kernel->watch);
	if (!ret)
		ret = sd_event_add_io(kernel->event, &kernel->watch_source,
				      genl_watch_fd(kernel->watch), EPOLLIN,
				      on_watch, kernel);
	else
		kernel->watch = NULL;
	if (ret < 0)
		log_warn("the module will be found by the next flow only: %s",
			 genl_strerror(ret));
}

static void unwatch(struct kernel *kernel)
{
	kernel->watch_source = sd_event_source_unref(kernel->watch_source);
	genl_watch_free(kernel->watch);
	kernel->watch = NULL;
}

/* Text of the kernel's refusal. */
static const char *reason(const struct kernel *kernel, int ret)
{
	const char *text = genl_error(kernel->genl);

	return text[0] ? text : strerror(-ret);
}

static void on_event(void *data, const struct genl_event *event)
{
	struct kernel *kernel = data;

	told_event(&kernel->told, kernel->genl, event);
}

static void on_snapshot(void *data, const struct snapshot *snapshot)
{
	struct kernel *kernel = data;

	flows_snapshot(kernel->flows, snapshot);
}

static void on_missed(void *data)
{
	struct kernel *kernel = data;

	/* All that was told until now has been read or is lost. */
	expected_clear(&kernel->told.expected);
	flows_resync(kernel->flows);
	if (genl_flow_dump(kernel->genl, on_flow, kernel) == -EINTR)
		log_debug("flows have changed while they were listed");
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
		.event = on_event,
		.snapshot = on_snapshot,
		.missed = on_missed,
		.gone = on_gone,
		.data = kernel,
	};
	int ret;

	if (!kernel)
		return -ENOMEM;
	kernel->config = config;
	kernel->event = sd_event_ref(event);
	kernel->told.command_line = config->command_line;
	ret = kernel_events_new(&kernel->events, event, &calls);
	if (ret) {
		sd_event_unref(kernel->event);
		free(kernel);
		return ret;
	}
	kernel_events_want(kernel->events, config->period_s);
	say_what_is_off(config);
	if (config->marks) {
		watch(kernel);
		connect_module(kernel);
	}
	*out = kernel;
	return 0;
}

void kernel_attach(struct kernel *kernel, struct flows *flows)
{
	kernel->flows = flows;
	kernel->told.flows = flows;
	/* Those of before are next. */
	kernel->is_walked = true;
}

void kernel_settle(struct kernel *kernel)
{
	kernel->is_walked = false;
	if (kernel->genl)
		settle(kernel);
}

static bool marks_alike(const struct config *a, const struct config *b)
{
	return a->marks == b->marks && a->layout == b->layout &&
	       a->option_type == b->option_type;
}

/* Nothing is marked any more. */
static void leave(struct kernel *kernel)
{
	unwatch(kernel);
	if (!kernel->genl)
		return;
	rules_withdraw(&kernel->told.rules, kernel->genl);
	flows_kernel_leave(kernel->flows);
	disconnect(kernel);
}

void kernel_reload(struct kernel *kernel, const struct config *config)
{
	const struct config *before = kernel->config;
	bool alike = marks_alike(before, config) &&
		     before->period_s == config->period_s;

	kernel->config = config;
	kernel->told.command_line = config->command_line;
	kernel->seen.id = 0;
	kernel_events_want(kernel->events, config->period_s);
	if (!alike)
		say_what_is_off(config);
	if (!config->marks) {
		leave(kernel);
		return;
	}
	watch(kernel);
	if (!kernel->genl) {
		connect_module(kernel);
		return;
	}
	if (!alike) {
		kernel_events_open(kernel->events);
		enter_all(kernel);
	}
	settle(kernel);
}

void kernel_hand_over(struct kernel *kernel)
{
	if (kernel->genl)
		rules_withdraw(&kernel->told.rules, kernel->genl);
	kernel->is_leaving = true;
	kernel->is_walked = true;
}

void kernel_free(struct kernel *kernel)
{
	if (!kernel)
		return;
	unwatch(kernel);
	kernel_events_free(kernel->events);
	rules_forget(&kernel->told.rules);
	expected_clear(&kernel->told.expected);
	sd_event_unref(kernel->event);
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
 * Adds or replaces: an entry that was left from before is ours now. If it was
 * just seen to be as it should be, nothing is to be done, which matters after a
 * restart with many flows.
 */
static int replace(struct kernel *kernel, const struct flow *flow)
{
	struct flow_spec specs[2];
	size_t n, bad;

	n = entry_make(specs, kernel->config, flow, kernel->is_leaving);
	if (n == 1 && flow->kernel_id && flow->kernel_id == kernel->seen.id &&
	    entry_is_there(&specs[0], &kernel->seen.spec))
		return 0;
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
		if (is_lost(ret) && !kernel->is_walked) {
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
	kernel->seen.id = 0;
	say_warning(kernel);
}

/*
 * Deletes one of its directions, and expects what the kernel will tell of that.
 * is_known: is it the one that has its number?
 */
static int delete (struct kernel *kernel, const struct flow *flow,
		   const struct flow_key *key, bool is_known)
{
	int ret;

	/* The next connection of the same ports may have a flow already. */
	if (flow->origin == FLOW_OF_RULE && flow->kernel_id)
		ret = genl_flow_del_id(kernel->genl, flow->kernel_id);
	else
		ret = genl_flow_del(kernel->genl, key);
	/* If it is not there, but was, it has ended, and that is on its way. */
	if (!ret || (ret == -ENOENT && is_known))
		expected_add(&kernel->told.expected, key);
	return ret;
}

void kernel_unmark(void *data, const struct flow *flow)
{
	struct kernel *kernel = data;
	struct flow_key keys[2];
	size_t n, i;

	if (!kernel->genl || flow->origin == FLOW_OF_HAND)
		return;
	n = flow_egress_keys(flow, keys);
	for (i = 0; i < n; i++) {
		int ret =
			delete (kernel, flow, &keys[i], !i && flow->kernel_id);

		/* Not there: never taken, or deleted by hand. */
		if (ret && ret != -ENOENT && !is_lost(ret))
			limit_log(&kernel->limit, LOG_ERR,
				  "a flow stays marked: %s",
				  reason(kernel, ret));
	}
}

/*
 * Its connection has closed while it was looked at: the socket is not found any
 * more, and the last snapshot of it not there yet; or it is not known from which
 * state it has closed, and so whether a FIN is among the octets. The next one
 * tells.
 */
static bool is_half(const struct flow *flow, const struct snapshot *snapshot)
{
	if (!snapshot->has_tcp)
		return flow->last.has_tcp;
	return snapshot->state == STATE_CLOSE && !snapshot->closed_from;
}

void kernel_sample(void *data, const struct flow *flow,
		   struct snapshot *snapshot)
{
	struct kernel *kernel = data;
	struct flow_key keys[2];
	int ret;

	if (!kernel->genl)
		return;
	flow_egress_keys(flow, keys);
	ret = genl_snapshot_get(kernel->genl, &keys[0], &kernel->seen,
				snapshot);
	if (!ret && is_half(flow, snapshot))
		ret = genl_snapshot_get(kernel->genl, &keys[0], &kernel->seen,
					snapshot);
	if (ret) {
		*snapshot = (struct snapshot){ .flow_id = 0 };
		kernel->seen.id = 0;
	}
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

bool kernel_can_tell(void *data)
{
	return kernel_is_there(data);
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
