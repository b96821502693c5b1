// SPDX-License-Identifier: GPL-2.0
/*
 * Linux 5.19 to 6.19, and RHEL from 9.2 on, put a Hop-by-Hop header of their
 * own into TCP packets over IPv6 of more than 64 KiB (BIG TCP, commit
 * 80e425b61342), which no second one can follow. Before, there are no such
 * packets; since 7.0 (merge 1fdad81d8803) they go without it.
 */
#include <net/ipv6.h>

int probe(const struct sk_buff *skb);

int probe(const struct sk_buff *skb)
{
	return ipv6_has_hopopt_jumbo(skb);
}
