// SPDX-License-Identifier: GPL-2.0
#include "snapshot.h"

#include <errno.h>
#include <linux/inet_diag.h>
#include <netlink/attr.h>
#include <string.h>

#include "attr.h"
#include "flags.h"

/* Those that can be asked for, and the two that need not be. */
static const struct flag_name triggers[] = {
	{ SCITAG_SNAPSHOT_TRIGGER_INTERVAL, "interval" },
	{ SCITAG_SNAPSHOT_TRIGGER_STATE, "state" },
	{ SCITAG_SNAPSHOT_TRIGGER_RTO, "rto" },
	{ SCITAG_SNAPSHOT_TRIGGER_RTT, "rtt" },
	{ SCITAG_SNAPSHOT_TRIGGER_CWND, "cwnd" },
	{ SCITAG_SNAPSHOT_TRIGGER_END, "end" },
};

#define N_TRIGGERS (sizeof(triggers) / sizeof(triggers[0]))

const char *snapshot_trigger_format(uint32_t trigger,
				    char buf[static SNAPSHOT_TRIGGER_TEXT_MAX])
{
	return flags_format(trigger, buf, SNAPSHOT_TRIGGER_TEXT_MAX, triggers,
			    N_TRIGGERS);
}

int snapshot_trigger_parse(uint32_t *trigger, const char *text)
{
	return flags_parse(trigger, text, &triggers[1], N_TRIGGERS - 2);
}

static int get_counters(const struct nlattr *const *attrs,
			struct snapshot *snapshot)
{
	if (!attrs[SCITAG_SNAPSHOT_A_FLOW_ID] ||
	    !attrs[SCITAG_SNAPSHOT_A_TIME] ||
	    attr_u32(attrs[SCITAG_SNAPSHOT_A_FLOW_ID], &snapshot->flow_id) ||
	    attr_u32(attrs[SCITAG_SNAPSHOT_A_TRIGGER], &snapshot->trigger) ||
	    attr_u64(attrs[SCITAG_SNAPSHOT_A_TIME], &snapshot->time_ns) ||
	    attr_u64(attrs[SCITAG_SNAPSHOT_A_AGE], &snapshot->age_ns) ||
	    attr_u64(attrs[SCITAG_SNAPSHOT_A_PACKETS], &snapshot->packets) ||
	    attr_u64(attrs[SCITAG_SNAPSHOT_A_BYTES], &snapshot->bytes) ||
	    attr_u64(attrs[SCITAG_SNAPSHOT_A_MARKED], &snapshot->marked))
		return -EBADMSG;
	return 0;
}

static void get_vegas(struct snapshot *snapshot, const struct nlattr *attr)
{
	struct tcpvegas_info info = { 0 };

	attr_octets(attr, &info, sizeof(info));
	snapshot->cong_info.vegas.enabled = info.tcpv_enabled;
	snapshot->cong_info.vegas.rttcnt = info.tcpv_rttcnt;
	snapshot->cong_info.vegas.rtt_us = info.tcpv_rtt;
	snapshot->cong_info.vegas.minrtt_us = info.tcpv_minrtt;
}

static void get_dctcp(struct snapshot *snapshot, const struct nlattr *attr)
{
	struct tcp_dctcp_info info = { 0 };

	attr_octets(attr, &info, sizeof(info));
	snapshot->cong_info.dctcp.enabled = info.dctcp_enabled;
	snapshot->cong_info.dctcp.ce_state = info.dctcp_ce_state;
	snapshot->cong_info.dctcp.alpha = info.dctcp_alpha;
	snapshot->cong_info.dctcp.ab_ecn = info.dctcp_ab_ecn;
	snapshot->cong_info.dctcp.ab_tot = info.dctcp_ab_tot;
}

static void get_bbr(struct snapshot *snapshot, const struct nlattr *attr)
{
	struct tcp_bbr_info info = { 0 };

	attr_octets(attr, &info, sizeof(info));
	snapshot->cong_info.bbr.bw = (uint64_t)info.bbr_bw_hi << 32 |
				     info.bbr_bw_lo;
	snapshot->cong_info.bbr.min_rtt_us = info.bbr_min_rtt;
	snapshot->cong_info.bbr.pacing_gain = info.bbr_pacing_gain;
	snapshot->cong_info.bbr.cwnd_gain = info.bbr_cwnd_gain;
}

/* Kinds that are not known here become 0, as if there were none. */
static int get_cong(const struct nlattr *const *attrs,
		    struct snapshot *snapshot)
{
	const struct nlattr *info = attrs[SCITAG_SNAPSHOT_A_CONG_INFO];
	uint32_t kind = 0;

	if (attr_string(attrs[SCITAG_SNAPSHOT_A_CONG], snapshot->cong,
			sizeof(snapshot->cong)) ||
	    attr_u32(attrs[SCITAG_SNAPSHOT_A_CONG_KIND], &kind))
		return -EBADMSG;
	if (!info)
		return 0;
	if (kind == INET_DIAG_VEGASINFO)
		get_vegas(snapshot, info);
	else if (kind == INET_DIAG_DCTCPINFO)
		get_dctcp(snapshot, info);
	else if (kind == INET_DIAG_BBRINFO)
		get_bbr(snapshot, info);
	else
		return 0;
	snapshot->cong_kind = kind;
	return 0;
}

static int get_meminfo(const struct nlattr *attr, struct snapshot *snapshot)
{
	size_t size = sizeof(snapshot->meminfo[0]);

	if (attr && nla_len(attr) % size)
		return -EBADMSG;
	snapshot->meminfo_len = attr_octets(attr, snapshot->meminfo,
					    sizeof(snapshot->meminfo)) /
				size;
	return 0;
}

int snapshot_get(struct snapshot *snapshot, const struct nlattr *nest)
{
	const struct nlattr *attrs[SCITAG_SNAPSHOT_A_MAX + 1];

	memset(snapshot, 0, sizeof(*snapshot));
	if (attr_parse_nested(attrs, SCITAG_SNAPSHOT_A_MAX, nest) ||
	    get_counters(attrs, snapshot) ||
	    attr_u8(attrs[SCITAG_SNAPSHOT_A_STATE], &snapshot->state) ||
	    attr_u8(attrs[SCITAG_SNAPSHOT_A_CLOSED_FROM],
		    &snapshot->closed_from) ||
	    get_cong(attrs, snapshot) ||
	    get_meminfo(attrs[SCITAG_SNAPSHOT_A_MEMINFO], snapshot))
		return -EBADMSG;
	snapshot->has_tcp = attrs[SCITAG_SNAPSHOT_A_TCP_INFO];
	snapshot->tcp_info_len = attr_octets(attrs[SCITAG_SNAPSHOT_A_TCP_INFO],
					     &snapshot->tcp_info,
					     sizeof(snapshot->tcp_info));
	return 0;
}
