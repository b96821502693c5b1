/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Open flows, to be found by their 5-tuple and by the number that the kernel
 * gave them. Frees nothing: the flows are their owner's.
 */
#ifndef SCITAGD_TABLE_H
#define SCITAGD_TABLE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

struct flow;
struct flow_key;

TAILQ_HEAD(flow_list, flow);

struct table {
	/* Balanced trees (tsearch): no input can make lookups slow. */
	void *by_key;
	void *by_id; /* those that have a number */
	struct flow_list list; /* in the order of their start */
	size_t count;
};

void table_init(struct table *table);

/* Both directions of a connection are the same flow. NULL: not there. */
struct flow *table_find(const struct table *table, const struct flow_key *key);
struct flow *table_find_id(const struct table *table, uint32_t id);

/* A flow that is not there, without a number. Returns 0 or -ENOMEM. */
int table_insert(struct table *table, struct flow *flow);
void table_remove(struct table *table, struct flow *flow);

/*
 * The kernel's number of a flow; 0: none. Another one of that number loses it.
 * Without memory the flow has none.
 */
void table_set_id(struct table *table, struct flow *flow, uint32_t id);

#endif /* SCITAGD_TABLE_H */
