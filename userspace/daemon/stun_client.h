/* SPDX-License-Identifier: GPL-2.0 */
/*
 * By which IPv4 address this host is known outside, asked of a STUN server
 * again and again.
 */
#ifndef SCITAGD_STUN_CLIENT_H
#define SCITAGD_STUN_CLIENT_H

#include <systemd/sd-event.h>

struct addr;
struct endpoint;
struct stun_client;

/*
 * Asks from source, or if that is unspecified from where the route leads.
 * Nothing waits for an answer; failures are logged. server is copied.
 * Returns 0 or -errno.
 */
int stun_client_new(struct stun_client **out, sd_event *event,
		    const struct endpoint *server, const struct addr *source);
void stun_client_free(struct stun_client *client); /* NULL is fine */

/* What the server said last, or NULL if it has said nothing yet. */
const struct addr *stun_client_addr(const struct stun_client *client);

#endif /* SCITAGD_STUN_CLIENT_H */
