// SPDX-License-Identifier: GPL-2.0
#include "status_json.h"

#include <json-c/json.h>

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

static void yes_or_no(char buf[static OUTPUT_TEXT_MAX],
		      struct json_object *object, const char *key)
{
	struct json_object *value;

	json_object_object_get_ex(object, key, &value);
	snprintf(buf, OUTPUT_TEXT_MAX, "%s",
		 json_object_get_boolean(value) ? "yes" : "no");
}

void status_text_hooked(char buf[static OUTPUT_TEXT_MAX],
			struct json_object *object)
{
	yes_or_no(buf, object, "hooked");
}

void status_text_tracing(char buf[static OUTPUT_TEXT_MAX],
			 struct json_object *object)
{
	yes_or_no(buf, object, "tracing");
}
