// SPDX-License-Identifier: GPL-2.0
#include "registry_change.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "json_util.h"
#include "registry.h"

#define SHOWN 5
#define LOST_MAX_PERCENT 25

/* Room for ids and names; names that are longer are cut. */
#define TAG_TEXT_MAX 256

struct comparison {
	const struct registry *these;
	const struct registry *others;
	struct json_object *only; /* of these, what others do not have */
	struct json_object
		*renamed; /* what they have by another name, or NULL */
};

static struct json_object *text_of(const struct registry *registry,
				   const struct tag *tag)
{
	char text[TAG_TEXT_MAX];

	snprintf(text, sizeof(text), "%" PRIu32 "/%" PRIu32 " %s/%s",
		 tag->experiment, tag->activity,
		 registry_experiment_name(registry, tag->experiment),
		 registry_activity_name(registry, tag->experiment,
					tag->activity));
	return json_object_new_string(text);
}

static bool is_renamed(const struct comparison *c, const struct tag *tag)
{
	uint32_t e = tag->experiment, a = tag->activity;

	return strcmp(registry_experiment_name(c->these, e),
		      registry_experiment_name(c->others, e)) != 0 ||
	       strcmp(registry_activity_name(c->these, e, a),
		      registry_activity_name(c->others, e, a)) != 0;
}

static int compare(const struct tag *tag, void *data)
{
	const struct comparison *c = data;

	if (!registry_activity_name(c->others, tag->experiment, tag->activity))
		json_append(c->only, text_of(c->these, tag));
	else if (c->renamed && is_renamed(c, tag))
		json_append(c->renamed, text_of(c->these, tag));
	return 0;
}

void registry_change_add(struct json_object *object,
			 const struct registry *before,
			 const struct registry *after)
{
	struct json_object *added = json_object_new_array();
	struct json_object *removed = json_object_new_array();
	struct json_object *renamed = json_object_new_array();
	struct comparison new_ones = { after, before, added, renamed };
	struct comparison old_ones = { before, after, removed, NULL };

	if (before) {
		registry_walk(after, compare, &new_ones);
		registry_walk(before, compare, &old_ones);
	}
	json_add(object, "added", added);
	json_add(object, "removed", removed);
	json_add(object, "renamed", renamed);
}

static struct json_object *list(struct json_object *object, const char *key)
{
	struct json_object *array = NULL;

	json_object_object_get_ex(object, key, &array);
	return array;
}

static size_t count(struct json_object *object, const char *key)
{
	struct json_object *array = list(object, key);

	return array ? json_object_array_length(array) : 0;
}

bool registry_change_is_sane(struct json_object *object, size_t *lost,
			     const struct registry *before,
			     const struct registry *after)
{
	*lost = count(object, "removed") + count(object, "renamed");
	if (!registry_n_tags(after))
		return false;
	return !before ||
	       *lost * 100 <= registry_n_tags(before) * LOST_MAX_PERCENT;
}

static void list_text(char buf[static OUTPUT_TEXT_MAX],
		      struct json_object *object, const char *key)
{
	struct json_object *array = list(object, key);
	size_t n = count(object, key);
	size_t used, i;

	if (!array)
		return;
	used = snprintf(buf, OUTPUT_TEXT_MAX, "%zu", n);
	for (i = 0; i < n && i < SHOWN && used < OUTPUT_TEXT_MAX; i++)
		used += snprintf(buf + used, OUTPUT_TEXT_MAX - used, "%s%s",
				 i ? ", " : ": ",
				 json_object_get_string(
					 json_object_array_get_idx(array, i)));
	if (n > SHOWN && used < OUTPUT_TEXT_MAX)
		snprintf(buf + used, OUTPUT_TEXT_MAX - used, ", ...");
}

void registry_change_text_added(char buf[static OUTPUT_TEXT_MAX],
				struct json_object *object)
{
	list_text(buf, object, "added");
}

void registry_change_text_removed(char buf[static OUTPUT_TEXT_MAX],
				  struct json_object *object)
{
	list_text(buf, object, "removed");
}

void registry_change_text_renamed(char buf[static OUTPUT_TEXT_MAX],
				  struct json_object *object)
{
	list_text(buf, object, "renamed");
}
