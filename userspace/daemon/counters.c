// SPDX-License-Identifier: GPL-2.0
#include "counters.h"

#include <string.h>

#include "config.h"
#include "pages.h"

#define N(array) (sizeof(array) / sizeof((array)[0]))

static const struct counter table[] = {
#define ONE(section, field, kind, key, name, help)                           \
	{                                                                    \
		COUNTER_##section, key,                                      \
			{ "scitagd_" name, OPENMETRICS_##kind, NULL, help }, \
			offsetof(struct counters, field)                     \
	}
	ONE(FLOWS, flows_open, GAUGE, "open", "flows_open",
	    "Flows that are open"),
	ONE(FLOWS, flows_max, GAUGE, "max", "flows_max",
	    "Flows that may be open (max-flows)"),
	ONE(FLOWS, flows.started, COUNTER, "started", "flows_started",
	    "Flows that started"),
	ONE(FLOWS, flows.kernel_started, COUNTER, "started-by-kernel",
	    "flows_started_by_kernel",
	    "Of these, those that the kernel told of"),
	ONE(FLOWS, flows.retagged, COUNTER, "retagged", "flows_retagged",
	    "Starts of open flows with other ids"),
	ONE(FLOWS, flows.repeated, COUNTER, "repeated", "flows_repeated",
	    "Starts of open flows with the same ids"),
	ONE(FLOWS, flows.late, COUNTER, "late", "flows_late",
	    "Starts of connections that had ended"),
	ONE(FLOWS, flows.ended, COUNTER, "ended", "flows_ended",
	    "Flows that ended"),
	ONE(FLOWS, flows.kernel_ended, COUNTER, "ended-by-kernel",
	    "flows_ended_by_kernel", "Of these, those that the kernel ended"),
	ONE(FLOWS, flows.missed, COUNTER, "ended-unheard",
	    "flows_ended_unheard", "Of these, those whose end was lost"),
	ONE(FLOWS, flows.unknown, COUNTER, "unknown-ends", "flows_unknown_ends",
	    "Ends of flows that were not open"),
	ONE(FLOWS, flows.refused, COUNTER, "refused", "flows_refused",
	    "Starts that were refused"),
	ONE(KERNEL, kernel.marked, COUNTER, "flows-marked",
	    "module_flows_taken",
	    "Flows that the module took, or gave new ids to"),
	ONE(KERNEL, kernel.failed, COUNTER, "flows-failed",
	    "module_flows_failed", "Flows that the module did not take"),
	ONE(KERNEL, events.snapshots, COUNTER, "snapshots", "snapshots_read",
	    "Snapshots that were read"),
	ONE(KERNEL, events.snapshots_lost, COUNTER, "snapshots-lost",
	    "snapshots_lost", "Snapshots that were lost"),
	ONE(KERNEL, events.missed, COUNTER, "ends-missed", "events_lost",
	    "Times that events were lost"),
	ONE(FIREFLIES, fireflies.sent, COUNTER, "sent", "fireflies_sent",
	    "Datagrams sent"),
	ONE(FIREFLIES, fireflies.failed, COUNTER, "failed", "fireflies_failed",
	    "Datagrams that could not be sent"),
	ONE(FIREFLIES, fireflies.unresolved, COUNTER, "unresolved",
	    "fireflies_unresolved", "Fireflies for collectors without address"),
	ONE(FIREFLIES, fireflies.limited, COUNTER, "limited",
	    "fireflies_limited", "Datagrams beyond fireflies.rate"),
	ONE(FIREFLIES, fireflies.limited_ongoing, COUNTER, "limited-ongoing",
	    "fireflies_limited_ongoing", "Of these, those of flows that go on"),
	ONE(FIREFLIES, fireflies.filtered, COUNTER, "filtered",
	    "fireflies_filtered", "Fireflies that a collector did not want"),
	ONE(FIREFLIES, fireflies.excluded, COUNTER, "excluded",
	    "fireflies_excluded",
	    "Fireflies not for a remote address (fireflies.exclude)"),
	ONE(FIREFLIES, fireflies.unfit, COUNTER, "unfit", "fireflies_unfit",
	    "Fireflies that could not be written"),
	ONE(FIREFLIES, flows.ongoing, COUNTER, "ongoing", "fireflies_ongoing",
	    "Ongoing fireflies, sent to one or many"),
	ONE(FIREFLIES, left_out, GAUGE, "collectors-left-out",
	    "collectors_left_out", "Collectors without address"),
#undef ONE
};

void counters_read(struct counters *counters, const struct pages *pages)
{
	counters->flows_open = flows_count(pages->flows);
	counters->flows_max = pages->config->max_flows;
	counters->flows = *flows_counters(pages->flows);
	counters->kernel = kernel_counters(pages->kernel);
	counters->events = *counters->kernel.events;
	counters->fireflies = emitter_counters(pages->emitter);
	counters->left_out = emitter_unresolved(pages->emitter);
}

uint64_t counters_value(const struct counters *counters,
			const struct counter *counter)
{
	uint64_t value;

	memcpy(&value, (const char *)counters + counter->offset, sizeof(value));
	return value;
}

const struct counter *counter_get(size_t number)
{
	return number < N(table) ? &table[number] : NULL;
}
