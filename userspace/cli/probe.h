/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A short TCP transfer that shows what a path does to it.
 */
#ifndef SCITAG_PROBE_H
#define SCITAG_PROBE_H

#include <stdbool.h>
#include <stdint.h>

#include "addr.h"

/*
 * As much as goes into the buffers of a receiver that does not read, and some
 * twenty segments on a path of 1500 octets.
 */
#define PROBE_OCTETS 32768

/* How it ended. */
enum probe_end {
	PROBE_NO_CONNECTION,
	PROBE_TIMEOUT, /* connected, but not all has arrived */
	PROBE_RESET, /* by the far end, before all had arrived */
	PROBE_DONE, /* all has arrived: the far end's kernel says so */
};

/* What was seen. Numbers are 0 without a connection. */
struct probe_result {
	enum probe_end end;
	int error; /* errno of a connection that failed; 0: no answer */
	uint64_t acked; /* octets that the far end's kernel has */
	uint64_t retransmits; /* segments, SYNs not counted */
	uint32_t mss;
	uint32_t pmtu;
	uint64_t time_ms; /* from connect() on */
	bool answered; /* by scitag check --listen */
	uint64_t arrived; /* octets that it says it has read */
	uint32_t label; /* and what came with them */
	uint32_t headers; /* SCITAG_MARK_HBH and SCITAG_MARK_DO */
};

struct probe;

/*
 * A socket that is bound, so that its 5-tuple can be told beforehand: key has
 * the destination, and gets the source. Returns 0 or -errno.
 */
int probe_new(struct probe **out, struct flow_key *key);
void probe_free(struct probe *probe); /* NULL is fine */

/*
 * Connect and send, for timeout_ms at most, of which a pause that this machine
 * makes takes no more than a tenth of a second. Returns 0; or -EINTR if stop, a
 * descriptor, got readable meanwhile.
 */
int probe_run(struct probe *probe, int timeout_ms, int stop,
	      struct probe_result *result);

/* What the far end sends before it closes, if it is one of ours. */
#define PROBE_ANSWER                                         \
	"scitag check: %" PRIu64 " octets, label 0x%" PRIx32 \
	", headers %" PRIu32 "\n"

#endif /* SCITAG_PROBE_H */
