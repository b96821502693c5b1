// SPDX-License-Identifier: GPL-2.0
/* Every counter there is, by the name that status and metrics have for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "config.h"
#include "counters.h"
#include "pages.h"

/* The units that count, each with numbers of its own. */

size_t flows_count(const struct flows *flows)
{
	(void)flows;
	return 1;
}

const struct flows_counters *flows_counters(const struct flows *flows)
{
	static const struct flows_counters counters = {
		.started = 11,
		.kernel_started = 12,
		.retagged = 13,
		.repeated = 14,
		.late = 15,
		.ended = 16,
		.kernel_ended = 17,
		.missed = 18,
		.ongoing = 19,
		.unknown = 20,
		.refused = 21,
	};

	(void)flows;
	return &counters;
}

struct kernel_counters kernel_counters(const struct kernel *kernel)
{
	static const struct kernel_events_counters events = {
		.snapshots = 33,
		.snapshots_lost = 34,
		.missed = 35,
	};

	(void)kernel;
	return (struct kernel_counters){
		.marked = 31,
		.failed = 32,
		.events = &events,
	};
}

struct emitter_counters emitter_counters(const struct emitter *emitter)
{
	(void)emitter;
	return (struct emitter_counters){
		.sent = 41,
		.failed = 42,
		.unresolved = 43,
		.limited = 44,
		.limited_ongoing = 45,
		.filtered = 46,
		.excluded = 47,
		.unfit = 48,
	};
}

size_t emitter_unresolved(const struct emitter *emitter)
{
	(void)emitter;
	return 51;
}

static const struct {
	enum counter_section section;
	const char *key;
	const char *metric;
	uint64_t value;
} expected[] = {
	{ COUNTER_FLOWS, "open", "scitagd_flows_open", 1 },
	{ COUNTER_FLOWS, "max", "scitagd_flows_max", 2 },
	{ COUNTER_FLOWS, "started", "scitagd_flows_started", 11 },
	{ COUNTER_FLOWS, "started-by-kernel", "scitagd_flows_started_by_kernel",
	  12 },
	{ COUNTER_FLOWS, "retagged", "scitagd_flows_retagged", 13 },
	{ COUNTER_FLOWS, "repeated", "scitagd_flows_repeated", 14 },
	{ COUNTER_FLOWS, "late", "scitagd_flows_late", 15 },
	{ COUNTER_FLOWS, "ended", "scitagd_flows_ended", 16 },
	{ COUNTER_FLOWS, "ended-by-kernel", "scitagd_flows_ended_by_kernel",
	  17 },
	{ COUNTER_FLOWS, "ended-unheard", "scitagd_flows_ended_unheard", 18 },
	{ COUNTER_FLOWS, "unknown-ends", "scitagd_flows_unknown_ends", 20 },
	{ COUNTER_FLOWS, "refused", "scitagd_flows_refused", 21 },
	{ COUNTER_KERNEL, "flows-marked", "scitagd_module_flows_taken", 31 },
	{ COUNTER_KERNEL, "flows-failed", "scitagd_module_flows_failed", 32 },
	{ COUNTER_KERNEL, "snapshots", "scitagd_snapshots_read", 33 },
	{ COUNTER_KERNEL, "snapshots-lost", "scitagd_snapshots_lost", 34 },
	{ COUNTER_KERNEL, "ends-missed", "scitagd_events_lost", 35 },
	{ COUNTER_FIREFLIES, "sent", "scitagd_fireflies_sent", 41 },
	{ COUNTER_FIREFLIES, "failed", "scitagd_fireflies_failed", 42 },
	{ COUNTER_FIREFLIES, "unresolved", "scitagd_fireflies_unresolved", 43 },
	{ COUNTER_FIREFLIES, "limited", "scitagd_fireflies_limited", 44 },
	{ COUNTER_FIREFLIES, "limited-ongoing",
	  "scitagd_fireflies_limited_ongoing", 45 },
	{ COUNTER_FIREFLIES, "filtered", "scitagd_fireflies_filtered", 46 },
	{ COUNTER_FIREFLIES, "excluded", "scitagd_fireflies_excluded", 47 },
	{ COUNTER_FIREFLIES, "unfit", "scitagd_fireflies_unfit", 48 },
	{ COUNTER_FIREFLIES, "ongoing", "scitagd_fireflies_ongoing", 19 },
	{ COUNTER_FIREFLIES, "collectors-left-out",
	  "scitagd_collectors_left_out", 51 },
};

static void test_all(void **state)
{
	const struct config config = { .max_flows = 2 };
	const struct pages pages = { .config = &config };
	const struct counter *counter;
	struct counters counters;
	size_t i;

	(void)state;
	counters_read(&counters, &pages);
	for (i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		counter = counter_get(i);
		assert_non_null(counter);
		assert_string_equal(counter->key, expected[i].key);
		assert_int_equal(counter->section, expected[i].section);
		assert_string_equal(counter->family.name, expected[i].metric);
		assert_int_equal(counters_value(&counters, counter),
				 expected[i].value);
	}
	assert_null(counter_get(i));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
