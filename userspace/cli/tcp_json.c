// SPDX-License-Identifier: GPL-2.0
#include "tcp_json.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <stddef.h>
#include <string.h>

#include "json_util.h"

/* A number in struct tcp_info; if bits is not 0, those of a bit field. */
struct field {
	const char *key;
	size_t offset;
	size_t size;
	unsigned int shift; /* to the lowest bit where that comes first */
	unsigned int bits;
};

#define FIELD(key, name)                                                     \
	{                                                                    \
		key, offsetof(struct tcp_info, tcpi_##name),                 \
			sizeof(((struct tcp_info *)NULL)->tcpi_##name), 0, 0 \
	}
#define SAME(name) FIELD(#name, name)

static const struct field fields[] = {
	FIELD("rtt-us", rtt),
	FIELD("rttvar-us", rttvar),
	FIELD("min-rtt-us", min_rtt),
	FIELD("snd-mss", snd_mss),
	FIELD("pmtu", pmtu),
	FIELD("snd-cwnd", snd_cwnd),
	FIELD("snd-ssthresh", snd_ssthresh),
	FIELD("retransmits", total_retrans),
	FIELD("delivery-rate", delivery_rate),
	FIELD("pacing-rate", pacing_rate),
	FIELD("bytes-sent", bytes_sent),
	FIELD("bytes-acked", bytes_acked),
	FIELD("bytes-received", bytes_received),
	FIELD("bytes-retransmitted", bytes_retrans),
	FIELD("bytes-not-sent", notsent_bytes),
};

/* In the order of the kernel. */
static const struct field all_fields[] = {
	SAME(state),
	SAME(ca_state),
	SAME(retransmits),
	SAME(probes),
	SAME(backoff),
	SAME(options),
	{ "snd_wscale", 6, 1, 0, 4 },
	{ "rcv_wscale", 6, 1, 4, 4 },
	{ "delivery_rate_app_limited", 7, 1, 0, 1 },
	{ "fastopen_client_fail", 7, 1, 1, 2 },
	SAME(rto),
	SAME(ato),
	SAME(snd_mss),
	SAME(rcv_mss),
	SAME(unacked),
	SAME(sacked),
	SAME(lost),
	SAME(retrans),
	SAME(fackets),
	SAME(last_data_sent),
	SAME(last_ack_sent),
	SAME(last_data_recv),
	SAME(last_ack_recv),
	SAME(pmtu),
	SAME(rcv_ssthresh),
	SAME(rtt),
	SAME(rttvar),
	SAME(snd_ssthresh),
	SAME(snd_cwnd),
	SAME(advmss),
	SAME(reordering),
	SAME(rcv_rtt),
	SAME(rcv_space),
	SAME(total_retrans),
	SAME(pacing_rate),
	SAME(max_pacing_rate),
	SAME(bytes_acked),
	SAME(bytes_received),
	SAME(segs_out),
	SAME(segs_in),
	SAME(notsent_bytes),
	SAME(min_rtt),
	SAME(data_segs_in),
	SAME(data_segs_out),
	SAME(delivery_rate),
	SAME(busy_time),
	SAME(rwnd_limited),
	SAME(sndbuf_limited),
	SAME(delivered),
	SAME(delivered_ce),
	SAME(bytes_sent),
	SAME(bytes_retrans),
	SAME(dsack_dups),
	SAME(reord_seen),
	SAME(rcv_ooopack),
	SAME(snd_wnd),
	/*
	 * Since Linux 6.2, 6.7 and 6.18. What the headers of the build do not
	 * know is beyond the len that was kept, and left out.
	 */
	{ "rcv_wnd", 232, 4, 0, 0 },
	{ "rehash", 236, 4, 0, 0 },
	{ "total_rto", 240, 2, 0, 0 },
	{ "total_rto_recoveries", 242, 2, 0, 0 },
	{ "total_rto_time", 244, 4, 0, 0 },
	{ "received_ce", 248, 4, 0, 0 },
	{ "delivered_e1_bytes", 252, 4, 0, 0 },
	{ "delivered_e0_bytes", 256, 4, 0, 0 },
	{ "delivered_ce_bytes", 260, 4, 0, 0 },
	{ "received_e1_bytes", 264, 4, 0, 0 },
	{ "received_e0_bytes", 268, 4, 0, 0 },
	{ "received_ce_bytes", 272, 4, 0, 0 },
	{ "ecn_mode", 276, 4, 0, 2 },
	{ "accecn_opt_seen", 276, 4, 2, 2 },
	{ "accecn_fail_mode", 276, 4, 4, 4 },
	{ "options2", 276, 4, 8, 24 },
};

#define N(array) (sizeof(array) / sizeof((array)[0]))

/* By tcpi_state. */
static const char *const states[] = {
	"unknown",    "established", "syn-sent",  "syn-recv",
	"fin-wait-1", "fin-wait-2",  "time-wait", "close",
	"close-wait", "last-ack",    "listen",	  "closing",
};

const char *tcp_state_name(unsigned int state)
{
	return state < N(states) ? states[state] : states[0];
}

static uint64_t number_at(const void *data, size_t size)
{
	uint64_t u64;
	uint32_t u32;
	uint16_t u16;

	switch (size) {
	case sizeof(u64):
		memcpy(&u64, data, size);
		return u64;
	case sizeof(u32):
		memcpy(&u32, data, size);
		return u32;
	case sizeof(u16):
		memcpy(&u16, data, size);
		return u16;
	default:
		return *(const uint8_t *)data;
	}
}

static uint64_t field_value(const struct tcp_info *info,
			    const struct field *field)
{
	uint64_t value =
		number_at((const char *)info + field->offset, field->size);
	unsigned int shift = field->shift;

	if (!field->bits)
		return value;
	/* The first of the bit fields has the highest bits then. */
	if (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)
		shift = 8 * field->size - shift - field->bits;
	return value >> shift & ((1ull << field->bits) - 1);
}

static void add_fields(struct json_object *tcp, const struct tcp_info *info,
		       size_t len, const struct field *list, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (list[i].offset + list[i].size <= len)
			json_object_object_add(tcp, list[i].key,
					       json_new_u64(
						       field_value(info,
								   &list[i])));
}

struct json_object *tcp_json_new(const struct flow_state *state)
{
	struct json_object *tcp = json_object_new_object();

	if (!tcp)
		return NULL;
	json_object_object_add(tcp, "state",
			       json_object_new_string(tcp_state_name(
				       state->tcp_info.tcpi_state)));
	add_fields(tcp, &state->tcp_info, state->tcp_info_len, fields,
		   N(fields));
	return tcp;
}

struct json_object *tcp_json_all(const struct tcp_info *info, size_t len)
{
	struct json_object *tcp = json_object_new_object();

	if (tcp)
		add_fields(tcp, info, len, all_fields, N(all_fields));
	return tcp;
}

/* Append to buf what format makes of the number, if it is there. */
static void append(char buf[static OUTPUT_TEXT_MAX], struct json_object *tcp,
		   const char *key, const char *before, double divisor,
		   const char *after)
{
	struct json_object *value;
	size_t len = strlen(buf);
	double number;

	if (!json_object_object_get_ex(tcp, key, &value))
		return;
	number = json_object_get_double(value) / divisor;
	snprintf(buf + len, OUTPUT_TEXT_MAX - len,
		 divisor > 1 ? ", %s %.3f%s" : ", %s %.0f%s", before, number,
		 after);
}

void tcp_json_text(char buf[static OUTPUT_TEXT_MAX], struct json_object *tcp)
{
	struct json_object *state;

	json_object_object_get_ex(tcp, "state", &state);
	snprintf(buf, OUTPUT_TEXT_MAX, "%s", json_object_get_string(state));
	append(buf, tcp, "rtt-us", "rtt", 1000, " ms");
	append(buf, tcp, "min-rtt-us", "min", 1000, " ms");
	append(buf, tcp, "snd-cwnd", "cwnd", 1, "");
	append(buf, tcp, "snd-mss", "mss", 1, "");
	append(buf, tcp, "retransmits", "retransmits", 1, "");
	append(buf, tcp, "bytes-sent", "sent", 1, " B");
	append(buf, tcp, "bytes-received", "received", 1, " B");
	append(buf, tcp, "delivery-rate", "rate", 125000, " Mbit/s");
}
