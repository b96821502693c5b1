// SPDX-License-Identifier: GPL-2.0
#include "told.h"

#include "config.h"
#include "flow.h"
#include "flows.h"
#include "genl.h"

/* By hand, or our own doing; everything else is by itself. */
static bool is_deleted(const struct genl_event *event)
{
	return event->end_reason == SCITAG_END_REASON_DELETED ||
	       event->end_reason == SCITAG_END_REASON_FLUSHED;
}

void told_flow(struct told *told, const struct flow_state *state)
{
	const struct config_rule *rule = rules_find(&told->rules, state->rule);
	enum flow_origin origin = state->rule ? FLOW_OF_RULE : FLOW_OF_HAND;

	if (rule || told->command_line)
		flows_kernel_new(told->flows, state, origin,
				 rule ? config_rule_application(rule) : NULL);
}

static struct snapshot last_of(const struct genl_event *event)
{
	struct snapshot last = { .flow_id = 0 };

	/* Packets may have left since that was taken. */
	if (event->has_snapshot)
		last = event->snapshot;
	last.flow_id = event->flow.id;
	last.packets = event->flow.packets;
	last.bytes = event->flow.bytes;
	last.marked = event->flow.marked;
	return last;
}

static void ended(struct told *told, const struct genl_event *event)
{
	const char *reason = flow_end_reason_name(event->end_reason);
	struct snapshot last = last_of(event);

	if (expected_take(&told->expected, &event->flow.spec.key))
		return;
	/* One of which nobody has heard: what told of its start was lost. */
	if (event->flow.rule && !flows_kernel_has(told->flows, event->flow.id))
		told_flow(told, &event->flow);
	if (is_deleted(event))
		flows_kernel_del(told->flows, &last);
	else
		flows_kernel_end(told->flows, &last, reason ? reason : "ended");
}

/* An event may be older than what was entered meanwhile: what is it now? */
static void updated(struct told *told, struct genl *genl,
		    const struct flow_state *state)
{
	struct flow_state now;

	if (flows_kernel_differs(told->flows, state) &&
	    !genl_flow_get_id(genl, state->id, &now))
		flows_kernel_update(told->flows, &now);
}

void told_event(struct told *told, struct genl *genl,
		const struct genl_event *event)
{
	if (event->type == GENL_FLOW_END)
		ended(told, event);
	else if (event->type == GENL_STATUS ||
		 expected_has(&told->expected, &event->flow.spec.key))
		return;
	else if (event->type == GENL_FLOW_NEW)
		told_flow(told, &event->flow);
	else
		updated(told, genl, &event->flow);
}
