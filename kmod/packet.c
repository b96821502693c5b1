// SPDX-License-Identifier: GPL-2.0
#include "packet.h"

#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/ip.h>
#include <net/ipv6.h>

/* Octets of the Hop-by-Hop Options header of a jumbogram (RFC 2675). */
#define JUMBO_HEADER_LEN 8

/* The source port and, behind it, the destination port of TCP and of UDP. */
#define PORTS_LEN 4

static bool packet_is_ours(u8 protocol)
{
	return protocol == IPPROTO_TCP || protocol == IPPROTO_UDP;
}

/* Kernels that know BIG TCP by a header of their own leave this trace. */
static bool packet_is_jumbo(const struct sk_buff *skb)
{
	const struct ipv6hdr *ip6 = ipv6_hdr(skb);

	return ip6->nexthdr == NEXTHDR_HOP && !ip6->payload_len &&
	       skb->len > IPV6_MAXPLEN;
}

/*
 * Find the upper-layer header behind extension headers. Returns its offset
 * in the packet, or a negative number.
 */
static noinline int packet_skip_headers(struct scitag_packet *packet,
					const struct sk_buff *skb, int offset,
					u8 *protocol)
{
	__be16 frag_off;

	if (!ipv6_ext_hdr(*protocol))
		return -EPROTONOSUPPORT;
	packet->ext_header = true;
	packet->jumbo = packet_is_jumbo(skb);
	offset = ipv6_skip_exthdr(skb, offset, protocol, &frag_off);
	return packet_is_ours(*protocol) ? offset : -EPROTONOSUPPORT;
}

static bool packet_read_ports(struct scitag_packet *packet,
			      const struct sk_buff *skb, u8 protocol)
{
	__be16 buf[2], *ports;

	ports = skb_header_pointer(skb, packet->l4_offset, PORTS_LEN, buf);
	if (unlikely(!ports))
		return false;
	packet->key.sport = ports[0];
	packet->key.dport = ports[1];
	packet->key.protocol = protocol;
	memset(packet->key.zero, 0, sizeof(packet->key.zero));
	return true;
}

bool scitag_packet_parse(struct scitag_packet *packet,
			 const struct sk_buff *skb)
{
	const struct ipv6hdr *ip6 = ipv6_hdr(skb);
	int offset = skb_network_offset(skb) + sizeof(*ip6);
	u8 protocol = ip6->nexthdr;

	packet->ext_header = false;
	packet->jumbo = false;
	if (unlikely(!packet_is_ours(protocol))) {
		offset = packet_skip_headers(packet, skb, offset, &protocol);
		if (offset < 0)
			return false;
	}
	packet->l4_offset = offset;
	packet->key.src = ip6->saddr;
	packet->key.dst = ip6->daddr;
	return packet_read_ports(packet, skb, protocol);
}

bool scitag_packet_parse_ipv4(struct scitag_packet *packet,
			      const struct sk_buff *skb)
{
	const struct iphdr *ip = ip_hdr(skb);

	if (!packet_is_ours(ip->protocol) || (ip->frag_off & htons(IP_OFFSET)))
		return false;
	packet->ext_header = false;
	packet->jumbo = false;
	packet->l4_offset = skb_network_offset(skb) + ip->ihl * 4;
	ipv6_addr_set_v4mapped(ip->saddr, &packet->key.src);
	ipv6_addr_set_v4mapped(ip->daddr, &packet->key.dst);
	return packet_read_ports(packet, skb, ip->protocol);
}

/* Length of the upper-layer header, or 0. */
static unsigned int packet_l4_len(const struct scitag_packet *packet,
				  const struct sk_buff *skb)
{
	const struct tcphdr *th;
	struct tcphdr buf;

	if (packet->key.protocol == IPPROTO_UDP)
		return sizeof(struct udphdr);
	th = skb_header_pointer(skb, packet->l4_offset, sizeof(*th), &buf);
	return th && th->doff >= 5 ? th->doff * 4 : 0;
}

bool scitag_packet_measure(struct scitag_packet *packet,
			   const struct sk_buff *skb)
{
	unsigned int l4_len = packet_l4_len(packet, skb);

	packet->headers_len = packet->l4_offset - skb_network_offset(skb) +
			      l4_len;
	if (unlikely(!l4_len || skb->len < packet->headers_len))
		return false;
	packet->payload_len = skb->len - packet->headers_len;
	if (unlikely(packet->jumbo)) /* that header never reaches the wire */
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
