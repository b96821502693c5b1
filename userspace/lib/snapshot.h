/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A snapshot of a flow: its counters and the state of its TCP connection at a
 * moment.
 */
#ifndef SCITAG_SNAPSHOT_H
#define SCITAG_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flow.h"

struct nlattr;

/* The longest name of a congestion control with its NUL (TCP_CA_NAME_MAX). */
#define SNAPSHOT_CONG_MAX 16

/* The numbers of linux/sock_diag.h (SK_MEMINFO_VARS). */
#define SNAPSHOT_MEMINFO_MAX 9

struct snapshot {
	uint32_t flow_id;
	uint32_t trigger; /* bits of enum scitag_snapshot_trigger; 0: a reply */
	uint64_t time_ns; /* since 1970 */
	uint64_t age_ns; /* since the flow began */
	uint64_t packets;
	uint64_t bytes;
	uint64_t marked;

	/* Of the socket. What the kernel did not send is 0. */
	bool has_tcp;
	uint8_t state; /* as in linux/tcp_states.h */
	uint8_t closed_from; /* the state before, if it is closed; or 0 */
	struct tcp_info tcp_info;
	size_t tcp_info_len; /* octets that the kernel did send */
	char cong[SNAPSHOT_CONG_MAX];
	uint32_t cong_kind; /* INET_DIAG_VEGASINFO ..., 0: nothing */
	union {
		struct {
			uint32_t enabled;
			uint32_t rttcnt;
			uint32_t rtt_us;
			uint32_t minrtt_us;
		} vegas;
		struct {
			uint16_t enabled;
			uint16_t ce_state;
			uint32_t alpha; /* of 1024 */
			uint32_t ab_ecn;
			uint32_t ab_tot;
		} dctcp;
		struct {
			uint64_t bw; /* octets per second */
			uint32_t min_rtt_us;
			uint32_t pacing_gain; /* of 256 */
			uint32_t cwnd_gain; /* of 256 */
		} bbr;
	} cong_info;
	uint32_t meminfo[SNAPSHOT_MEMINFO_MAX]; /* by SK_MEMINFO_* */
	size_t meminfo_len; /* numbers that the kernel did send */
};

/*
 * Read a SCITAG_A_SNAPSHOT. Attributes and octets beyond those that are known
 * here are left out. Returns 0 or -EBADMSG.
 */
int snapshot_get(struct snapshot *snapshot, const struct nlattr *nest);

/*
 * Text of triggers ("interval,end"; "none"), and back: of those that can be
 * asked for, 0 or -EINVAL.
 */
#define SNAPSHOT_TRIGGER_TEXT_MAX 40
const char *snapshot_trigger_format(uint32_t trigger,
				    char buf[static SNAPSHOT_TRIGGER_TEXT_MAX]);
int snapshot_trigger_parse(uint32_t *trigger, const char *text);

#endif /* SCITAG_SNAPSHOT_H */
