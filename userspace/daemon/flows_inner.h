/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The table of flows from inside. Shared by flows.c, flows_kernel.c and
 * flows_restart.c.
 */
#ifndef SCITAGD_FLOWS_INNER_H
#define SCITAGD_FLOWS_INNER_H

#include "flows.h"
#include "lately.h"
#include "limit.h"
#include "table.h"
#include "tagcount.h"

struct flows {
	const struct config *config;
	struct local *local;
	struct flows_calls calls;

	struct table table;
	struct lately lately; /* TCP flows that the kernel has ended */
	uint64_t last_number;
	struct flows_counters counters;
	struct tagcounts tags;
	struct limit limit; /* messages that events were lost */
};

/*
 * A flow as said says, which is a start: in the table, and noted. Neither
 * marked nor reported as yet. NULL: no memory.
 */
struct flow *flows_open(struct flows *flows, const struct firefly *said,
			enum local_side side, enum flow_origin origin);

/* Out of the table, which is noted, and freed. */
void flows_drop(struct flows *flows, struct flow *flow);

/* Report its start, or its end. fresh: its socket was seen just now. */
void flows_tell_start(struct flows *flows, struct flow *flow,
		      const struct firefly *said, bool fresh);
void flows_tell_end(struct flows *flows, struct flow *flow,
		    const struct firefly *said, bool fresh);

/* Give it what said says, between the two. */
void flows_change(struct flows *flows, struct flow *flow,
		  const struct firefly *said);

/* Have a look at a flow, and keep what is seen. Is its socket there? */
bool flows_look(struct flows *flows, struct flow *flow);

/* The same after it was entered anew: it may have another number now. */
bool flows_mark(struct flows *flows, struct flow *flow);

void flows_report(struct flows *flows, const struct flow *flow,
		  enum firefly_state state, const struct firefly *said,
		  bool fresh);

/* For messages at LOG_DEBUG. */
void flow_log(const struct flow *flow, const char *what);

/* Seconds of a clock that is never set. */
int64_t flows_now_s(void);

/* Counters are always told; of a socket that is gone the last is kept. */
void flows_keep(struct flows *flows, struct flow *flow,
		const struct snapshot *now);

#endif /* SCITAGD_FLOWS_INNER_H */
