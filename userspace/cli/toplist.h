/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The flows that scitag top shows: as they were read last, with what they did
 * since they were read before.
 */
#ifndef SCITAG_TOPLIST_H
#define SCITAG_TOPLIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flow.h"

struct registry;
struct snapshot;

struct toplist_flow {
	struct flow_state state;
	uint64_t age_ns;
	double out; /* bits per second, headers included */
	double in; /* bits per second that TCP has received */
	bool has_tcp; /* what follows is known */
	uint32_t rtt_us;
	uint32_t cwnd;
	uint32_t retransmits;
	uint64_t received;
	double retransmit_rate; /* per second */
};

struct toplist_before;

struct toplist {
	const struct registry *registry; /* NULL: no names; used, not owned */
	struct toplist_flow *flows;
	size_t n;
	size_t shown; /* the first of them, which the filter lets through */
	size_t size;
	struct toplist_before *before;
	size_t n_before;
	int error; /* since toplist_begin() */
};

/* What they can be sorted by, in the order of the columns. */
enum toplist_key {
	TOPLIST_OUT,
	TOPLIST_IN,
	TOPLIST_RTT,
	TOPLIST_RETRANSMITS,
	TOPLIST_RETRANSMIT_RATE,
	TOPLIST_CWND,
	TOPLIST_MARKED,
	TOPLIST_AGE,
	TOPLIST_EXPERIMENT,
	TOPLIST_ACTIVITY,
	TOPLIST_SOURCE,
	TOPLIST_DESTINATION,
	TOPLIST_KEYS
};

/* By name ("out", "retransmit-rate", ...). Returns 0 or -EINVAL. */
int toplist_key_parse(enum toplist_key *key, const char *name);
const char *toplist_key_name(enum toplist_key key);

/* An empty one is all zero. */
void toplist_exit(struct toplist *list);

/*
 * Read all flows anew: begin, add each, end. The rates of a flow that was not
 * there before are those since its beginning. end returns 0 or -ENOMEM, of any
 * of these; then there are none.
 */
void toplist_begin(struct toplist *list);
void toplist_add(struct toplist *list, const struct flow_state *state,
		 const struct snapshot *snapshot);
int toplist_end(struct toplist *list);

/*
 * Show only those whose addresses, ports, or names and ids of experiment and
 * activity have each word of a text in them, in any case.
 */
void toplist_filter(struct toplist *list, const char *words);

/*
 * Sort those that are shown: numbers from the largest, names and addresses from
 * A; or the other way round.
 */
void toplist_sort(struct toplist *list, enum toplist_key key, bool reverse);

#endif /* SCITAG_TOPLIST_H */
