/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the daemon counts, in one table: status and metrics are written from it,
 * so that both have all of it.
 */
#ifndef SCITAGD_COUNTERS_H
#define SCITAGD_COUNTERS_H

#include <stddef.h>
#include <stdint.h>

#include "emitter.h"
#include "flows.h"
#include "kernel.h"
#include "kernel_events.h"
#include "openmetrics.h"

struct pages;

/* All of it at a moment. */
struct counters {
	uint64_t flows_open;
	uint64_t flows_max;
	struct flows_counters flows;
	struct kernel_counters kernel;
	struct kernel_events_counters events;
	struct emitter_counters fireflies;
	uint64_t left_out; /* collectors without an address */
};

/* Objects of the status. */
enum counter_section {
	COUNTER_FLOWS,
	COUNTER_KERNEL,
	COUNTER_FIREFLIES,
};

struct counter {
	enum counter_section section;
	const char *key; /* in that object */
	struct openmetrics_family family;
	size_t offset; /* in struct counters */
};

void counters_read(struct counters *counters, const struct pages *pages);
uint64_t counters_value(const struct counters *counters,
			const struct counter *counter);

/* By its number, those of a section after each other. NULL: no more. */
const struct counter *counter_get(size_t number);

#endif /* SCITAGD_COUNTERS_H */
