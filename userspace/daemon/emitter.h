/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Fireflies on their way out: to the collectors and to the other end of their
 * flow. Sending never blocks and never fails for good: what cannot be sent is
 * counted and logged.
 */
#ifndef SCITAGD_EMITTER_H
#define SCITAGD_EMITTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "addr.h"

struct config;
struct emitter;
struct firefly;
struct firefly_sender;
struct flow;
struct local;
struct targets;

/* The name of this daemon in its fireflies. */
#define EMITTER_APP_NAME "scitagd"

/*
 * config is used as long as this lives or until there is another, local as
 * long as it lives. Names of collectors are resolved in the background.
 * Returns 0 or -errno.
 */
int emitter_new(struct emitter **out, sd_event *event,
		const struct config *config, struct local *local);

/*
 * From now on, what config has. Names that were resolved already keep their
 * address until they are again. Returns 0; or -errno, and nothing has changed.
 */
int emitter_reload(struct emitter *emitter, const struct config *config);
void emitter_free(struct emitter *emitter); /* NULL is fine */

/* The call report of struct flows_calls; data is the struct emitter. */
void emitter_report(void *data, const struct flow *flow,
		    const struct firefly *firefly);

/*
 * A program of this host tells of a flow that neither end of is here, in a
 * datagram of len octets: it goes to the collectors, if receiver.relay says so.
 * False: it says no, or another scitagd is that program.
 */
bool emitter_relay(struct emitter *emitter, const struct firefly *said,
		   const struct firefly_sender *sender, const char *data,
		   size_t len);

/*
 * Does a datagram come from here? By its port, which no other socket of this
 * host can have; or, if somebody passed it on, by the names in its header.
 */
bool emitter_is_own_port(const struct emitter *emitter, const struct addr *from,
			 uint16_t port);
bool emitter_is_own_name(const struct emitter *emitter,
			 const struct firefly_sender *sender);

/* How many collectors get nothing because their names have no address yet. */
size_t emitter_unresolved(const struct emitter *emitter);

/* The collectors, for those who tell of them. */
const struct targets *emitter_targets(const struct emitter *emitter);

/* What became of datagrams, and of fireflies that never were one. */
struct emitter_counters {
	uint64_t sent; /* datagrams */
	uint64_t failed; /* datagrams that could not be sent */
	uint64_t unresolved; /* for a collector without an address */
	uint64_t limited; /* more than fireflies.rate */
	uint64_t limited_ongoing; /* of these, of flows that go on */
	uint64_t filtered; /* not for a collector, as configured */
	uint64_t excluded; /* not for a remote address, as configured */
	uint64_t unfit; /* fireflies that could not be written */
};
struct emitter_counters emitter_counters(const struct emitter *emitter);
void emitter_log_counters(const struct emitter *emitter);

#endif /* SCITAGD_EMITTER_H */
