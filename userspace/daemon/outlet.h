/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The sockets that fireflies leave by, one for each family. Each has a port of
 * its own as long as it is open.
 */
#ifndef SCITAGD_OUTLET_H
#define SCITAGD_OUTLET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "addr.h"

struct outlet {
	struct addr source; /* unspecified: which one the route says */
	int fd; /* -1: this host does not have the family */
	uint16_t port;
};

/*
 * Open one. The source need not be there as yet: until it is, nothing can be
 * sent. Returns 0 or -errno; without an error even if there is no such family.
 */
int outlet_open(struct outlet *outlet, const struct addr *source);
void outlet_close(struct outlet *outlet);

/* Send a datagram, now or never. Returns 0 or -errno. */
int outlet_send(const struct outlet *outlet, const struct addr *addr,
		uint16_t port, const void *data, size_t len);

#endif /* SCITAGD_OUTLET_H */
