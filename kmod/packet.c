// SPDX-License-Identifier: GPL-2.0
#include "packet.h"

#include <linux/ipv6.h>
#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/ipv6.h>

/* Octets of the Hop-by-Hop Options header of a jumbogram (RFC 2675). */
#define JUMBO_HEADER_LEN 8

/* Kernels that know BIG TCP by a header of their own leave this trace. */
static bool packet_is_jumbo(const struct sk_buff *skb)
{
	const struct ipv6hdr *ip6 = ipv6_hdr(skb);

	return ip6->nexthdr == NEXTHDR_HOP && !ip6->payload_len &&
	       skb->len > IPV6_MAXPLEN;
}

/*
 * Find the upper-layer header behind whatever extension headers there are.
 * Returns its offset in the packet, or a negative number.
 */
static int packet_find_l4(struct scitag_packet *packet,
			  const struct sk_buff *skb, u8 *protocol)
{
	int offset = skb_network_offset(skb) + sizeof(struct ipv6hdr);
	__be16 frag_off;

	*protocol = ipv6_hdr(skb)->nexthdr;
	packet->ext_header = false;
	packet->jumbo = false;
	if (*protocol == IPPROTO_TCP || *protocol == IPPROTO_UDP)
		return offset;
	if (!ipv6_ext_hdr(*protocol))
		return -EPROTONOSUPPORT;

	packet->ext_header = true;
	packet->jumbo = packet_is_jumbo(skb);
	return ipv6_skip_exthdr(skb, offset, protocol, &frag_off);
}

/* Read ports; returns the length of the upper-layer header or 0. */
static unsigned int packet_read_l4(struct scitag_flow_key *key,
				   const struct sk_buff *skb, int offset)
{
	const struct udphdr *uh;
	const struct tcphdr *th;
	struct tcphdr buf;

	if (key->protocol == IPPROTO_TCP) {
		th = skb_header_pointer(skb, offset, sizeof(*th), &buf);
		if (!th || th->doff < 5)
			return 0;
		key->sport = th->source;
		key->dport = th->dest;
		return th->doff * 4;
	}
	uh = skb_header_pointer(skb, offset, sizeof(*uh), &buf);
	if (!uh)
		return 0;
	key->sport = uh->source;
	key->dport = uh->dest;
	return sizeof(*uh);
}

bool scitag_packet_parse(struct scitag_packet *packet,
			 const struct sk_buff *skb)
{
	unsigned int l4_len, l4_offset;
	u8 protocol;
	int offset;

	offset = packet_find_l4(packet, skb, &protocol);
	if (offset < 0 ||
	    (protocol != IPPROTO_TCP && protocol != IPPROTO_UDP))
		return false;

	packet->key.src = ipv6_hdr(skb)->saddr;
	packet->key.dst = ipv6_hdr(skb)->daddr;
	packet->key.protocol = protocol;
	memset(packet->key.zero, 0, sizeof(packet->key.zero));

	l4_len = packet_read_l4(&packet->key, skb, offset);
	l4_offset = offset - skb_network_offset(skb);
	if (!l4_len || skb->len < l4_offset + l4_len)
		return false;

	packet->headers_len = l4_offset + l4_len;
	packet->payload_len = skb->len - packet->headers_len;
	if (packet->jumbo) /* that header never reaches the wire */
		packet->headers_len -= JUMBO_HEADER_LEN;
	packet->segments = 1;
	packet->segment_len = skb->len;
	if (skb_is_gso(skb)) {
		packet->segments = max_t(u32, skb_shinfo(skb)->gso_segs, 1);
		packet->segment_len = packet->headers_len +
				      skb_shinfo(skb)->gso_size;
	}
	return true;
}
