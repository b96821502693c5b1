/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Socket addresses to and from struct addr.
 */
#ifndef SCITAGD_SOCKADDR_H
#define SCITAGD_SOCKADDR_H

#include <netinet/in.h>
#include <stdint.h>
#include <sys/socket.h>

#include "addr.h"

union sockaddr_any {
	struct sockaddr sa;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	struct sockaddr_storage storage;
};

/* Returns the length of *sa, or 0 for an address of no family. */
socklen_t sockaddr_fill(union sockaddr_any *sa, const struct addr *addr,
			uint16_t port);

/*
 * An IPv4-mapped address becomes the IPv4 address. Returns 0, or -EAFNOSUPPORT
 * with *addr and *port unchanged.
 */
int sockaddr_read(const struct sockaddr *sa, struct addr *addr, uint16_t *port);

/* For messages: "192.0.2.1:10514", "[2001:db8::1]:10514". Returns buf. */
#define SOCKADDR_TEXT_MAX (ADDR_TEXT_MAX + 8)
const char *sockaddr_text(const struct addr *addr, uint16_t port,
			  char buf[static SOCKADDR_TEXT_MAX]);

/*
 * A non-blocking UDP socket, bound. An IPv6 one takes no IPv4.
 * Returns a descriptor or -errno.
 */
int sockaddr_bind_udp(const struct addr *addr, uint16_t port);

#endif /* SCITAGD_SOCKADDR_H */
