/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The addresses of this host (of its network namespace), always as they are
 * now: the kernel tells of changes over rtnetlink.
 */
#ifndef SCITAGD_LOCAL_H
#define SCITAGD_LOCAL_H

#include <stdbool.h>
#include <stddef.h>

#include "addr.h"

struct local;

/* Which end of a flow is this host. */
enum local_side { LOCAL_NONE, LOCAL_SRC, LOCAL_DST, LOCAL_BOTH };

/*
 * more: n addresses that count as local though no interface has them; used as
 * long as this lives or until others are set. Returns 0 or -errno.
 */
int local_new(struct local **out, const struct addr *more, size_t n);
void local_set(struct local *local, const struct addr *more, size_t n);
void local_free(struct local *local); /* NULL is fine */

/* Loopback addresses are always local. Does not block on anything remote. */
bool local_has(struct local *local, const struct addr *addr);

/* Is it in a network of one of the interfaces, as its addresses have them? */
bool local_has_network(struct local *local, const struct addr *addr);
enum local_side local_side(struct local *local, const struct flow_key *key);

#endif /* SCITAGD_LOCAL_H */
