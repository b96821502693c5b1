// SPDX-License-Identifier: GPL-2.0
#include "flows_inner.h"

#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>

#include "config.h"
#include "firefly.h"
#include "log.h"
#include "timestamp.h"

#define NS_PER_S 1000000000ULL

/* The kernel has ended it: what is heard of it from now on is late. */
static void remember(struct flows *flows, const struct flow *flow)
{
	lately_add(&flows->lately, &flow->key, flow->kernel_id, flows_now_s());
}

/* It is not in the kernel any more, or need not be. */
static void end_by_kernel(struct flows *flows, struct flow *flow, bool fresh,
			  const char *reason)
{
	struct firefly said;

	flows->counters.ended++;
	flows->counters.kernel_ended++;
	flow_log(flow, reason);
	firefly_init(&said, FIREFLY_END, &flow->key);
	flows_tell_end(flows, flow, &said, fresh);
	table_set_id(&flows->table, flow, 0);
	/* The other direction of a flow within this host is still there. */
	if (flow->side == LOCAL_BOTH && flow->origin == FLOW_ANNOUNCED)
		flows->calls.unmark(flows->calls.kernel, flow);
	flows_drop(flows, flow);
}

/* What was entered here comes back as news. */
static void is_open_already(struct flows *flows, struct flow *flow,
			    const struct flow_state *state)
{
	struct flow_key keys[2];

	flow_egress_keys(flow, keys);
	if (flow->kernel_id || !flow_key_equal(&keys[0], &state->spec.key))
		return;
	if (flow->origin == FLOW_ANNOUNCED &&
	    (flow->experiment != state->spec.experiment ||
	     flow->activity != state->spec.activity))
		flows_mark(flows, flow);
	else
		table_set_id(&flows->table, flow, state->id);
}

/* As the kernel describes it: in the direction in which it leaves. */
static void say(struct firefly *said, const struct flow_state *state,
		const char *application)
{
	firefly_init(said, FIREFLY_START, &state->spec.key);
	said->has_ids = true;
	said->experiment = state->spec.experiment;
	said->activity = state->spec.activity;
	said->start_us = timestamp_now() - (int64_t)state->age_ms * 1000;
	if (application)
		snprintf(said->application, sizeof(said->application), "%s",
			 application);
}

void flows_kernel_new(struct flows *flows, const struct flow_state *state,
		      enum flow_origin origin, const char *application)
{
	struct flow *flow = table_find(&flows->table, &state->spec.key);
	const struct snapshot first = {
		.flow_id = state->id,
		.packets = state->packets,
		.bytes = state->bytes,
		.marked = state->marked,
	};
	enum local_side side;
	struct firefly said;

	if (flow) {
		is_open_already(flows, flow, state);
		return;
	}
	/* Its end was missed, looked for and found, and is heard of now. */
	if (lately_is(&flows->lately, &state->spec.key, state->id))
		return;
	if (flows->table.count >= flows->config->max_flows) {
		flows->counters.refused++;
		return;
	}
	/* It leaves this host, whoever else's address it may have. */
	side = local_side(flows->local, &state->spec.key);
	if (side != LOCAL_BOTH)
		side = LOCAL_SRC;
	say(&said, state, application);
	flow = flows_open(flows, &said, side, origin);
	if (!flow) {
		flows->counters.refused++;
		return;
	}
	table_set_id(&flows->table, flow, state->id);
	flows_keep(flows, flow, &first);
	flows->counters.started++;
	tagcount_start(&flows->tags, flow->experiment, flow->activity);
	flows->counters.kernel_started++;
	flow_log(flow, "starts in the kernel");
	flows_tell_start(flows, flow, &said, false);
}

bool flows_kernel_has(const struct flows *flows, uint32_t id)
{
	return table_find_id(&flows->table, id);
}

bool flows_kernel_differs(const struct flows *flows,
			  const struct flow_state *state)
{
	const struct flow *flow = table_find_id(&flows->table, state->id);

	return flow && (flow->experiment != state->spec.experiment ||
			flow->activity != state->spec.activity);
}

void flows_kernel_update(struct flows *flows, const struct flow_state *state)
{
	struct flow *flow = table_find_id(&flows->table, state->id);
	struct firefly said;

	if (!flow || !flows_kernel_differs(flows, state))
		return;
	firefly_init(&said, FIREFLY_END, &flow->key);
	flows_tell_end(flows, flow, &said, flows_look(flows, flow));
	say(&said, state, NULL);
	said.key = flow->key;
	said.start_us = flow->end_us;
	flows_change(flows, flow, &said);
	flows_tell_start(flows, flow, &said, flows_look(flows, flow));
}

void flows_kernel_end(struct flows *flows, const struct snapshot *last,
		      const char *reason)
{
	struct flow *flow = table_find_id(&flows->table, last->flow_id);

	if (!flow)
		return;
	flows_keep(flows, flow, last);
	remember(flows, flow);
	end_by_kernel(flows, flow, last->has_tcp, reason);
}

void flows_kernel_del(struct flows *flows, const struct snapshot *last)
{
	struct flow *flow = table_find_id(&flows->table, last->flow_id);

	if (!flow)
		return;
	if (flow->origin == FLOW_ANNOUNCED) {
		table_set_id(&flows->table, flow, 0);
		return;
	}
	flows_keep(flows, flow, last);
	end_by_kernel(flows, flow, last->has_tcp, "is deleted");
}

/* Others may have asked for snapshots of their own, far more often. */
static bool is_due(const struct flows *flows, const struct flow *flow,
		   const struct snapshot *snapshot)
{
	return snapshot->age_ns - flow->ongoing_ns >=
	       flows->config->period_s * NS_PER_S / 2;
}

void flows_snapshot(struct flows *flows, const struct snapshot *snapshot)
{
	struct flow *flow = table_find_id(&flows->table, snapshot->flow_id);
	struct firefly said;

	/* It has been looked at since: numbers must not go back. */
	if (!flow || snapshot->age_ns < flow->last.age_ns)
		return;
	flows_keep(flows, flow, snapshot);
	if (!(snapshot->trigger & SCITAG_SNAPSHOT_TRIGGER_INTERVAL) ||
	    (flow->ongoing_ns && !is_due(flows, flow, snapshot)))
		return;
	flow->ongoing_ns = snapshot->age_ns;
	flows->counters.ongoing++;
	firefly_init(&said, FIREFLY_ONGOING, &flow->key);
	flows_report(flows, flow, FIREFLY_ONGOING, &said, snapshot->has_tcp);
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
		remember(flows, flow);
		end_by_kernel(flows, flow, false, "has ended unheard");
	}
	limit_log(&flows->limit, LOG_WARNING,
		  "the kernel told more than was read: %" PRIu64
		  " flows had ended meanwhile",
		  flows->counters.missed - before);
}

void flows_kernel_gone(struct flows *flows)
{
	struct flow *flow, *next;

	lately_forget_ids(&flows->lately);
	for (flow = TAILQ_FIRST(&flows->table.list); flow; flow = next) {
		next = TAILQ_NEXT(flow, link);
		table_set_id(&flows->table, flow, 0);
		/* Whoever entered it may do so again; we don't. */
		if (flow->origin == FLOW_OF_HAND)
			end_by_kernel(flows, flow, false, "is gone");
	}
}

void flows_kernel_back(struct flows *flows)
{
	struct flow *flow, *next;

	for (flow = TAILQ_FIRST(&flows->table.list); flow; flow = next) {
		bool was_there = flow->kernel_id;
		bool fresh;

		next = TAILQ_NEXT(flow, link);
		if (flow->origin == FLOW_OF_HAND)
			continue;
		fresh = flows_mark(flows, flow);
		/* Nobody has told of the end of its connection meanwhile. */
		if (flow->origin == FLOW_OF_RULE && !was_there && !fresh &&
		    flow->kernel_id && flow->key.protocol == IPPROTO_TCP) {
			flows->calls.unmark(flows->calls.kernel, flow);
			end_by_kernel(flows, flow, false, "has closed");
		}
	}
}

void flows_kernel_leave(struct flows *flows)
{
	struct flow *flow, *next;

	for (flow = TAILQ_FIRST(&flows->table.list); flow; flow = next) {
		bool fresh = flows_look(flows, flow);

		next = TAILQ_NEXT(flow, link);
		if (flow->origin == FLOW_OF_HAND) {
			end_by_kernel(flows, flow, fresh, "is left alone");
			continue;
		}
		flows->calls.unmark(flows->calls.kernel, flow);
		table_set_id(&flows->table, flow, 0);
	}
}
