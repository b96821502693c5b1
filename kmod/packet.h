/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the hook needs to know of a packet, read from its headers alone.
 */
#ifndef SCITAG_PACKET_H
#define SCITAG_PACKET_H

#include "flow.h"

#include <linux/in.h>
#include <linux/ipv6.h>
#include <linux/skbuff.h>
#include <linux/string.h>
#include <linux/types.h>

/**
 * struct scitag_packet - a TCP or UDP packet on its way out
 * @key: its flow
 * @l4_offset: where its upper-layer header is in @skb->data
 * @ext_header: does it have extension headers already?
 * @jumbo: is the first of them the one of BIG TCP (Linux 5.19 to 6.19)?
 * @segments: packets that it will be on the wire
 * @segment_len: octets of the longest of them, from the IP header on
 * @bytes: octets of all of them, from the IP header on
 *
 * The last three are there after scitag_packet_measure().
 */
struct scitag_packet {
	struct scitag_flow_key key;
	u32 l4_offset;
	bool ext_header;
	bool jumbo;
	u32 segments;
	u32 segment_len;
	u64 bytes;
};

/* Does this module care for packets of a protocol? */
static inline bool scitag_packet_is_ours(u8 protocol)
{
	return protocol == IPPROTO_TCP || protocol == IPPROTO_UDP;
}

/* Find the upper-layer header behind extension headers: moves @l4_offset. */
bool scitag_packet_skip_headers(struct scitag_packet *packet,
				const struct sk_buff *skb, u8 *protocol);

/* Read the ports where they are not in the linear part of the packet. */
bool scitag_packet_copy_ports(struct scitag_packet *packet,
			      const struct sk_buff *skb);

/* Read the ports, which TCP and UDP have in the same place. */
static inline bool scitag_packet_read_ports(struct scitag_packet *packet,
					    const struct sk_buff *skb,
					    u8 protocol)
{
	const __be16 *ports = (__be16 *)(skb->data + packet->l4_offset);

	packet->key.protocol = protocol;
	memset(packet->key.zero, 0, sizeof(packet->key.zero));
	if (unlikely(skb_headlen(skb) < packet->l4_offset + 2 * sizeof(*ports)))
		return scitag_packet_copy_ports(packet, skb);
	packet->key.sport = ports[0];
	packet->key.dport = ports[1];
	return true;
}

/**
 * scitag_packet_parse - find out which flow a packet is of
 * @packet: filled but for what scitag_packet_measure() fills
 * @skb: IPv6 packet with its network header set; not changed
 *
 * Inline, as every packet that leaves the namespace goes through it.
 *
 * Context: any, no locks needed.
 * Return: false if it is neither TCP nor UDP, a fragment other than the
 * first, too short, or has AH, which is put on behind LOCAL_OUT; then @packet
 * is undefined.
 */
static inline bool scitag_packet_parse(struct scitag_packet *packet,
				       const struct sk_buff *skb)
{
	const struct ipv6hdr *ip6 = ipv6_hdr(skb);
	u8 protocol = ip6->nexthdr;

	packet->ext_header = false;
	packet->jumbo = false;
	packet->l4_offset = skb_network_offset(skb) + sizeof(*ip6);
	packet->key.src = ip6->saddr;
	packet->key.dst = ip6->daddr;
	if (unlikely(!scitag_packet_is_ours(protocol)) &&
	    !scitag_packet_skip_headers(packet, skb, &protocol))
		return false;
	return scitag_packet_read_ports(packet, skb, protocol);
}

/**
 * scitag_packet_parse_ipv4 - the same for a packet of IPv4
 * @packet: filled in the same way, addresses in their IPv4-mapped form
 * @skb: IPv4 packet with its network header set; not changed
 *
 * Context: any, no locks needed.
 * Return: as scitag_packet_parse().
 */
bool scitag_packet_parse_ipv4(struct scitag_packet *packet,
			      const struct sk_buff *skb);

/* The same for a packet that will be several. */
bool scitag_packet_measure_gso(struct scitag_packet *packet,
			       const struct sk_buff *skb);

/**
 * scitag_packet_measure - find out how long a packet is, and in how many pieces
 * @packet: of this packet; the rest is filled
 * @skb: packet
 *
 * Context: any, no locks needed.
 * Return: false if it is too short for its headers.
 */
static inline bool scitag_packet_measure(struct scitag_packet *packet,
					 const struct sk_buff *skb)
{
	if (skb_is_gso(skb))
		return scitag_packet_measure_gso(packet, skb);
	packet->segments = 1;
	packet->segment_len = skb->len;
	packet->bytes = skb->len;
	return true;
}

/**
 * scitag_packet_has_payload - is there anything behind the headers?
 * @packet: of this packet
 * @skb: packet
 *
 * Context: any, no locks needed.
 * Return: false if not, or if it is too short for its headers.
 */
bool scitag_packet_has_payload(const struct scitag_packet *packet,
			       const struct sk_buff *skb);

#endif /* SCITAG_PACKET_H */
