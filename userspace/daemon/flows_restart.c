// SPDX-License-Identifier: GPL-2.0
#include "flows_inner.h"

#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "firefly.h"
#include "log.h"

/* Of how many flows something was the case at the restart. */
struct tally {
	size_t open;
	size_t ended;
};

int flows_restore(struct flows *flows, const struct flow *saved)
{
	struct flow *flow = table_find(&flows->table, &saved->key);

	if (flow)
		return -EEXIST;
	flow = calloc(1, sizeof(*flow));
	if (!flow)
		return -ENOMEM;
	*flow = (struct flow){
		.number = saved->number,
		.key = saved->key,
		.side = saved->side,
		.origin = saved->origin,
		.experiment = saved->experiment,
		.activity = saved->activity,
		.start_us = saved->start_us,
		.end_us = saved->end_us,
		.told = saved->told,
	};
	if (saved->application)
		flow->application = strdup(saved->application);
	if ((saved->application && !flow->application) ||
	    table_insert(&flows->table, flow)) {
		free(flow->application);
		free(flow);
		return -ENOMEM;
	}
	if (saved->kernel_id)
		table_set_id(&flows->table, flow, saved->kernel_id);
	if (flow->number > flows->last_number)
		flows->last_number = flow->number;
	return 0;
}

static void end_now(struct flows *flows, struct flow *flow, int64_t end_us,
		    bool fresh)
{
	struct firefly said;

	flows->counters.ended++;
	flow_log(flow, "has ended before the restart");
	firefly_init(&said, FIREFLY_END, &flow->key);
	said.end_us = end_us;
	/* Unless that is done, and all but what follows. */
	if (flow->end_us == FIREFLY_UNKNOWN || !flow->told)
		flows_tell_end(flows, flow, &said, fresh);
	flows->calls.unmark(flows->calls.kernel, flow);
	flows_drop(flows, flow);
}

/* Has its connection closed since? The kernel keeps how it was then. */
static bool has_closed(const struct flow *flow, bool fresh)
{
	return !fresh && flow->key.protocol == IPPROTO_TCP &&
	       (flow->last.closed_from ||
		flow->last.trigger & SCITAG_SNAPSHOT_TRIGGER_END);
}

/*
 * Is a flow open still, going by what the kernel has? One that it does not
 * have is open if its connection is.
 */
static bool is_open(struct flows *flows, struct flow *flow, bool *fresh)
{
	uint32_t id = flow->kernel_id;

	*fresh = false;
	if (flow->end_us != FIREFLY_UNKNOWN)
		return false;
	if (!flows->calls.is_there(flows->calls.kernel))
		return true;
	*fresh = flows_look(flows, flow);
	if (!flow->last.flow_id) {
		if (flow->origin != FLOW_ANNOUNCED)
			return false;
		*fresh = flows_mark(flows, flow);
		return *fresh || !flow->last.flow_id ||
		       flow->key.protocol != IPPROTO_TCP;
	}
	if (flow->origin != FLOW_ANNOUNCED && id && id != flow->last.flow_id)
		return false;
	if (has_closed(flow, *fresh))
		return false;
	/* As it is configured now; and no longer left to itself. */
	if (flow->origin == FLOW_ANNOUNCED)
		*fresh = flows_mark(flows, flow);
	return true;
}

static void resume(struct flows *flows, struct flow *flow, struct tally *tally)
{
	struct firefly said;
	bool fresh;

	if (!is_open(flows, flow, &fresh)) {
		tally->ended++;
		end_now(flows, flow, FIREFLY_UNKNOWN, fresh);
		return;
	}
	tally->open++;
	if (flow->told)
		return;
	firefly_init(&said, FIREFLY_START, &flow->key);
	said.start_us = flow->start_us;
	flows_tell_start(flows, flow, &said, fresh);
}

void flows_resume(struct flows *flows)
{
	struct tally tally = { .open = 0 };
	struct flow *flow, *next;

	for (flow = TAILQ_FIRST(&flows->table.list); flow; flow = next) {
		next = TAILQ_NEXT(flow, link);
		resume(flows, flow, &tally);
	}
	if (tally.open || tally.ended)
		log_notice(
			"of the flows from before the restart %zu are open, %zu have ended",
			tally.open, tally.ended);
}

void flows_end_before(struct flows *flows, int64_t end_us)
{
	if (!TAILQ_EMPTY(&flows->table.list))
		log_notice("the %zu flows from before this host's start end",
			   flows->table.count);
	while (!TAILQ_EMPTY(&flows->table.list)) {
		struct flow *flow = TAILQ_FIRST(&flows->table.list);

		/* Nothing of this kernel's is meant. */
		table_set_id(&flows->table, flow, 0);
		end_now(flows, flow, end_us, false);
	}
}

void flows_hand_over(struct flows *flows)
{
	struct flow *flow, *next;

	for (flow = TAILQ_FIRST(&flows->table.list); flow; flow = next) {
		bool fresh = flows_look(flows, flow);

		next = TAILQ_NEXT(flow, link);
		if (has_closed(flow, fresh))
			end_now(flows, flow, FIREFLY_UNKNOWN, fresh);
		else if (flow->origin == FLOW_ANNOUNCED)
			flows->calls.mark(flows->calls.kernel, flow);
	}
	log_notice("%zu flows are left to the kernel until the next start",
		   flows->table.count);
}
