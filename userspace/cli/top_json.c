// SPDX-License-Identifier: GPL-2.0
#include "top_json.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>

#include "flow_json.h"
#include "json_util.h"

/* Fractions of a bit are nobody's concern. */
static struct json_object *rounded(double value)
{
	return json_new_u64((uint64_t)(value + 0.5));
}

struct json_object *top_json_new(const struct toplist_flow *flow,
				 const struct registry *registry)
{
	struct json_object *object = flow_json_new(&flow->state, registry);
	bool tcp = flow->has_tcp;

	json_add(object, "out", rounded(flow->out));
	json_add(object, "in", tcp ? rounded(flow->in) : NULL);
	json_add(object, "rtt", tcp ? json_new_u64(flow->rtt_us) : NULL);
	json_add(object, "cwnd", tcp ? json_new_u64(flow->cwnd) : NULL);
	json_add(object, "retransmits",
		 tcp ? json_new_u64(flow->retransmits) : NULL);
	json_add(object, "retransmit-rate",
		 tcp ? json_object_new_double(flow->retransmit_rate) : NULL);
	return object;
}

/* Is there a value? */
static bool get(struct json_object *object, const char *key, double *value)
{
	struct json_object *found;

	if (!json_object_object_get_ex(object, key, &found) || !found)
		return false;
	*value = json_object_get_double(found);
	return true;
}

const char *top_rate_text(char buf[static TOP_RATE_MAX], double bits)
{
	static const char *const units[] = { "bit/s", "kbit/s", "Mbit/s",
					     "Gbit/s", "Tbit/s" };
	size_t unit = 0;

	/* What would be rounded up to 1000 is one of the next unit. */
	while (bits >= 999.5 && unit < 4) {
		bits /= 1000;
		unit++;
	}
	if (!unit || bits >= 99.95)
		snprintf(buf, TOP_RATE_MAX, "%.0f %s", bits, units[unit]);
	else
		snprintf(buf, TOP_RATE_MAX,
			 bits >= 9.995 ? "%.1f %s" : "%.2f %s", bits,
			 units[unit]);
	return buf;
}

static void rate_text(char buf[static OUTPUT_TEXT_MAX],
		      struct json_object *object, const char *key)
{
	char text[TOP_RATE_MAX];
	double value;

	if (get(object, key, &value))
		snprintf(buf, OUTPUT_TEXT_MAX, "%s",
			 top_rate_text(text, value));
}

static void out_text(char buf[static OUTPUT_TEXT_MAX],
		     struct json_object *object)
{
	rate_text(buf, object, "out");
}

static void in_text(char buf[static OUTPUT_TEXT_MAX],
		    struct json_object *object)
{
	rate_text(buf, object, "in");
}

static void rtt_text(char buf[static OUTPUT_TEXT_MAX],
		     struct json_object *object)
{
	double us;

	if (get(object, "rtt", &us))
		snprintf(buf, OUTPUT_TEXT_MAX,
			 us < 99950 ? "%.1f ms" : "%.0f ms", us / 1000);
}

static void retransmit_rate_text(char buf[static OUTPUT_TEXT_MAX],
				 struct json_object *object)
{
	double rate;

	if (get(object, "retransmit-rate", &rate))
		snprintf(buf, OUTPUT_TEXT_MAX, "%.1f", rate);
}

/* Of no packet, it is not known. */
static void marked_text(char buf[static OUTPUT_TEXT_MAX],
			struct json_object *object)
{
	double marked, packets;

	if (get(object, "marked", &marked) &&
	    get(object, "packets", &packets) && packets)
		snprintf(buf, OUTPUT_TEXT_MAX, "%d%%",
			 (int)(100 * marked / packets));
}

static void age_text(char buf[static OUTPUT_TEXT_MAX],
		     struct json_object *object)
{
	double ms = 0;
	uint64_t s;

	if (!get(object, "age", &ms))
		return;
	s = ms / 1000;
	if (s < 86400)
		snprintf(buf, OUTPUT_TEXT_MAX,
			 "%02" PRIu64 ":%02" PRIu64 ":%02" PRIu64, s / 3600,
			 s / 60 % 60, s % 60);
	else
		snprintf(buf, OUTPUT_TEXT_MAX, "%" PRIu64 " d %" PRIu64 " h",
			 s / 86400, s / 3600 % 24);
}

const struct output_field top_columns[TOPLIST_KEYS] = {
	[TOPLIST_OUT] = { .heading = "OUT", .text = out_text, .right = true },
	[TOPLIST_IN] = { .heading = "IN", .text = in_text, .right = true },
	[TOPLIST_RTT] = { .heading = "RTT", .text = rtt_text, .right = true },
	[TOPLIST_RETRANSMITS] = { .heading = "RETR",
				  .key = "retransmits",
				  .right = true },
	[TOPLIST_RETRANSMIT_RATE] = { .heading = "RETR/S",
				      .text = retransmit_rate_text,
				      .right = true },
	[TOPLIST_CWND] = { .heading = "CWND", .key = "cwnd", .right = true },
	[TOPLIST_MARKED] = { .heading = "MARKED",
			     .text = marked_text,
			     .right = true },
	[TOPLIST_AGE] = { .heading = "AGE", .text = age_text, .right = true },
	[TOPLIST_EXPERIMENT] = { .heading = "EXPERIMENT",
				 .text = flow_text_experiment },
	[TOPLIST_ACTIVITY] = { .heading = "ACTIVITY",
			       .text = flow_text_activity },
	[TOPLIST_SOURCE] = { .heading = "SOURCE", .text = flow_text_source },
	[TOPLIST_DESTINATION] = { .heading = "DESTINATION",
				  .text = flow_text_destination },
};
