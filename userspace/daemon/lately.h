/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Flows that the kernel has ended a moment ago: what is announced of them now
 * is late.
 */
#ifndef SCITAGD_LATELY_H
#define SCITAGD_LATELY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

struct flow_key;
struct lately_flow;

/* How long they are remembered, and how many at most. */
#define LATELY_S 60
#define LATELY_MAX 65536

TAILQ_HEAD(lately_list, lately_flow);

struct lately {
	void *by_key; /* as in table.h */
	struct lately_list list; /* the oldest first */
	size_t count;
};

void lately_init(struct lately *lately);
void lately_exit(struct lately *lately);

/* now_s is of a clock that is never set. Without memory it is not kept. */
void lately_add(struct lately *lately, const struct flow_key *key,
		uint32_t kernel_id, int64_t now_s);

/* Was it there, from whichever side? */
bool lately_has(struct lately *lately, const struct flow_key *key,
		int64_t now_s);

/* Was it the one that had this number in the kernel's table, which is not 0? */
bool lately_is(struct lately *lately, const struct flow_key *key,
	       uint32_t kernel_id);

/* The kernel has another table: numbers begin anew. */
void lately_forget_ids(struct lately *lately);

#endif /* SCITAGD_LATELY_H */
