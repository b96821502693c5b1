/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the hook needs to know of a packet, read from its headers alone.
 */
#ifndef SCITAG_PACKET_H
#define SCITAG_PACKET_H

#include "flow.h"

#include <linux/types.h>

struct sk_buff;

/**
 * struct scitag_packet - a TCP or UDP packet over IPv6 on its way out
 * @key: its flow
 * @headers_len: octets from the IPv6 header up to the payload
 * @payload_len: octets of payload
 * @segments: packets that it will be on the wire
 * @segment_len: octets of the longest of them, from the IPv6 header on
 * @ext_header: does it have extension headers already?
 * @jumbo: is the first of them the one of BIG TCP (Linux 5.19 to 6.19)?
 */
struct scitag_packet {
	struct scitag_flow_key key;
	u32 headers_len;
	u32 payload_len;
	u32 segments;
	u32 segment_len;
	bool ext_header;
	bool jumbo;
};

/**
 * scitag_packet_parse - read a packet
 * @packet: filled
 * @skb: IPv6 packet with its network header set; not changed
 *
 * Context: any, no locks needed.
 * Return: false if it is neither TCP nor UDP, a fragment other than the
 * first, or too short; then @packet is undefined.
 */
bool scitag_packet_parse(struct scitag_packet *packet,
			 const struct sk_buff *skb);

/**
 * scitag_packet_bytes - octets of a packet as it will be on the wire
 * @packet: packet
 *
 * Return: octets of all its segments, from the IPv6 header on.
 */
static inline u64 scitag_packet_bytes(const struct scitag_packet *packet)
{
	return packet->payload_len +
	       (u64)packet->segments * packet->headers_len;
}

#endif /* SCITAG_PACKET_H */
