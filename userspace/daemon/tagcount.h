/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What left this host with each tag: sums over flows, open ones and those that
 * have ended, of what the kernel counts of them.
 */
#ifndef SCITAGD_TAGCOUNT_H
#define SCITAGD_TAGCOUNT_H

#include <stddef.h>
#include <stdint.h>

struct snapshot;

/* Tags that have counters of their own; all others share the last ones. */
#define TAGCOUNT_MAX 1000

struct tagcount {
	uint32_t experiment;
	uint32_t activity;
	uint64_t flows; /* that started with it */
	uint64_t packets;
	uint64_t bytes; /* of these packets, with their headers */
	uint64_t marked; /* of these packets, those that have the mark */
};

struct tagcounts {
	struct tagcount tags[TAGCOUNT_MAX];
	size_t n;
	struct tagcount others; /* its ids mean nothing */
};

/* A flow starts. */
void tagcount_start(struct tagcounts *counts, uint32_t experiment,
		    uint32_t activity);

/*
 * The kernel has counted: now is what it says of a flow, before what it said
 * last. Its numbers begin anew when the flow is another one there.
 */
void tagcount_add(struct tagcounts *counts, uint32_t experiment,
		  uint32_t activity, const struct snapshot *before,
		  const struct snapshot *now);

#endif /* SCITAGD_TAGCOUNT_H */
