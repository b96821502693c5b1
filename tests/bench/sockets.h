/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Sockets whose packets are those of the flows of flows.h.
 */
#ifndef SCITAG_BENCH_SOCKETS_H
#define SCITAG_BENCH_SOCKETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct kind - a kind of sender
 * @name: how it is called
 * @protocol: IPPROTO_UDP or IPPROTO_TCP
 * @payload: octets of one call of send(), which makes one packet unless there
 *           is a peer
 * @segment: octets that a device would cut the packet into, or 0
 * @raw: the sender makes the TCP header as well: raw.h
 * @peer: there is somebody to connect to
 */
struct kind {
	const char *name;
	uint8_t protocol;
	size_t payload;
	unsigned int segment;
	bool raw;
	bool peer;
};

/* NULL if there is no kind of that name. */
const struct kind *kind_find(const char *name);

/* Packets that one call of send() puts on the wire in the end. */
unsigned int kind_segments(const struct kind *kind);

/*
 * A connected socket for flow number i; label is the flow label it asks for,
 * or 0 for the kernel's choice. Prints what is wrong and returns -1 if it is.
 *
 * With TCP and no peer, the socket is told that it is connected (as when a
 * process is restored), so that what is measured is sending alone.
 */
int socket_open(const struct kind *kind, unsigned int i, uint32_t label);

/* Close at once; a peer, if there is one, gets a reset. */
void socket_close(const struct kind *kind, int fd);

#endif /* SCITAG_BENCH_SOCKETS_H */
