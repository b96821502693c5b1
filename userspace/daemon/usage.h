/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a firefly says of a flow's octets and of its TCP connection.
 */
#ifndef SCITAGD_USAGE_H
#define SCITAGD_USAGE_H

struct firefly;
struct flow;
struct flow_sample;

/*
 * Set usage and netlink of a firefly of flow from the best that is known:
 * its socket as it is now; what the source said of it; or, for a socket that
 * is gone, the latest sample and the kernel's count of packets.
 */
void usage_fill(struct firefly *f, const struct flow *flow,
		const struct firefly *said, const struct flow_sample *now);

#endif /* SCITAGD_USAGE_H */
