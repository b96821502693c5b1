/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A flow as the kernel's table holds it.
 */
#ifndef SCITAG_FLOW_H
#define SCITAG_FLOW_H

#include <linux/tcp.h>
#include <stdbool.h>
#include <stdint.h>

#include <uapi/linux/scitag.h>

#include "addr.h"

/*
 * libnl reads glibc's <netinet/tcp.h> for nothing; its struct tcp_info is
 * shorter than the kernel's and has the same name. Say that it was read.
 */
#ifndef _NETINET_TCP_H
#define _NETINET_TCP_H 1
#endif

/* Values of struct flow_spec that stand for "the kernel's default". */
#define FLOW_LAYOUT_DEFAULT (-1)
#define FLOW_OPTION_TYPE_DEFAULT (-1)
#define FLOW_TIMEOUT_DEFAULT (-1)

/* Longest timeout in seconds: a year. */
#define FLOW_TIMEOUT_MAX 31536000

/* What is asked of the kernel for a flow. */
struct flow_spec {
	struct flow_key key; /* as in the packets that leave this host */
	uint32_t experiment;
	uint32_t activity;
	uint32_t mark; /* bits of enum scitag_mark_flags */
	int layout; /* enum scitag_layout or FLOW_LAYOUT_DEFAULT */
	int option_type; /* 0..255 or FLOW_OPTION_TYPE_DEFAULT */
	int entropy; /* enum scitag_entropy */
	int oversize; /* enum scitag_oversize */
	int64_t idle_timeout; /* seconds, 0: never, or FLOW_TIMEOUT_DEFAULT */
	uint32_t hard_timeout; /* seconds, 0: never */
	bool end_on_close;
	uint32_t snapshot_interval; /* milliseconds, 0: none */
	uint32_t snapshot_on; /* bits of enum scitag_snapshot_trigger */
	uint32_t snapshot_factor; /* percent, 0: the kernel's default */
};

/* What the kernel says of a flow. */
struct flow_state {
	struct flow_spec spec;
	uint32_t id;
	uint32_t label; /* 20 bits, host order, with entropy */
	uint64_t packets;
	uint64_t bytes;
	uint64_t marked;
	uint32_t rule; /* that made it; 0: none */
	uint64_t age_ms;
	uint64_t idle_ms; /* since its last packet, or since it began */
	bool has_tcp_info;
	struct tcp_info
		tcp_info; /* octets that the kernel did not send are 0 */
	size_t tcp_info_len; /* octets that it did send */
};

/* Text of marks ("label,hbh,do" or "none"), layouts ("ids") ..., both ways. */
#define FLOW_MARK_TEXT_MAX 16
int flow_mark_parse(uint32_t *mark, const char *text); /* 0 or -EINVAL */
const char *flow_mark_format(uint32_t mark,
			     char buf[static FLOW_MARK_TEXT_MAX]);
int flow_layout_parse(int *layout, const char *text); /* 0 or -EINVAL */
const char *flow_layout_name(int layout); /* NULL if unknown */
int flow_entropy_parse(int *entropy, const char *text);
const char *flow_entropy_name(int entropy);
int flow_oversize_parse(int *oversize, const char *text);
const char *flow_oversize_name(int oversize);
const char *flow_end_reason_name(int reason);

/*
 * Will a Linux router take the header of these marks for one of TCP? True of a
 * layout of 8 octets in Destination Options; protocol 0 is any.
 */
bool flow_layout_is_unsafe(uint8_t protocol, uint32_t mark, int layout);

#endif /* SCITAG_FLOW_H */
