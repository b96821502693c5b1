/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Fireflies that programs of this host send to the daemon: their flows are
 * marked, and the fireflies go out again with what the kernel knows. Bad
 * datagrams are counted, logged, and change nothing.
 */
#ifndef SCITAGD_RECEIVER_H
#define SCITAGD_RECEIVER_H

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

struct emitter;
struct endpoint;
struct flows;
struct local;
struct receiver;

/*
 * Receive on one address. All but listen is used as long as this lives;
 * emitter knows which datagrams are the daemon's own, and gets those that are
 * to be passed on. Errors are logged.
 * Returns 0 or -errno; -EAFNOSUPPORT or -EADDRNOTAVAIL if this host does not
 * have the address.
 */
int receiver_new(struct receiver **out, sd_event *event,
		 const struct endpoint *listen, struct flows *flows,
		 struct local *local, struct emitter *emitter);
void receiver_free(struct receiver *receiver); /* NULL is fine */

bool receiver_is_at(const struct receiver *receiver,
		    const struct endpoint *listen);
/* Where it receives: address and port. */
const char *receiver_name(const struct receiver *receiver);

/* How many datagrams there were, and how many came to nothing. */
struct receiver_counters {
	uint64_t received;
	uint64_t bad; /* of these: no fireflies */
	uint64_t own; /* of these: this daemon's, left alone */
	uint64_t foreign; /* of these: another host's, left alone */
	uint64_t ongoing; /* of these: neither start nor end */
	uint64_t relayed; /* of these: not of this host, passed on */
	uint64_t lost; /* had no room in the socket */
};
const struct receiver_counters *
receiver_counters(const struct receiver *receiver);
void receiver_log_counters(const struct receiver *receiver);

#endif /* SCITAGD_RECEIVER_H */
