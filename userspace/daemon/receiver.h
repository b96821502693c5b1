/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Fireflies that programs of this host send to the daemon: their flows are
 * marked, and the fireflies go out again with what the kernel knows. Bad
 * datagrams are counted, logged, and change nothing.
 */
#ifndef SCITAGD_RECEIVER_H
#define SCITAGD_RECEIVER_H

#include <stdbool.h>
#include <systemd/sd-event.h>

struct emitter;
struct endpoint;
struct flows;
struct local;
struct receiver;

/*
 * Receive on one address. All but listen is used as long as this lives;
 * emitter knows which datagrams are the daemon's own. Errors are logged.
 * Returns 0 or -errno; -EAFNOSUPPORT or -EADDRNOTAVAIL if this host does not
 * have the address.
 */
int receiver_new(struct receiver **out, sd_event *event,
		 const struct endpoint *listen, struct flows *flows,
		 struct local *local, const struct emitter *emitter);
void receiver_free(struct receiver *receiver); /* NULL is fine */

bool receiver_is_at(const struct receiver *receiver,
		    const struct endpoint *listen);

/* How many datagrams there were, and how many came to nothing. */
void receiver_log_counters(const struct receiver *receiver);

#endif /* SCITAGD_RECEIVER_H */
