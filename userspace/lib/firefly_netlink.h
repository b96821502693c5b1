/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The object "netlink" of a firefly: what it says of the TCP connection, in
 * the mode that the firefly asks for (firefly.h). Pure, as firefly.h.
 */
#ifndef SCITAG_FIREFLY_NETLINK_H
#define SCITAG_FIREFLY_NETLINK_H

#include <stddef.h>

struct firefly;

/* Room in which there is always place for the round-trip time. */
#define FIREFLY_NETLINK_MIN 64

/*
 * Write "netlink":{...} with a NUL into size octets. What does not fit is left
 * out: first what is of the least use. Returns the length without the NUL; 0,
 * and "", if there is nothing to say.
 */
size_t firefly_netlink_format(char *buf, size_t size, const struct firefly *f);

#endif /* SCITAG_FIREFLY_NETLINK_H */
