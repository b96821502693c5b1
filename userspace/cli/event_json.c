// SPDX-License-Identifier: GPL-2.0
#include "event_json.h"

#include <json-c/json.h>
#include <string.h>

#include "flow_json.h"
#include "genl.h"
#include "json_util.h"
#include "output.h"
#include "snapshot_json.h"
#include "status_json.h"

#define N(array) (sizeof(array) / sizeof((array)[0]))

static const struct output_field flow_fields[] = {
	{ .heading = "", .key = "event" },
	{ .heading = "", .key = "id" },
	{ .heading = "", .key = "protocol" },
	{ .heading = "from", .text = flow_text_source },
	{ .heading = "to", .text = flow_text_destination },
	{ .heading = "experiment", .text = flow_text_experiment },
	{ .heading = "activity", .text = flow_text_activity },
	{ .heading = "mark", .text = flow_text_mark },
	{ .heading = "label", .text = flow_text_label },
	{ .heading = "rule", .key = "rule" },
	{ .heading = "packets", .key = "packets" },
	{ .heading = "bytes", .key = "bytes" },
	{ .heading = "reason", .key = "end-reason" },
};

static const struct output_field status_fields[] = {
	{ .heading = "", .key = "event" },
	{ .heading = "flows", .key = "flows" },
	{ .heading = "of", .key = "max-flows" },
	{ .heading = "rules", .key = "rules" },
	{ .heading = "hooked", .text = status_text_hooked },
	{ .heading = "tracing", .text = status_text_tracing },
};

static const struct output_field snapshot_fields[] = {
	{ .heading = "", .key = "event" },
	{ .heading = "", .key = "flow-id" },
	{ .heading = "", .text = snapshot_text_trigger },
	{ .heading = "", .key = "state" },
	{ .heading = "rtt", .text = snapshot_text_rtt },
	{ .heading = "cwnd", .text = snapshot_text_cwnd },
	{ .heading = "pmtu", .text = snapshot_text_pmtu },
	{ .heading = "retransmits", .text = snapshot_text_retransmits },
	{ .heading = "acked", .text = snapshot_text_acked },
	{ .heading = "received", .text = snapshot_text_received },
	{ .heading = "rate", .text = snapshot_text_rate },
	{ .heading = "packets", .key = "packets" },
	{ .heading = "bytes", .key = "bytes" },
};

static const char *get_text(struct json_object *object, const char *key)
{
	struct json_object *value;

	if (!json_object_object_get_ex(object, key, &value) || !value)
		return "";
	return json_object_get_string(value);
}

static void lost_text(char buf[static OUTPUT_TEXT_MAX],
		      struct json_object *object)
{
	const char *count = get_text(object, "count");
	const char *what = get_text(object, "what");

	if (count[0])
		snprintf(buf, OUTPUT_TEXT_MAX, "%s %s", count, what);
	else
		snprintf(buf, OUTPUT_TEXT_MAX,
			 "%s: they came faster than they were read", what);
}

static const struct output_field lost_fields[] = {
	{ .heading = "", .key = "event" },
	{ .heading = "", .text = lost_text },
};

static const char *event_name(enum genl_event_type type)
{
	switch (type) {
	case GENL_FLOW_NEW:
		return "new";
	case GENL_FLOW_UPDATE:
		return "update";
	case GENL_FLOW_END:
		return "end";
	case GENL_STATUS:
		return "status";
	}
	return "unknown";
}

static const char *reason_name(int reason)
{
	const char *name = flow_end_reason_name(reason);

	return name ? name : "unknown";
}

/* Say what it is. Returns object, which may be NULL. */
static struct json_object *named(struct json_object *object, const char *event)
{
	if (object)
		json_object_object_add(object, "event",
				       json_object_new_string(event));
	return object;
}

struct json_object *event_json_new(const struct genl_event *event,
				   const struct registry *registry)
{
	struct json_object *object;

	if (event->type == GENL_STATUS)
		object = status_json_new(&event->status);
	else if (event->has_snapshot)
		object = flow_json_with(&event->flow, &event->snapshot,
					registry);
	else
		object = flow_json_new(&event->flow, registry);
	if (!named(object, event_name(event->type)))
		return NULL;
	json_object_object_add(object, "event-seq", json_new_u64(event->seq));
	if (event->type == GENL_FLOW_END)
		json_object_object_add(object, "end-reason",
				       json_object_new_string(
					       reason_name(event->end_reason)));
	return object;
}

struct json_object *event_json_flow(const struct flow_state *state,
				    const struct registry *registry)
{
	return named(flow_json_new(state, registry), "flow");
}

struct json_object *event_json_snapshot(uint64_t seq,
					const struct snapshot *snapshot)
{
	struct json_object *object;

	object = named(snapshot_json_new(snapshot), "snapshot");
	if (object)
		json_object_object_add(object, "snapshot-seq",
				       json_new_u64(seq));
	return object;
}

struct json_object *event_json_lost(const char *what, uint64_t count)
{
	struct json_object *object = named(json_object_new_object(), "lost");

	if (!object)
		return NULL;
	json_object_object_add(object, "what", json_object_new_string(what));
	json_object_object_add(object, "count",
			       count ? json_new_u64(count) : NULL);
	return object;
}

void event_json_line(struct output *out, struct json_object *object)
{
	static const struct {
		const char *event;
		const struct output_field *fields;
		size_t n;
	} kinds[] = {
		{ "snapshot", snapshot_fields, N(snapshot_fields) },
		{ "status", status_fields, N(status_fields) },
		{ "lost", lost_fields, N(lost_fields) },
	};
	const char *event = object ? get_text(object, "event") : "";
	size_t i;

	for (i = 0; i < N(kinds); i++) {
		if (strcmp(kinds[i].event, event) == 0) {
			output_line(out, kinds[i].fields, kinds[i].n, object);
			return;
		}
	}
	output_line(out, flow_fields, N(flow_fields), object);
}
