// SPDX-License-Identifier: GPL-2.0
#include "firefly_netlink.h"

#include <ctype.h>
#include <inttypes.h>
#include <linux/inet_diag.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "firefly.h"
#include "snapshot.h"

/* Octets that close the objects that may be open, and the NUL. */
#define CLOSING 3

/* An object that is being written; full once a member did not fit. */
struct object {
	char *buf;
	size_t len;
	size_t size;
	bool full;
};

/* Numbers of struct tcp_info that are not whole octets. */
enum bits { SND_WSCALE, RCV_WSCALE, APP_LIMITED, FASTOPEN_FAIL };

struct field {
	const char *name; /* as flowd-go has it */
	const char *flat; /* as flowd and ss have it; NULL: they do not */
	size_t offset; /* in struct tcp_info, or enum bits */
	size_t size; /* 0: bits */
	unsigned int flags;
};

#define LEAN 1 /* in the mode of this name, too */
#define US 2 /* microseconds; flat, they are milliseconds */

#define FIELD(name, flat, field, flags)                                        \
	{                                                                      \
		name, flat, offsetof(struct tcp_info, tcpi_##field),           \
			sizeof(((struct tcp_info *)NULL)->tcpi_##field), flags \
	}

/* The most useful ones first: a datagram holds about half of them. */
static const struct field fields[] = {
	FIELD("rtt", NULL, rtt, LEAN | US),
	FIELD("rttVar", "rttvar", rttvar, LEAN | US),
	FIELD("sndCwnd", "snd_cwnd", snd_cwnd, LEAN),
	FIELD("retransmits", "retransmits", retransmits, LEAN),
	FIELD("bytesSent", "bytes_sent", bytes_sent, LEAN),
	FIELD("deliveryRate", "delivery_rate", delivery_rate, LEAN),
	FIELD("pMtu", "pmtu", pmtu, LEAN),
	FIELD("sndMss", "snd_mss", snd_mss, LEAN),
	FIELD("minRtt", "min_rtt", min_rtt, LEAN | US),
	FIELD("sndSsThresh", "snd_ssthresh", snd_ssthresh, LEAN),
	FIELD("advMss", "advmss", advmss, LEAN),
	FIELD("totalRetrans", "total_retrans", total_retrans, 0),
	FIELD("bytesRetrans", "bytes_retrans", bytes_retrans, 0),
	FIELD("bytesAcked", "bytes_acked", bytes_acked, 0),
	FIELD("bytesRecv", "bytes_received", bytes_received, 0),
	FIELD("pacingRate", "pacing_rate", pacing_rate, 0),
	FIELD("lost", "lost", lost, 0),
	FIELD("unAcked", "unacked", unacked, 0),
	FIELD("notsentBytes", "notsent_bytes", notsent_bytes, 0),
	FIELD("busyTime", "busy_time", busy_time, US),
	FIELD("rwndLimited", "rwnd_limited", rwnd_limited, US),
	FIELD("sndBufLimited", "sndbuf_limited", sndbuf_limited, US),
	FIELD("sndWnd", "snd_wnd", snd_wnd, 0),
	FIELD("rto", "rto", rto, US),
	FIELD("state", NULL, state, 0),
	FIELD("caState", "ca_state", ca_state, 0),
	FIELD("deliveredCe", "delivered_ce", delivered_ce, 0),
	FIELD("delivered", "delivered", delivered, 0),
	FIELD("reordering", "reordering", reordering, 0),
	FIELD("rcvRtt", "rcv_rtt", rcv_rtt, US),
	FIELD("rcvSpace", "rcv_space", rcv_space, 0),
	FIELD("segsOut", "segs_out", segs_out, 0),
	FIELD("segsIn", "segs_in", segs_in, 0),
	FIELD("dataSegsOut", "data_segs_out", data_segs_out, 0),
	FIELD("dataSegsIn", "data_segs_in", data_segs_in, 0),
	FIELD("lastDataSent", "last_data_sent", last_data_sent, 0),
	FIELD("lastDataRecv", "last_data_recv", last_data_recv, 0),
	FIELD("lastAckRecv", "last_ack_recv", last_ack_recv, 0),
	FIELD("retrans", "retrans", retrans, 0),
	FIELD("sAcked", "sacked", sacked, 0),
	FIELD("rcvSsThresh", "rcv_ssthresh", rcv_ssthresh, 0),
	FIELD("rcvMss", "rcv_mss", rcv_mss, 0),
	FIELD("ato", "ato", ato, US),
	FIELD("options", NULL, options, 0),
	{ "sndWscale", "snd_wscale", SND_WSCALE, 0, 0 },
	{ "rcvdWscale", "rcv_wscale", RCV_WSCALE, 0, 0 },
	FIELD("rcvOooPack", "rcv_ooopack", rcv_ooopack, 0),
	FIELD("reordSeen", "reord_seen", reord_seen, 0),
	FIELD("dsAckDups", "dsack_dups", dsack_dups, 0),
	FIELD("maxPacingRate", "max_pacing_rate", max_pacing_rate, 0),
	{ "deliveryRateAppLimited", "delivery_rate_app_limited", APP_LIMITED, 0,
	  0 },
	FIELD("backoff", "backoff", backoff, 0),
	FIELD("probes", "probes", probes, 0),
	/* Of Linux 6.2 and later: the build may know less than the kernel. */
	{ "rcvWnd", NULL, 232, 4, 0 },
	{ "rehash", NULL, 236, 4, 0 },
	{ "totalRto", NULL, 240, 2, 0 },
	{ "totalRtoRecoveries", NULL, 242, 2, 0 },
	{ "totalRtoTime", NULL, 244, 4, 0 },
	{ "fastOpenClientFail", NULL, FASTOPEN_FAIL, 0, 0 },
	/* Always 0. */
	FIELD("fAckets", "fackets", fackets, 0),
	FIELD("lastAckSent", "last_ack_sent", last_ack_sent, 0),
};

#define N_FIELDS (sizeof(fields) / sizeof(fields[0]))

/* What flowd calls the states, by number. */
static const char *const states[] = {
	"INVALID",    "established", "syn-sent",  "syn-recv",
	"fin-wait-1", "fin-wait-2",  "time-wait", "unconnected",
	"close-wait", "last-ack",    "listening", "closing",
};

/* Adds text if it fits with all that has to close behind it. */
static void put(struct object *o, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void put(struct object *o, const char *format, ...)
{
	size_t room = o->size - o->len;
	va_list ap;
	int n;

	if (o->full)
		return;
	va_start(ap, format);
	n = vsnprintf(o->buf + o->len, room, format, ap);
	va_end(ap);
	if (n >= 0 && (size_t)n + CLOSING <= room)
		o->len += n;
	else
		o->full = true;
	o->buf[o->len] = '\0';
}

/* What was left free for it. */
static void close_brace(struct object *o)
{
	o->buf[o->len++] = '}';
	o->buf[o->len] = '\0';
}

/* Between two members, and not at the begin of an object. */
static const char *comma(const struct object *o)
{
	return o->buf[o->len - 1] == '{' ? "" : ",";
}

static uint64_t bits_value(const struct tcp_info *info, enum bits bits)
{
	switch (bits) {
	case SND_WSCALE:
		return info->tcpi_snd_wscale;
	case RCV_WSCALE:
		return info->tcpi_rcv_wscale;
	case APP_LIMITED:
		return info->tcpi_delivery_rate_app_limited;
	default:
		return info->tcpi_fastopen_client_fail;
	}
}

static uint64_t field_value(const struct tcp_info *info,
			    const struct field *field)
{
	const char *at = (const char *)info + field->offset;
	uint64_t u64;
	uint32_t u32;
	uint16_t u16;

	switch (field->size) {
	case 8:
		memcpy(&u64, at, sizeof(u64));
		return u64;
	case 4:
		memcpy(&u32, at, sizeof(u32));
		return u32;
	case 2:
		memcpy(&u16, at, sizeof(u16));
		return u16;
	case 1:
		return *(const uint8_t *)at;
	default:
		return bits_value(info, field->offset);
	}
}

/* Did the kernel send it, and does the struct here hold it? */
static bool is_there(const struct snapshot *s, const struct field *field)
{
	return field->offset + field->size <= s->tcp_info_len &&
	       field->offset + field->size <= sizeof(s->tcp_info);
}

/* Milliseconds, and never without a decimal point. */
static void put_ms(struct object *o, const char *name, uint64_t us)
{
	put(o, "%s\"%s\":%" PRIu64 ".%03u", comma(o), name, us / 1000,
	    (unsigned int)(us % 1000));
}

/* The name of a congestion control, of which no octet needs quoting. */
static const char *cong_name(char out[static SNAPSHOT_CONG_MAX],
			     const struct snapshot *s)
{
	size_t i;

	for (i = 0; i < SNAPSHOT_CONG_MAX - 1 && s->cong[i]; i++)
		out[i] = isalnum((unsigned char)s->cong[i]) ||
					 strchr("_-.", s->cong[i]) ?
				 s->cong[i] :
				 '?';
	out[i] = '\0';
	return out;
}

static void put_fields(struct object *o, const struct snapshot *s, bool lean)
{
	const char *open = "\"tcpInfo\":{";
	size_t i;

	for (i = 0; i < N_FIELDS; i++) {
		const struct field *field = &fields[i];

		if ((lean && !(field->flags & LEAN)) || !is_there(s, field))
			continue;
		put(o, "%s%s\"%s\":%" PRIu64, comma(o), open, field->name,
		    field_value(&s->tcp_info, field));
		if (!o->full)
			open = "";
	}
	if (!open[0])
		close_brace(o);
}

static void put_cong(struct object *o, const struct snapshot *s)
{
	char name[SNAPSHOT_CONG_MAX];

	if (s->cong[0])
		put(o, "%s\"cong\":{\"algorithm\":\"%s\"}", comma(o),
		    cong_name(name, s));
}

static void put_cong_info(struct object *o, const struct snapshot *s)
{
	if (s->cong_kind == INET_DIAG_BBRINFO)
		put(o,
		    "%s\"bbr\":{\"bbrBW\":%" PRIu64 ",\"bbrMinRTT\":%u,"
		    "\"bbrPacingGain\":%u,\"bbrCwndGain\":%u}",
		    comma(o), s->cong_info.bbr.bw, s->cong_info.bbr.min_rtt_us,
		    s->cong_info.bbr.pacing_gain, s->cong_info.bbr.cwnd_gain);
	else if (s->cong_kind == INET_DIAG_DCTCPINFO)
		put(o,
		    "%s\"dctcpInfo\":{\"enabled\":%u,\"ceState\":%u,"
		    "\"alpha\":%u,\"abeCn\":%u,\"abTot\":%u}",
		    comma(o), s->cong_info.dctcp.enabled,
		    s->cong_info.dctcp.ce_state, s->cong_info.dctcp.alpha,
		    s->cong_info.dctcp.ab_ecn, s->cong_info.dctcp.ab_tot);
	else if (s->cong_kind == INET_DIAG_VEGASINFO)
		put(o,
		    "%s\"vegasInfo\":{\"enabled\":%u,\"rttCount\":%u,"
		    "\"rtt\":%u,\"minRtt\":%u}",
		    comma(o), s->cong_info.vegas.enabled,
		    s->cong_info.vegas.rttcnt, s->cong_info.vegas.rtt_us,
		    s->cong_info.vegas.minrtt_us);
}

static void put_opts(struct object *o, unsigned int options)
{
	bool ts = options & TCPI_OPT_TIMESTAMPS;
	bool sack = options & TCPI_OPT_SACK;
	bool ecn = options & TCPI_OPT_ECN;

	put(o, "%s\"opts\":[%s%s%s%s%s]", comma(o), ts ? "\"ts\"" : "",
	    ts && (sack || ecn) ? "," : "", sack ? "\"sack\"" : "",
	    sack && ecn ? "," : "", ecn ? "\"ecn\"" : "");
}

/* One level only, which the round-trip time has opened already. */
static void put_flat(struct object *o, const struct snapshot *s)
{
	unsigned int state = s->tcp_info.tcpi_state;
	char name[SNAPSHOT_CONG_MAX];
	size_t i;

	if (state >= sizeof(states) / sizeof(states[0]))
		state = 0;
	put(o, "%s\"state\":\"%s\"", comma(o), states[state]);
	if (s->cong[0])
		put(o, "%s\"cong\":\"%s\"", comma(o), cong_name(name, s));
	put_opts(o, s->tcp_info.tcpi_options);
	for (i = 0; i < N_FIELDS; i++) {
		const struct field *field = &fields[i];
		uint64_t value;

		if (!field->flat || !is_there(s, field))
			continue;
		value = field_value(&s->tcp_info, field);
		if (field->flags & US)
			put_ms(o, field->flat, value);
		else
			put(o, "%s\"%s\":%" PRIu64, comma(o), field->flat,
			    value);
	}
}

static void put_meminfo(struct object *o, const struct snapshot *s)
{
	static const char *const names[SNAPSHOT_MEMINFO_MAX] = {
		"rMemAlloc",  "rcvBuff", "WMemAlloc", "sndBuff", "fwdAlloc",
		"wMemQueued", "optMem",	 "backlog",   "drops",
	};
	const char *open = "\"skMemInfo\":{";
	size_t i;

	for (i = 0; i < s->meminfo_len; i++) {
		put(o, "%s%s\"%s\":%u", comma(o), open, names[i],
		    s->meminfo[i]);
		if (!o->full)
			open = "";
	}
	if (!open[0])
		close_brace(o);
}

size_t firefly_netlink_format(char *buf, size_t size, const struct firefly *f)
{
	struct object o = { .buf = buf, .size = size };
	const struct snapshot *s = f->snapshot;

	put(&o, "\"netlink\":{");
	if (f->rtt_us >= 0)
		put_ms(&o, "rtt", f->rtt_us);
	if (s && s->has_tcp && f->enrichment == FIREFLY_LEAN) {
		put_fields(&o, s, true);
		put_cong(&o, s);
	} else if (s && s->has_tcp && f->enrichment == FIREFLY_FULL) {
		put_cong(&o, s);
		put_cong_info(&o, s);
		put_fields(&o, s, false);
		put_meminfo(&o, s);
	} else if (s && s->has_tcp && f->enrichment == FIREFLY_COMPATIBLE) {
		put_flat(&o, s);
	}
	if (!o.len || buf[o.len - 1] == '{') {
		buf[0] = '\0';
		return 0;
	}
	close_brace(&o);
	return o.len;
}
