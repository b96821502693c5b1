/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Addresses as others see them: what fireflies say where this host is behind
 * an address translation.
 */
#ifndef SCITAGD_NAT_H
#define SCITAGD_NAT_H

#include <systemd/sd-event.h>

struct config;
struct flow_key;
struct local;
struct nat;

/*
 * config is used as long as this lives or until there is another, local as
 * long as it lives. Returns 0 or -errno.
 */
int nat_new(struct nat **out, sd_event *event, const struct config *config,
	    struct local *local);
void nat_free(struct nat *nat); /* NULL is fine */

/* From now on, what config has; without a STUN server if there is no memory. */
void nat_reload(struct nat *nat, const struct config *config);

/*
 * Change the addresses of a flow. For each of them the first of these decides:
 * the table fireflies.translate; what the STUN server said, of the private
 * IPv4 addresses of this host; or it stays as it is.
 */
void nat_apply(const struct nat *nat, struct flow_key *key);

#endif /* SCITAGD_NAT_H */
