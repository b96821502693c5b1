// SPDX-License-Identifier: GPL-2.0
#include "raw.h"

#include <arpa/inet.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <string.h>

#include "flows.h"

#define WINDOW 512

/* The checksum stays 0: what is sent has nobody who would look at it. */
void raw_segment(uint8_t segment[static RAW_SEGMENT_LEN], unsigned int i)
{
	struct flow_key key = bench_flow_key(IPPROTO_TCP, i);
	struct tcphdr th = {
		.source = htons(key.sport),
		.dest = htons(key.dport),
		.seq = htonl(i),
		.ack_seq = htonl(i),
		.doff = sizeof(th) / 4,
		.psh = 1,
		.ack = 1,
		.window = htons(WINDOW),
	};

	memset(segment, 0, RAW_SEGMENT_LEN);
	memcpy(segment, &th, sizeof(th));
}
