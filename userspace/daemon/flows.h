/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The daemon's table of open flows: what the sources announced. It decides
 * what is marked and what is reported, and has both done by others, through
 * callbacks.
 *
 * A flow is known by its 5-tuple, from whichever side it is announced: A to B
 * and B to A are the same connection. Its entry keeps the orientation of the
 * start.
 */
#ifndef SCITAGD_FLOWS_H
#define SCITAGD_FLOWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "firefly.h"
#include "local.h"
#include "snapshot.h"
#include "table.h"

struct config;
struct tagcounts;

/* Who made a flow: it is looked after accordingly. */
enum flow_origin {
	FLOW_ANNOUNCED, /* a source */
	FLOW_OF_RULE, /* the kernel, which ends it, too */
	FLOW_OF_HAND, /* somebody who entered it; not to be touched */
};

/* An open flow. */
struct flow {
	TAILQ_ENTRY(flow) link;
	uint64_t number; /* no other flow ever has it */
	enum flow_origin origin;
	struct flow_key key; /* as announced at its start */
	enum local_side side;
	uint32_t experiment;
	uint32_t activity;
	int64_t start_us;
	int64_t end_us; /* FIREFLY_UNKNOWN: it has none as yet */
	bool told; /* is its start reported; if it has an end, that */
	uint32_t kernel_id; /* in the kernel's table; 0: not there */
	struct snapshot last; /* the latest; parts as they were known */
	uint64_t ongoing_ns; /* its age at the last ongoing firefly; or 0 */
	char *application; /* or NULL */
};

/* What has come of a flow, to be known after a restart. */
enum flow_note {
	FLOW_NOTE_OPENED, /* it is there, or is otherwise from now on */
	FLOW_NOTE_ENDING, /* it has an end */
	FLOW_NOTE_TOLD, /* which is reported, or else its start */
	FLOW_NOTE_CLOSED, /* it is not there any more */
};

/* What is done with flows elsewhere. Failures are logged there. */
struct flows_calls {
	/* Mark its packets, or mark them with the ids it has now. */
	void (*mark)(void *data, const struct flow *flow);
	void (*unmark)(void *data, const struct flow *flow);
	/* Look at it now: all 0 if the kernel does not have it. */
	void (*sample)(void *data, const struct flow *flow,
		       struct snapshot *snapshot);
	/* Is its number one that the kernel certainly does not have? */
	bool (*is_gone)(void *data, const struct flow *flow);
	/* Is there a kernel that can be asked? */
	bool (*is_there)(void *data);
	void *kernel; /* data of the five */

	/* Send a firefly of the flow. */
	void (*report)(void *data, const struct flow *flow,
		       const struct firefly *firefly);
	void *emitter; /* data of report */

	/* Keep it over a restart. NULL: nothing is kept. */
	void (*note)(void *data, const struct flow *flow, enum flow_note what);
	void *notes; /* data of note */
};

struct flows;

/* Longest text of an error with its NUL. */
#define FLOWS_ERROR_MAX 256

/*
 * local and calls are used as long as the table lives, config as well, or until
 * there is another.
 */
int flows_new(struct flows **out, const struct config *config,
	      struct local *local, const struct flows_calls *calls);

/* For what comes from now on; max-flows closes no flow that is open. */
void flows_reload(struct flows *flows, const struct config *config);

/* Frees the entries, and does nothing else with them; NULL is fine. */
void flows_free(struct flows *flows);

/*
 * A source says that a flow starts (it is a FIREFLY_START with ids). A new
 * flow is marked and reported. One that is open already and has the same ids
 * stays as it is; with other ids it is retagged: an end with the old ids is
 * reported, then a start with the new ones. One of a TCP connection that is
 * not there, and whose flow the kernel has ended within the last minute, is
 * late and counted.
 * Returns 0; or with a text in error: -EINVAL (a 5-tuple that cannot be),
 * -EADDRNOTAVAIL (neither end is this host), -ERANGE (the marks have no room
 * for the ids), -ENOSPC (too many open flows) or -ENOMEM.
 */
int flows_start(struct flows *flows, const struct firefly *said,
		char error[static FLOWS_ERROR_MAX]);

/*
 * A source says that a flow ends. Only its 5-tuple names the flow; ids are
 * those of the start. The kernel stops marking it, the end is reported.
 * Returns 0; or -ENOENT with a text in error if no such flow is open: then
 * nothing is reported.
 */
int flows_end(struct flows *flows, const struct firefly *said,
	      char error[static FLOWS_ERROR_MAX]);

/*
 * What the kernel tells of flows on its own, any of which may be not one of
 * ours. They are known by their number there, which tells a flow from an older
 * one of the same 5-tuple, whose end is heard of late.
 */

/*
 * There is one, made by a rule or by hand. If it is open already, from
 * whichever side it was announced, that is known now, and nothing else.
 * Otherwise it starts, as long ago as the kernel says. application may be
 * NULL.
 */
void flows_kernel_new(struct flows *flows, const struct flow_state *state,
		      enum flow_origin origin, const char *application);

/* Is one of this number open? Has it other ids there? */
bool flows_kernel_has(const struct flows *flows, uint32_t id);
bool flows_kernel_differs(const struct flows *flows,
			  const struct flow_state *state);

/* Somebody has given it other ids: it is retagged. */
void flows_kernel_update(struct flows *flows, const struct flow_state *state);

/*
 * It has ended: that is reported, and it is forgotten. An end that a source
 * announces later is of no flow that is open. last is its final snapshot.
 */
void flows_kernel_end(struct flows *flows, const struct snapshot *last,
		      const char *reason);

/*
 * It was taken out of the table by hand. One that a source has announced is
 * open all the same; of others that is the end.
 */
void flows_kernel_del(struct flows *flows, const struct snapshot *last);

/* It looked like this: kept, and reported if the period has passed. */
void flows_snapshot(struct flows *flows, const struct snapshot *snapshot);

/* Ends may have been missed: those that the kernel does not have end now. */
void flows_resync(struct flows *flows);

/*
 * The kernel's table is gone, with all that was in it; they stay open, but for
 * those that were entered by hand.
 */
void flows_kernel_gone(struct flows *flows);

/* There is another, or all is to be otherwise: they are entered again. */
void flows_kernel_back(struct flows *flows);

/* They are looked at for the last time and taken out; they stay open. */
void flows_kernel_leave(struct flows *flows);

/* All open flows end now. */
void flows_end_all(struct flows *flows);

/*
 * A restart. At its end flows are handed over: those that are announced are
 * entered again, to be looked after by the kernel alone. At the next start each
 * is restored as it was noted; not the link, and of last nothing. Then either
 * they are resumed: what the kernel has is open, and what it does not have has
 * ended, unless its connection is there. Or, in another life of this host, they
 * have all ended.
 * flows_restore() returns 0, -EEXIST or -ENOMEM.
 */
void flows_hand_over(struct flows *flows);
int flows_restore(struct flows *flows, const struct flow *saved);
void flows_resume(struct flows *flows);
void flows_end_before(struct flows *flows, int64_t end_us);

size_t flows_count(const struct flows *flows);

/* Both directions of a connection are the same flow. NULL: not open. */
const struct flow *flows_find(const struct flows *flows,
			      const struct flow_key *key);

/* The oldest; link leads to the others. NULL: none is open. */
const struct flow *flows_first(const struct flows *flows);

/* What has happened since the table is there. */
struct flows_counters {
	uint64_t started;
	uint64_t kernel_started; /* of these, by the kernel */
	uint64_t retagged;
	uint64_t repeated; /* starts that changed nothing */
	uint64_t late; /* starts of connections that had ended */
	uint64_t ended;
	uint64_t kernel_ended; /* of these, by the kernel */
	uint64_t missed; /* of these, what it said was missed */
	uint64_t ongoing; /* fireflies */
	uint64_t unknown; /* ends without a start */
	uint64_t refused; /* starts */
};
const struct flows_counters *flows_counters(const struct flows *flows);
void flows_log_counters(const struct flows *flows);

/* The same by tag, and what the kernel counted of them. */
const struct tagcounts *flows_tags(const struct flows *flows);

/* For messages: "tcp [2001:db8::1]:1094 > [2001:db8::2]:40000". */
#define FLOW_KEY_TEXT_MAX (2 * ADDR_TEXT_MAX + 32)
const char *flow_key_text(const struct flow_key *key,
			  char buf[static FLOW_KEY_TEXT_MAX]);

/*
 * The 5-tuples of the packets that leave this host: one, or two if both ends
 * are here; the first is the one that is looked at. Returns how many.
 */
size_t flow_egress_keys(const struct flow *flow,
			struct flow_key keys[static 2]);

/* The address of the other host, or NULL if both ends are here. */
const struct addr *flow_remote(const struct flow *flow);

#endif /* SCITAGD_FLOWS_H */
