/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a firefly says of a flow's octets and of its TCP connection.
 */
#ifndef SCITAGD_USAGE_H
#define SCITAGD_USAGE_H

#include <stdbool.h>

struct firefly;
struct flow;

/*
 * Set usage and netlink of a firefly of flow from the best that is known:
 * its socket if that was seen just now (fresh) or at its end; what the source
 * said of it; or the latest snapshot and the kernel's count of packets.
 */
void usage_fill(struct firefly *f, const struct flow *flow,
		const struct firefly *said, bool fresh);

#endif /* SCITAGD_USAGE_H */
