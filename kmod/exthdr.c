// SPDX-License-Identifier: GPL-2.0
#include "exthdr.h"

#include "mark.h"
#include "offload.h"
#include "packet.h"
#include "room.h"

#include <linux/in.h>
#include <linux/ipv6.h>
#include <linux/netdevice.h>
#include <linux/skbuff.h>
#include <linux/string.h>
#include <net/dst.h>
#include <net/inet_sock.h>
#include <net/ipv6.h>
#include <net/sock.h>
#include <net/tcp.h>

/* Can the sender be told? What a tunnel carries has sent another packet. */
static bool exthdr_has_sender(const struct sk_buff *skb,
			      const struct scitag_packet *packet)
{
	const struct sock *sk = skb->sk;

	return sk && sk_fullsock(sk) && sk->sk_family == AF_INET6 &&
	       sk->sk_protocol == IPPROTO_UDP &&
	       inet_sk(sk)->inet_sport == packet->key.sport;
}

/*
 * A segment of TCP that gets too long is one of a burst that was cut before
 * there was room. With datagrams it depends on what was asked for.
 */
static enum scitag_stat exthdr_oversize(const struct sk_buff *skb,
					const struct scitag_packet *packet,
					const struct scitag_mark *mark)
{
	bool may_fragment = skb->ignore_df && !skb_is_gso(skb);

	if (packet->key.protocol != IPPROTO_UDP)
		return SCITAG_STAT_TOO_BIG;
	if (mark->spec.oversize == SCITAG_OVERSIZE_FRAGMENT && may_fragment)
		return SCITAG_STAT_MARKED;
	if (mark->spec.oversize == SCITAG_OVERSIZE_EMSGSIZE &&
	    !skb->ignore_df && exthdr_has_sender(skb, packet))
		return SCITAG_STAT_REFUSED;
	return SCITAG_STAT_TOO_BIG;
}

/* BIG TCP as of Linux 7.0 has no length in the header, and none of its own. */
static bool exthdr_may_be_big(const struct sk_buff *skb)
{
	return ipv6_gso_plain_max() == U32_MAX && skb_is_gso(skb) &&
	       skb_is_gso_tcp(skb);
}

/* Do the segments still fit, on the wire and in their length field? */
static enum scitag_stat exthdr_fits(const struct sk_buff *skb,
				    const struct scitag_packet *packet,
				    const struct scitag_mark *mark,
				    const struct net_device *out)
{
	u32 payload = ntohs(ipv6_hdr(skb)->payload_len);
	const struct dst_entry *dst = skb_dst(skb);
	u32 mtu;

	/* Every path takes that much: no need to ask this one. */
	if (skb->len + mark->headers_len <= IPV6_MIN_MTU)
		return SCITAG_STAT_MARKED;
	if (unlikely(payload + mark->headers_len > IPV6_MAXPLEN) &&
	    !exthdr_may_be_big(skb))
		return SCITAG_STAT_TOO_BIG;
	mtu = dst ? dst_mtu(dst) : READ_ONCE(out->mtu);
	if (likely(packet->segment_len + mark->headers_len <= mtu))
		return SCITAG_STAT_MARKED;
	return exthdr_oversize(skb, packet, mark);
}

/*
 * Open a gap behind the IPv6 header by moving that down. What is behind it
 * stays where it is, and with it the transport header and where the checksum
 * starts.
 */
static void exthdr_move_down(struct sk_buff *skb, unsigned int octets)
{
	const struct ipv6hdr ip6 = *ipv6_hdr(skb);

	/* By way of the stack: old and new place overlap. */
	__skb_push(skb, octets);
	skb_reset_network_header(skb);
	*ipv6_hdr(skb) = ip6;
}

/*
 * Open it by moving up what is behind, which is cheaper than a new buffer
 * where there is no room in front. The buffer must be linear and ours alone,
 * and the packet no tunnel's: the places of the headers in that stay.
 */
static void exthdr_move_up(struct sk_buff *skb, unsigned int octets)
{
	u8 *behind = skb_network_header(skb) + sizeof(struct ipv6hdr);

	memmove(behind + octets, behind, skb_tail_pointer(skb) - behind);
	__skb_put(skb, octets);
	if (skb_transport_header_was_set(skb) &&
	    skb_transport_header(skb) >= behind)
		skb->transport_header += octets;
	if (skb->ip_summed == CHECKSUM_PARTIAL)
		skb->csum_start += octets;
}

/*
 * Make room in front, if need be in a new buffer. Large datagrams for devices
 * that compute no checksums say where theirs starts, but not that there is
 * one to compute (Linux 6.11): such an offset is not moved with the buffer.
 */
static int exthdr_cow(struct sk_buff *skb, unsigned int headroom)
{
	bool keep = skb_is_gso(skb) && skb->ip_summed == CHECKSUM_NONE;
	int csum_offset = skb_checksum_start_offset(skb) -
			  skb_transport_offset(skb);

	if (skb_cow_head(skb, headroom))
		return -ENOMEM;
	if (unlikely(keep))
		skb->csum_start = skb->transport_header + csum_offset;
	return 0;
}

/* The header of the device goes in front; without room, all is copied again. */
static int exthdr_open(struct sk_buff *skb, unsigned int octets,
		       const struct net_device *out)
{
	unsigned int headroom = octets + LL_RESERVED_SPACE(out);

	if (skb_headroom(skb) < headroom && !skb_is_nonlinear(skb) &&
	    skb_tailroom(skb) >= octets && !skb_cloned(skb) &&
	    !skb_is_gso(skb) && !skb->encapsulation) {
		exthdr_move_up(skb, octets);
		return 0;
	}
	if (exthdr_cow(skb, headroom))
		return -ENOMEM;
	exthdr_move_down(skb, octets);
	return 0;
}

static void exthdr_write_label(u8 *at, u32 label)
{
	at[0] = (label >> 16) & 0x0f;
	at[1] = (label >> 8) & 0xff;
	at[2] = label & 0xff;
}

static void exthdr_write(struct sk_buff *skb, const struct scitag_mark *mark,
			 u32 label)
{
	struct ipv6hdr *ip6 = ipv6_hdr(skb);
	u8 *headers = (u8 *)(ip6 + 1);
	u32 len = skb->len - sizeof(*ip6);
	int i;

	ip6->nexthdr = mark->first;
	ip6->payload_len = htons(len > IPV6_MAXPLEN ? 0 : len);
	memcpy(headers, mark->headers, 8);
	if (mark->headers_len > 8)
		memcpy(headers + 8, mark->headers + 8, 8);
	if (mark->headers_len > 16)
		memcpy(headers + 16, mark->headers + 16, 8);
	/* The layouts that hold a label hold the flow's, with its entropy. */
	for (i = 0; i < ARRAY_SIZE(mark->label_at); i++)
		if (unlikely(mark->label_at[i]))
			exthdr_write_label(headers + mark->label_at[i], label);
}

enum scitag_stat scitag_exthdr_insert(struct sk_buff *skb,
				      const struct scitag_packet *packet,
				      struct scitag_flow *flow,
				      const struct scitag_mark *mark, u32 label,
				      const struct net_device *out)
{
	bool tcp = packet->key.protocol == IPPROTO_TCP;
	unsigned int octets = mark->headers_len;
	enum scitag_stat stat;
	bool room;

	if (unlikely(packet->ext_header && !packet->jumbo))
		return SCITAG_STAT_EXT_HEADER;
	room = !tcp || scitag_room_there(skb, packet, flow, octets);
	if (unlikely(packet->jumbo))
		return SCITAG_STAT_JUMBO;
	if (!room)
		return SCITAG_STAT_NO_ROOM;
	stat = exthdr_fits(skb, packet, mark, out);
	if (stat != SCITAG_STAT_MARKED)
		return stat;
	stat = scitag_offload_check(skb, out);
	if (stat != SCITAG_STAT_MARKED)
		return stat;
	if (exthdr_open(skb, octets, out))
		return SCITAG_STAT_NO_MEMORY;

	exthdr_write(skb, mark, label);
	return SCITAG_STAT_MARKED;
}
