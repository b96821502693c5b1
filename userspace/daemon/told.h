/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the kernel tells of flows, and which of it is news: it tells also of
 * what was done from here.
 */
#ifndef SCITAGD_TOLD_H
#define SCITAGD_TOLD_H

#include <stdbool.h>

#include "expected.h"
#include "rules.h"

struct flow_state;
struct flows;
struct genl;
struct genl_event;

struct told {
	struct flows *flows; /* NULL: nobody listens as yet */
	struct rules rules; /* those that are in force */
	struct expected expected;
	bool command_line; /* as configured */
};

/* An event of the kernel, which may be asked for more. */
void told_event(struct told *told, struct genl *genl,
		const struct genl_event *event);

/* A flow that the kernel has now. */
void told_flow(struct told *told, const struct flow_state *state);

#endif /* SCITAGD_TOLD_H */
