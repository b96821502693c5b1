/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which datagrams have been passed on just now: one that comes back, from
 * another daemon that does the same on this host, ends here.
 */
#ifndef SCITAGD_RELAY_H
#define SCITAGD_RELAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A datagram takes no longer to come back than so many others to come. */
#define RELAY_RECENT 256

/* All zero at first. */
struct relay {
	uint64_t recent[RELAY_RECENT]; /* hashes */
	size_t next; /* the oldest, whose place the next one takes */
};

/* Is it none of the recent ones? It is one from now on. */
bool relay_is_new(struct relay *relay, const void *data, size_t len);

#endif /* SCITAGD_RELAY_H */
