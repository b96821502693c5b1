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

/* Kernels that know BIG TCP by a header of their own leave this trace. */
static bool packet_is_jumbo(const struct sk_buff *skb)
{
	const struct ipv6hdr *ip6 = ipv6_hdr(skb);

	return ip6->nexthdr == NEXTHDR_HOP && !ip6->payload_len &&
	       skb->len > IPV6_MAXPLEN;
}

bool scitag_packet_skip_headers(struct scitag_packet *packet,
				const struct sk_buff *skb, u8 *protocol)
{
	unsigned int auth = 0;
	__be16 frag_off;
	int offset;

	if (!ipv6_ext_hdr(*protocol))
		return false;
	/* AH is put on behind us, and the packet then comes by again. */
	if (ipv6_find_hdr(skb, &auth, NEXTHDR_AUTH, NULL, NULL) >= 0)
		return false;
	packet->ext_header = true;
	packet->jumbo = packet_is_jumbo(skb);
	offset = ipv6_skip_exthdr(skb, packet->l4_offset, protocol, &frag_off);
	if (offset < 0 || !scitag_packet_is_ours(*protocol))
		return false;
	packet->l4_offset = offset;
	return true;
}

bool scitag_packet_copy_ports(struct scitag_packet *packet,
			      const struct sk_buff *skb)
{
	__be16 ports[2];

	if (skb_copy_bits(skb, packet->l4_offset, ports, sizeof(ports)))
		return false;
	packet->key.sport = ports[0];
	packet->key.dport = ports[1];
	return true;
}

bool scitag_packet_parse_ipv4(struct scitag_packet *packet,
			      const struct sk_buff *skb)
{
	const struct iphdr *ip = ip_hdr(skb);

	if (!scitag_packet_is_ours(ip->protocol) || (ip->frag_off & htons(IP_OFFSET)))
		return false;
	packet->ext_header = false;
	packet->jumbo = false;
	packet->l4_offset = skb_network_offset(skb) + ip->ihl * 4;
	ipv6_addr_set_v4mapped(ip->saddr, &packet->key.src);
	ipv6_addr_set_v4mapped(ip->daddr, &packet->key.dst);
	return scitag_packet_read_ports(packet, skb, ip->protocol);
}

/* Octets from the IP header up to the payload, or 0 if it is too short. */
static unsigned int packet_headers_len(const struct sk_buff *skb,
				       u32 l4_offset, bool tcp)
{
	unsigned int l4_len = sizeof(struct udphdr);
	const struct tcphdr *th;
	struct tcphdr buf;

	if (tcp) {
		th = skb_header_pointer(skb, l4_offset, sizeof(*th), &buf);
		if (!th || th->doff < 5)
			return 0;
		l4_len = th->doff * 4;
	}
	if (skb->len < l4_offset + l4_len)
		return 0;
	return l4_offset - skb_network_offset(skb) + l4_len;
}

bool scitag_packet_measure_gso(struct scitag_packet *packet,
			       const struct sk_buff *skb)
{
	bool tcp = packet->key.protocol == IPPROTO_TCP;
	unsigned int headers_len, payload_len;
	u32 l4_offset = packet->l4_offset;

	/* Of a tunnel's datagram, what is inside is cut, behind its header. */
	if (unlikely(skb->encapsulation)) {
		l4_offset = skb_inner_transport_offset(skb);
		tcp = skb_is_gso_tcp(skb);
	}
	headers_len = packet_headers_len(skb, l4_offset, tcp);
	if (!headers_len)
		return false;
	payload_len = skb->len - headers_len;
	if (unlikely(packet->jumbo)) /* that header never reaches the wire */
		headers_len -= JUMBO_HEADER_LEN;
	packet->segments = max_t(u32, skb_shinfo(skb)->gso_segs, 1);
	packet->segment_len = headers_len + skb_shinfo(skb)->gso_size;
	packet->bytes = payload_len + (u64)packet->segments * headers_len;
	return true;
}

bool scitag_packet_has_payload(const struct scitag_packet *packet,
			       const struct sk_buff *skb)
{
	unsigned int headers_len =
		packet_headers_len(skb, packet->l4_offset,
				   packet->key.protocol == IPPROTO_TCP);

	return headers_len && skb->len > headers_len;
}
