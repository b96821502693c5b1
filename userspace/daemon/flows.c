// SPDX-License-Identifier: GPL-2.0
#include "flows_inner.h"

#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "admit.h"
#include "config.h"
#include "log.h"
#include "timestamp.h"
#include "usage.h"

static void flow_free(struct flow *flow)
{
	free(flow->application);
	free(flow);
}

/* Nobody notes anything if there is nothing to be kept. */
static void note(struct flows *flows, const struct flow *flow,
		 enum flow_note what)
{
	if (flows->calls.note)
		flows->calls.note(flows->calls.notes, flow, what);
}

static void remove_and_free(struct flows *flows, struct flow *flow)
{
	table_remove(&flows->table, flow);
	flow_free(flow);
}

void flows_drop(struct flows *flows, struct flow *flow)
{
	note(flows, flow, FLOW_NOTE_CLOSED);
	remove_and_free(flows, flow);
}

int flows_new(struct flows **out, const struct config *config,
	      struct local *local, const struct flows_calls *calls)
{
	struct flows *flows = calloc(1, sizeof(*flows));

	if (!flows)
		return -ENOMEM;
	flows->config = config;
	flows->local = local;
	flows->calls = *calls;
	table_init(&flows->table);
	lately_init(&flows->lately);
	*out = flows;
	return 0;
}

void flows_reload(struct flows *flows, const struct config *config)
{
	flows->config = config;
}

void flows_free(struct flows *flows)
{
	if (!flows)
		return;
	while (!TAILQ_EMPTY(&flows->table.list))
		remove_and_free(flows, TAILQ_FIRST(&flows->table.list));
	lately_exit(&flows->lately);
	free(flows);
}

static int64_t time_or(int64_t us, int64_t otherwise_us)
{
	return us == FIREFLY_UNKNOWN ? otherwise_us : us;
}

/* The firefly that a flow has at a moment, with all that is known of it. */
static void describe(struct firefly *f, const struct flow *flow,
		     enum firefly_state state, const struct firefly *said,
		     bool fresh, int64_t now_us)
{
	firefly_init(f, state, &flow->key);
	f->has_ids = true;
	f->experiment = flow->experiment;
	f->activity = flow->activity;
	f->start_us = flow->start_us;
	/* At its start, which is now if nobody said otherwise. */
	if (state == FIREFLY_START && said->start_us == FIREFLY_UNKNOWN)
		now_us = flow->start_us;
	f->current_us = time_or(said->current_us, now_us);
	f->end_us = flow->end_us;
	if (flow->application)
		snprintf(f->application, sizeof(f->application), "%s",
			 flow->application);
	usage_fill(f, flow, said, fresh);
}

void flows_keep(struct flows *flows, struct flow *flow,
		const struct snapshot *now)
{
	struct snapshot *kept = &flow->last;
	struct snapshot before = *kept;

	tagcount_add(&flows->tags, flow->experiment, flow->activity, &before,
		     now);

	*kept = *now;
	if (now->has_tcp || !before.has_tcp)
		return;
	*kept = before;
	kept->flow_id = now->flow_id;
	kept->time_ns = now->time_ns;
	kept->age_ns = now->age_ns;
	kept->packets = now->packets;
	kept->bytes = now->bytes;
	kept->marked = now->marked;
}

bool flows_look(struct flows *flows, struct flow *flow)
{
	struct snapshot now = { .flow_id = 0 };

	flows->calls.sample(flows->calls.kernel, flow, &now);
	if (!now.flow_id)
		return false;
	/* The next connection of the same ports, which a rule has found. */
	if (flow->origin == FLOW_OF_RULE && flow->kernel_id &&
	    flow->kernel_id != now.flow_id)
		return false;
	table_set_id(&flows->table, flow, now.flow_id);
	flows_keep(flows, flow, &now);
	return now.has_tcp;
}

bool flows_mark(struct flows *flows, struct flow *flow)
{
	flows->calls.mark(flows->calls.kernel, flow);
	table_set_id(&flows->table, flow, 0);
	return flows_look(flows, flow);
}

void flows_report(struct flows *flows, const struct flow *flow,
		  enum firefly_state state, const struct firefly *said,
		  bool fresh)
{
	struct firefly firefly;

	describe(&firefly, flow, state, said, fresh, timestamp_now());
	firefly.enrichment = flows->config->enrichment;
	flows->calls.report(flows->calls.emitter, flow, &firefly);
}

void flows_tell_start(struct flows *flows, struct flow *flow,
		      const struct firefly *said, bool fresh)
{
	flows_report(flows, flow, FIREFLY_START, said, fresh);
	flow->told = true;
	note(flows, flow, FLOW_NOTE_TOLD);
}

void flows_tell_end(struct flows *flows, struct flow *flow,
		    const struct firefly *said, bool fresh)
{
	if (flow->end_us == FIREFLY_UNKNOWN)
		flow->end_us = time_or(said->end_us, time_or(said->current_us,
							     timestamp_now()));
	/* Clocks are set back at times. */
	if (flow->end_us < flow->start_us)
		flow->end_us = flow->start_us;
	flow->told = false;
	note(flows, flow, FLOW_NOTE_ENDING);
	flows_report(flows, flow, FIREFLY_END, said, fresh);
	flow->told = true;
	note(flows, flow, FLOW_NOTE_TOLD);
}

static int set_application(struct flow *flow, const struct firefly *said)
{
	char *text;

	if (!said->application[0])
		return 0;
	text = strdup(said->application);
	if (!text)
		return -ENOMEM;
	free(flow->application);
	flow->application = text;
	return 0;
}

void flow_log(const struct flow *flow, const char *what)
{
	char text[FLOW_KEY_TEXT_MAX];

	/* The text costs a quarter of what a firefly does. */
	if (log_is_dropped(LOG_DEBUG))
		return;
	log_debug("%s %s: experiment %u, activity %u",
		  flow_key_text(&flow->key, text), what, flow->experiment,
		  flow->activity);
}

int64_t flows_now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

struct flow *flows_open(struct flows *flows, const struct firefly *said,
			enum local_side side, enum flow_origin origin)
{
	struct flow *flow = calloc(1, sizeof(*flow));

	if (!flow)
		return NULL;
	flow->number = ++flows->last_number;
	flow->key = said->key;
	flow->side = side;
	flow->origin = origin;
	flow->experiment = said->experiment;
	flow->activity = said->activity;
	flow->start_us = time_or(said->start_us, timestamp_now());
	flow->end_us = FIREFLY_UNKNOWN;
	if (set_application(flow, said) || table_insert(&flows->table, flow)) {
		flow_free(flow);
		return NULL;
	}
	note(flows, flow, FLOW_NOTE_OPENED);
	return flow;
}

/*
 * Of a connection that closed a moment ago, and whose flow the kernel has
 * ended, the start is late: it would never end.
 */
static bool is_late(struct flows *flows, const struct firefly *said)
{
	return said->key.protocol == IPPROTO_TCP &&
	       lately_has(&flows->lately, &said->key, flows_now_s());
}

static int start_new(struct flows *flows, const struct firefly *said,
		     enum local_side side, char error[static FLOWS_ERROR_MAX])
{
	struct flow *flow;
	bool fresh;

	if (flows->table.count >= flows->config->max_flows) {
		snprintf(error, FLOWS_ERROR_MAX,
			 "%zu flows are open, which is max-flows",
			 flows->table.count);
		return -ENOSPC;
	}
	flow = flows_open(flows, said, side, FLOW_ANNOUNCED);
	if (!flow) {
		snprintf(error, FLOWS_ERROR_MAX, "no memory");
		return -ENOMEM;
	}
	fresh = flows_mark(flows, flow);
	if (!fresh && is_late(flows, said)) {
		flows->counters.late++;
		flow_log(flow, "has ended already");
		flows->calls.unmark(flows->calls.kernel, flow);
		flows_drop(flows, flow);
		return 0;
	}
	flows->counters.started++;
	tagcount_start(&flows->tags, flow->experiment, flow->activity);
	flow_log(flow, "starts");
	flows_tell_start(flows, flow, said, fresh);
	return 0;
}

void flows_change(struct flows *flows, struct flow *flow,
		  const struct firefly *said)
{
	flow->experiment = said->experiment;
	flow->activity = said->activity;
	flow->start_us = time_or(said->start_us, timestamp_now());
	flow->end_us = FIREFLY_UNKNOWN;
	flow->told = false;
	if (set_application(flow, said))
		log_err("no memory for the name of an application");
	flows->counters.retagged++;
	tagcount_start(&flows->tags, flow->experiment, flow->activity);
	flow_log(flow, "is retagged");
	note(flows, flow, FLOW_NOTE_OPENED);
}

/*
 * To those who get the fireflies it is one flow that ends and another that
 * starts, because they know flows by start and end with the same ids.
 */
static void retag(struct flows *flows, struct flow *flow,
		  const struct firefly *said)
{
	struct firefly end;

	firefly_init(&end, FIREFLY_END, &flow->key);
	end.end_us = said->start_us;
	flows_tell_end(flows, flow, &end, flows_look(flows, flow));
	flow->origin = FLOW_ANNOUNCED;
	flows_change(flows, flow, said);
	flows_tell_start(flows, flow, said, flows_mark(flows, flow));
}

/* From now on it is the source's; what it adds is in the next firefly. */
static void repeat(struct flows *flows, struct flow *flow,
		   const struct firefly *said)
{
	flows->counters.repeated++;
	flow_log(flow, "is open already");
	if (flow->origin == FLOW_ANNOUNCED)
		return;
	flow->origin = FLOW_ANNOUNCED;
	if (set_application(flow, said))
		log_err("no memory for the name of an application");
	note(flows, flow, FLOW_NOTE_OPENED);
	if (flow->told)
		note(flows, flow, FLOW_NOTE_TOLD);
}

int flows_start(struct flows *flows, const struct firefly *said,
		char error[static FLOWS_ERROR_MAX])
{
	enum local_side side;
	struct flow *flow;
	int ret;

	ret = admit(flows->config, flows->local, said, &side, error);
	if (ret)
		goto refused;

	flow = table_find(&flows->table, &said->key);
	if (!flow) {
		ret = start_new(flows, said, side, error);
		if (ret)
			goto refused;
	} else if (flow->experiment == said->experiment &&
		   flow->activity == said->activity) {
		repeat(flows, flow, said);
	} else {
		retag(flows, flow, said);
	}
	return 0;

refused:
	flows->counters.refused++;
	return ret;
}

static void end(struct flows *flows, struct flow *flow,
		const struct firefly *said)
{
	flows->counters.ended++;
	flow_log(flow, "ends");
	flows_tell_end(flows, flow, said, flows_look(flows, flow));
	flows->calls.unmark(flows->calls.kernel, flow);
	flows_drop(flows, flow);
}

int flows_end(struct flows *flows, const struct firefly *said,
	      char error[static FLOWS_ERROR_MAX])
{
	struct flow *flow = table_find(&flows->table, &said->key);
	char text[FLOW_KEY_TEXT_MAX];

	if (!flow) {
		flows->counters.unknown++;
		snprintf(error, FLOWS_ERROR_MAX, "%s is not open",
			 flow_key_text(&said->key, text));
		return -ENOENT;
	}
	end(flows, flow, said);
	return 0;
}

void flows_end_all(struct flows *flows)
{
	while (!TAILQ_EMPTY(&flows->table.list)) {
		struct flow *flow = TAILQ_FIRST(&flows->table.list);
		struct firefly said;

		firefly_init(&said, FIREFLY_END, &flow->key);
		end(flows, flow, &said);
	}
}

size_t flows_count(const struct flows *flows)
{
	return flows->table.count;
}

const struct tagcounts *flows_tags(const struct flows *flows)
{
	return &flows->tags;
}

const struct flow *flows_find(const struct flows *flows,
			      const struct flow_key *key)
{
	return table_find(&flows->table, key);
}

const struct flow *flows_first(const struct flows *flows)
{
	return TAILQ_FIRST(&flows->table.list);
}

const struct flows_counters *flows_counters(const struct flows *flows)
{
	return &flows->counters;
}

void flows_log_counters(const struct flows *flows)
{
	const struct flows_counters *c = &flows->counters;

	log_info("flows: %zu open, %" PRIu64 " started, %" PRIu64
		 " retagged, %" PRIu64 " repeated, %" PRIu64 " ended (%" PRIu64
		 " by the kernel, %" PRIu64 " of them missed), %" PRIu64
		 " ends unknown, %" PRIu64 " refused, %" PRIu64
		 " ongoing fireflies, %" PRIu64
		 " starts by the kernel, %" PRIu64 " late",
		 flows->table.count, c->started, c->retagged, c->repeated,
		 c->ended, c->kernel_ended, c->missed, c->unknown, c->refused,
		 c->ongoing, c->kernel_started, c->late);
}

const char *flow_key_text(const struct flow_key *key,
			  char buf[static FLOW_KEY_TEXT_MAX])
{
	char src[ADDR_TEXT_MAX], dst[ADDR_TEXT_MAX];
	bool v6 = key->src.family == AF_INET6;

	snprintf(buf, FLOW_KEY_TEXT_MAX, "%s %s%s%s:%u > %s%s%s:%u",
		 protocol_name(key->protocol), v6 ? "[" : "",
		 addr_format(&key->src, src), v6 ? "]" : "", key->sport,
		 v6 ? "[" : "", addr_format(&key->dst, dst), v6 ? "]" : "",
		 key->dport);
	return buf;
}

size_t flow_egress_keys(const struct flow *flow, struct flow_key keys[static 2])
{
	struct flow_key reverse = flow_key_reverse(&flow->key);

	keys[0] = flow->side == LOCAL_DST ? reverse : flow->key;
	keys[1] = reverse;
	return flow->side == LOCAL_BOTH ? 2 : 1;
}

const struct addr *flow_remote(const struct flow *flow)
{
	if (flow->side == LOCAL_BOTH)
		return NULL;
	return flow->side == LOCAL_SRC ? &flow->key.dst : &flow->key.src;
}
