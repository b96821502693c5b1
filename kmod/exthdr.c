// SPDX-License-Identifier: GPL-2.0
#include "exthdr.h"

#include "mark.h"
#include "packet.h"
#include "sock.h"

#include <linux/in.h>
#include <linux/ipv6.h>
#include <linux/netdevice.h>
#include <linux/skbuff.h>
#include <linux/string.h>
#include <net/dst.h>
#include <net/ipv6.h>

/*
 * NETIF_F_IPV6_CSUM means checksums and segmentation of plain TCP and UDP over
 * IPv6 (include/linux/skbuff.h, "Checksumming on output"). Not every kernel
 * keeps packets with extension headers away from such a device.
 */
static bool exthdr_device_ok(const struct sk_buff *skb,
			     const struct net_device *out)
{
	if (skb->ip_summed != CHECKSUM_PARTIAL && !skb_is_gso(skb))
		return true;
	return (out->features & NETIF_F_HW_CSUM) ||
	       !(out->features & NETIF_F_IPV6_CSUM);
}

/* Does the longest segment still fit, on the wire and in its length field? */
static bool exthdr_fits(const struct sk_buff *skb,
			const struct scitag_packet *packet,
			const struct net_device *out, unsigned int octets)
{
	const struct dst_entry *dst = skb_dst(skb);
	u32 mtu = dst ? dst_mtu(dst) : READ_ONCE(out->mtu);
	u32 payload = ntohs(ipv6_hdr(skb)->payload_len);

	/* 0: BIG TCP as of Linux 7.0, which has no length in the header. */
	if (payload && payload + octets > IPV6_MAXPLEN)
		return false;
	return packet->segment_len + octets <= mtu;
}

/*
 * Only the IPv6 header moves. What is behind it stays where it is, and with
 * it the transport header and where the checksum starts.
 */
static void exthdr_write(struct sk_buff *skb, const struct scitag_mark *mark)
{
	unsigned int octets = mark->headers_len;
	struct ipv6hdr *ip6 = ipv6_hdr(skb);

	memmove((u8 *)ip6 - octets, ip6, sizeof(*ip6));
	skb_push(skb, octets);
	skb_reset_network_header(skb);

	ip6 = ipv6_hdr(skb);
	ip6->nexthdr = mark->first;
	if (ip6->payload_len)
		ip6->payload_len = htons(ntohs(ip6->payload_len) + octets);
	memcpy(ip6 + 1, mark->headers, octets);
}

enum scitag_stat scitag_exthdr_insert(struct sk_buff *skb,
				      const struct scitag_packet *packet,
				      struct scitag_flow *flow,
				      const struct scitag_mark *mark,
				      const struct net_device *out)
{
	unsigned int octets = mark->headers_len;

	if (packet->ext_header)
		return packet->jumbo ? SCITAG_STAT_JUMBO :
				       SCITAG_STAT_EXT_HEADER;
	if (packet->key.protocol == IPPROTO_TCP &&
	    !scitag_sock_has_room(skb, packet, flow, octets))
		return SCITAG_STAT_NO_ROOM;
	if (!exthdr_fits(skb, packet, out, octets))
		return SCITAG_STAT_TOO_BIG;
	if (!exthdr_device_ok(skb, out))
		return SCITAG_STAT_OFFLOAD;
	/* With room for the device's header, or it is all copied once more. */
	if (skb_cow_head(skb, octets + LL_RESERVED_SPACE(out)))
		return SCITAG_STAT_NO_MEMORY;

	exthdr_write(skb, mark);
	return SCITAG_STAT_MARKED;
}
