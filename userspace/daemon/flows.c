// SPDX-License-Identifier: GPL-2.0
#include "flows.h"

#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admit.h"
#include "config.h"
#include "log.h"
#include "table.h"
#include "tagcount.h"
#include "timestamp.h"
#include "usage.h"

struct flows {
	const struct config *config;
	struct local *local;
	struct flows_calls calls;

	struct table table;
	struct flows_counters counters;
	struct tagcounts tags;
};

static void flow_free(struct flow *flow)
{
	free(flow->application);
	free(flow);
}

static void remove_and_free(struct flows *flows, struct flow *flow)
{
	table_remove(&flows->table, flow);
	flow_free(flow);
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
	f->current_us = time_or(said->current_us, now_us);
	if (state == FIREFLY_END) {
		f->end_us = time_or(said->end_us, f->current_us);
		/* Clocks are set back at times. */
		if (f->end_us < f->start_us)
			f->end_us = f->start_us;
	}
	if (flow->application)
		snprintf(f->application, sizeof(f->application), "%s",
			 flow->application);
	usage_fill(f, flow, said, fresh);
}

/* Counters are always told; of a socket that is gone the last is kept. */
static void keep(struct flows *flows, struct flow *flow,
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

/* Have a look at a flow, and keep what is seen. Is its socket there? */
static bool look(struct flows *flows, struct flow *flow)
{
	struct snapshot now = { .flow_id = 0 };

	flows->calls.sample(flows->calls.kernel, flow, &now);
	if (!now.flow_id)
		return false;
	table_set_id(&flows->table, flow, now.flow_id);
	keep(flows, flow, &now);
	return now.has_tcp;
}

/* fresh: its socket was seen just now. */
static void report(struct flows *flows, const struct flow *flow,
		   enum firefly_state state, const struct firefly *said,
		   bool fresh, int64_t now_us)
{
	struct firefly firefly;

	describe(&firefly, flow, state, said, fresh, now_us);
	firefly.enrichment = flows->config->enrichment;
	flows->calls.report(flows->calls.emitter, flow, &firefly);
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

static void log_flow(const struct flow *flow, const char *what)
{
	char text[FLOW_KEY_TEXT_MAX];

	log_debug("%s %s: experiment %u, activity %u",
		  flow_key_text(&flow->key, text), what, flow->experiment,
		  flow->activity);
}

static int start_new(struct flows *flows, const struct firefly *said,
		     enum local_side side, char error[static FLOWS_ERROR_MAX])
{
	int64_t now_us = timestamp_now();
	struct flow *flow;

	if (flows->table.count >= flows->config->max_flows) {
		snprintf(error, FLOWS_ERROR_MAX,
			 "%zu flows are open, which is max-flows",
			 flows->table.count);
		return -ENOSPC;
	}
	flow = calloc(1, sizeof(*flow));
	if (!flow)
		goto no_memory;
	flow->key = said->key;
	flow->side = side;
	flow->experiment = said->experiment;
	flow->activity = said->activity;
	flow->start_us = time_or(said->start_us, now_us);
	if (set_application(flow, said) || table_insert(&flows->table, flow))
		goto no_memory;

	flows->counters.started++;
	tagcount_start(&flows->tags, flow->experiment, flow->activity);
	log_flow(flow, "starts");
	flows->calls.mark(flows->calls.kernel, flow);
	report(flows, flow, FIREFLY_START, said, look(flows, flow), now_us);
	return 0;

no_memory:
	if (flow)
		flow_free(flow);
	snprintf(error, FLOWS_ERROR_MAX, "no memory");
	return -ENOMEM;
}

/*
 * To those who get the fireflies it is one flow that ends and another that
 * starts, because they know flows by start and end with the same ids.
 */
static void retag(struct flows *flows, struct flow *flow,
		  const struct firefly *said)
{
	int64_t now_us = timestamp_now();
	struct firefly end;

	firefly_init(&end, FIREFLY_END, &flow->key);
	end.end_us = said->start_us;
	report(flows, flow, FIREFLY_END, &end, look(flows, flow), now_us);

	flow->experiment = said->experiment;
	flow->activity = said->activity;
	flow->start_us = time_or(said->start_us, now_us);
	if (set_application(flow, said))
		log_err("no memory for the name of an application");
	flows->counters.retagged++;
	tagcount_start(&flows->tags, flow->experiment, flow->activity);
	log_flow(flow, "is retagged");
	flows->calls.mark(flows->calls.kernel, flow);
	report(flows, flow, FIREFLY_START, said, look(flows, flow), now_us);
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
		flows->counters.repeated++;
		log_flow(flow, "is open already");
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
	log_flow(flow, "ends");
	report(flows, flow, FIREFLY_END, said, look(flows, flow),
	       timestamp_now());
	flows->calls.unmark(flows->calls.kernel, flow);
	remove_and_free(flows, flow);
}

static void end_by_kernel(struct flows *flows, struct flow *flow, bool fresh,
			  const char *reason)
{
	struct firefly said;

	flows->counters.ended++;
	flows->counters.kernel_ended++;
	log_flow(flow, reason);
	firefly_init(&said, FIREFLY_END, &flow->key);
	report(flows, flow, FIREFLY_END, &said, fresh, timestamp_now());
	/* The other direction of a flow within this host is still there. */
	if (flow->side == LOCAL_BOTH)
		flows->calls.unmark(flows->calls.kernel, flow);
	remove_and_free(flows, flow);
}

void flows_kernel_end(struct flows *flows, const struct snapshot *last,
		      const char *reason)
{
	struct flow *flow = table_find_id(&flows->table, last->flow_id);

	if (!flow)
		return;
	keep(flows, flow, last);
	end_by_kernel(flows, flow, last->has_tcp, reason);
}

void flows_kernel_del(struct flows *flows, uint32_t id)
{
	struct flow *flow = table_find_id(&flows->table, id);

	if (flow)
		table_set_id(&flows->table, flow, 0);
}

void flows_snapshot(struct flows *flows, const struct snapshot *snapshot)
{
	struct flow *flow = table_find_id(&flows->table, snapshot->flow_id);
	struct firefly said;

	/* It has been looked at since: numbers must not go back. */
	if (!flow || snapshot->age_ns < flow->last.age_ns)
		return;
	keep(flows, flow, snapshot);
	if (!(snapshot->trigger & SCITAG_SNAPSHOT_TRIGGER_INTERVAL))
		return;
	flows->counters.ongoing++;
	firefly_init(&said, FIREFLY_ONGOING, &flow->key);
	report(flows, flow, FIREFLY_ONGOING, &said, snapshot->has_tcp,
	       timestamp_now());
}

void flows_resync(struct flows *flows)
{
	uint64_t before = flows->counters.missed;
	struct flow *flow, *next;

	for (flow = TAILQ_FIRST(&flows->table.list); flow; flow = next) {
		next = TAILQ_NEXT(flow, link);
		if (!flow->kernel_id ||
		    !flows->calls.is_gone(flows->calls.kernel, flow))
			continue;
		flows->counters.missed++;
		end_by_kernel(flows, flow, false, "has ended unheard");
	}
	log_warn("the kernel told more than was read: %" PRIu64
		 " flows had ended meanwhile",
		 flows->counters.missed - before);
}

void flows_kernel_gone(struct flows *flows)
{
	struct flow *flow;

	TAILQ_FOREACH(flow, &flows->table.list, link)
	table_set_id(&flows->table, flow, 0);
}

void flows_kernel_back(struct flows *flows)
{
	struct flow *flow;

	TAILQ_FOREACH(flow, &flows->table.list, link)
	{
		flows->calls.mark(flows->calls.kernel, flow);
		look(flows, flow);
	}
}

void flows_kernel_leave(struct flows *flows)
{
	struct flow *flow;

	TAILQ_FOREACH(flow, &flows->table.list, link)
	{
		look(flows, flow);
		flows->calls.unmark(flows->calls.kernel, flow);
		table_set_id(&flows->table, flow, 0);
	}
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

const struct tagcounts *flows_tags(const struct flows *flows)
{
	return &flows->tags;
}

void flows_log_counters(const struct flows *flows)
{
	log_info("flows: %zu open, %" PRIu64 " started, %" PRIu64
		 " retagged, %" PRIu64 " repeated, %" PRIu64 " ended (%" PRIu64
		 " by the kernel, %" PRIu64 " of them missed), %" PRIu64
		 " ends unknown, %" PRIu64 " refused, %" PRIu64
		 " ongoing fireflies",
		 flows->table.count, flows->counters.started,
		 flows->counters.retagged, flows->counters.repeated,
		 flows->counters.ended, flows->counters.kernel_ended,
		 flows->counters.missed, flows->counters.unknown,
		 flows->counters.refused, flows->counters.ongoing);
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
