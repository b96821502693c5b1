// SPDX-License-Identifier: GPL-2.0
#include "tcp_json.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <stddef.h>
#include <string.h>

#include "json_util.h"

/* A number in struct tcp_info. */
struct field {
	const char *key;
	size_t offset;
	size_t size;
};

#define FIELD(key, name)                                               \
	{                                                              \
		key, offsetof(struct tcp_info, tcpi_##name),           \
			sizeof(((struct tcp_info *)NULL)->tcpi_##name) \
	}

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

#define N_FIELDS (sizeof(fields) / sizeof(fields[0]))

/* By tcpi_state. */
static const char *const states[] = {
	"unknown",    "established", "syn-sent",  "syn-recv",
	"fin-wait-1", "fin-wait-2",  "time-wait", "close",
	"close-wait", "last-ack",    "listen",	  "closing",
};

static uint64_t field_value(const struct tcp_info *info,
			    const struct field *field)
{
	uint64_t wide;
	uint32_t narrow;

	if (field->size == sizeof(wide)) {
		memcpy(&wide, (const char *)info + field->offset, sizeof(wide));
		return wide;
	}
	memcpy(&narrow, (const char *)info + field->offset, sizeof(narrow));
	return narrow;
}

struct json_object *tcp_json_new(const struct flow_state *state)
{
	struct json_object *tcp = json_object_new_object();
	unsigned int number = state->tcp_info.tcpi_state;
	size_t i;

	if (!tcp)
		return NULL;
	if (number >= sizeof(states) / sizeof(states[0]))
		number = 0;
	json_object_object_add(tcp, "state",
			       json_object_new_string(states[number]));
	for (i = 0; i < N_FIELDS; i++) {
		const struct field *field = &fields[i];

		if (field->offset + field->size > state->tcp_info_len)
			continue;
		json_object_object_add(tcp, field->key,
				       json_new_u64(
					       field_value(&state->tcp_info,
							   field)));
	}
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
