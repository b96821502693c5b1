// SPDX-License-Identifier: GPL-2.0
#include "status_json.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <json-c/json_pointer.h>

#include "genl.h"
#include "json_util.h"

struct json_object *status_json_new(const struct genl_status *status)
{
	struct json_object *object = json_object_new_object();

	if (!object)
		return NULL;
	json_object_object_add(object, "version",
			       json_object_new_string(status->version));
	json_object_object_add(object, "flows", json_new_u64(status->flows));
	json_object_object_add(object, "max-flows",
			       json_new_u64(status->max_flows));
	json_object_object_add(object, "hooked",
			       json_object_new_boolean(status->hooked));
	json_object_object_add(object, "rules", json_new_u64(status->rules));
	json_object_object_add(object, "max-rules",
			       json_new_u64(status->max_rules));
	json_object_object_add(object, "untracked",
			       json_new_u64(status->untracked));
	json_object_object_add(object, "tracing",
			       json_object_new_boolean(status->tracing));
	return object;
}

struct json_object *status_json_packets(const struct genl_stats *stats)
{
	struct json_object *object = json_object_new_object();
	size_t i;

	for (i = 0; genl_stats_name(i); i++)
		json_add(object, genl_stats_name(i),
			 json_new_u64(genl_stats_value(stats, i)));
	return object;
}

static void yes_or_no(char buf[static OUTPUT_TEXT_MAX],
		      struct json_object *object, const char *pointer)
{
	struct json_object *value;

	if (!json_pointer_get(object, pointer, &value))
		snprintf(buf, OUTPUT_TEXT_MAX, "%s",
			 json_object_get_boolean(value) ? "yes" : "no");
}

void status_text_hooked(char buf[static OUTPUT_TEXT_MAX],
			struct json_object *object)
{
	yes_or_no(buf, object, "/module/hooked");
}

void status_text_tracing(char buf[static OUTPUT_TEXT_MAX],
			 struct json_object *object)
{
	yes_or_no(buf, object, "/module/tracing");
}

void status_text_marks(char buf[static OUTPUT_TEXT_MAX],
		       struct json_object *object)
{
	struct json_object *list;
	size_t used, i;

	json_object_object_get_ex(object, "marks", &list);
	used = snprintf(buf, OUTPUT_TEXT_MAX, "%s",
			json_object_array_length(list) ? "" : "none");
	for (i = 0; i < json_object_array_length(list); i++)
		used += snprintf(buf + used, OUTPUT_TEXT_MAX - used, "%s%s",
				 i ? ", " : "",
				 json_object_get_string(
					 json_object_array_get_idx(list, i)));
}

/* Marked, and of the reasons why not those that there were. */
void status_text_packets(char buf[static OUTPUT_TEXT_MAX],
			 struct json_object *object)
{
	struct json_object_iterator it, end;
	struct json_object *packets;
	size_t used = 0;

	if (json_pointer_get(object, "/module/packets", &packets))
		return;
	end = json_object_iter_end(packets);
	for (it = json_object_iter_begin(packets);
	     !json_object_iter_equal(&it, &end); json_object_iter_next(&it)) {
		int64_t n =
			json_object_get_int64(json_object_iter_peek_value(&it));

		if (n || !used)
			used += snprintf(buf + used, OUTPUT_TEXT_MAX - used,
					 "%s%" PRId64 " %s", used ? ", " : "",
					 n, json_object_iter_peek_name(&it));
	}
}
