// SPDX-License-Identifier: GPL-2.0
#include "rule_json.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include <scitag/option.h>

#include "flow_json.h"
#include "json_util.h"
#include "snapshot_json.h"
#include "tag.h"

static void add_text(struct json_object *object, const char *key,
		     const char *text)
{
	json_object_object_add(object, key,
			       text && text[0] ? json_object_new_string(text) :
						 NULL);
}

static void add_prefix(struct json_object *object, const char *key,
		       const struct prefix *prefix)
{
	char text[PREFIX_TEXT_MAX];

	add_text(object, key,
		 prefix->addr.family ? prefix_format(prefix, text) : NULL);
}

static void add_range(struct json_object *object, const char *key, bool there,
		      uint32_t min, uint32_t max)
{
	struct json_object *range = there ? json_object_new_object() : NULL;

	if (range) {
		json_object_object_add(range, "min", json_new_u64(min));
		json_object_object_add(range, "max", json_new_u64(max));
	}
	json_object_object_add(object, key, range);
}

static void add_ports(struct json_object *object, const char *key,
		      const struct port_range *range)
{
	add_range(object, key, range->max, range->min, range->max);
}

static void add_conditions(struct json_object *object,
			   const struct rule_spec *spec)
{
	add_text(object, "protocol",
		 spec->protocol ? protocol_name(spec->protocol) : NULL);
	add_prefix(object, "src", &spec->src);
	add_ports(object, "sport", &spec->sport);
	add_prefix(object, "dst", &spec->dst);
	add_ports(object, "dport", &spec->dport);
	add_ports(object, "port", &spec->port);
	add_range(object, "uid", spec->has_uid, spec->uid_min, spec->uid_max);
	add_text(object, "cgroup", spec->cgroup);
	json_object_object_add(object, "fwmark",
			       spec->has_fwmark ? json_new_u64(spec->fwmark) :
						  NULL);
	json_object_object_add(object, "fwmask",
			       spec->has_fwmark ? json_new_u64(spec->fwmask) :
						  NULL);
	add_text(object, "oif", spec->oif);
}

struct json_object *rule_json_new(const struct rule_state *state,
				  const struct registry *registry)
{
	struct json_object *object = json_object_new_object();
	const struct rule_spec *spec = &state->spec;
	struct tag tag = {
		.experiment = spec->flow.experiment,
		.activity = spec->flow.activity,
	};

	if (!object)
		return NULL;
	json_object_object_add(object, "id", json_new_u64(state->id));
	json_object_object_add(object, "priority",
			       json_new_u64(spec->priority));
	add_conditions(object, spec);
	json_object_object_add(object, "exclude",
			       json_object_new_boolean(spec->exclude));
	if (!spec->exclude) {
		flow_json_add_tag(object, &tag, registry);
		flow_json_add_mark(object, &spec->flow);
	}
	json_object_object_add(object, "flows", json_new_u64(state->flows));
	return object;
}

/* The value of key; NULL if it is null or not there. */
static struct json_object *get(struct json_object *object, const char *key)
{
	struct json_object *value = NULL;

	json_object_object_get_ex(object, key, &value);
	return value;
}

static uint32_t get_number(struct json_object *object, const char *key)
{
	return json_object_get_int64(get(object, key));
}

static void text_priority(char buf[static OUTPUT_TEXT_MAX],
			  struct json_object *object)
{
	if (get_number(object, "priority"))
		snprintf(buf, OUTPUT_TEXT_MAX, "%" PRIu32,
			 get_number(object, "priority"));
}

/* "5201-5210", or "443" if there is but one. */
static void text_range(char buf[static OUTPUT_TEXT_MAX],
		       struct json_object *range)
{
	uint32_t min, max;

	if (!range)
		return;
	min = get_number(range, "min");
	max = get_number(range, "max");
	snprintf(buf, OUTPUT_TEXT_MAX,
		 min == max ? "%" PRIu32 : "%" PRIu32 "-%" PRIu32, min, max);
}

static void text_sport(char buf[static OUTPUT_TEXT_MAX],
		       struct json_object *object)
{
	text_range(buf, get(object, "sport"));
}

static void text_dport(char buf[static OUTPUT_TEXT_MAX],
		       struct json_object *object)
{
	text_range(buf, get(object, "dport"));
}

static void text_port(char buf[static OUTPUT_TEXT_MAX],
		      struct json_object *object)
{
	text_range(buf, get(object, "port"));
}

static void text_uid(char buf[static OUTPUT_TEXT_MAX],
		     struct json_object *object)
{
	text_range(buf, get(object, "uid"));
}

/* A word that args_split() takes for the value of key. */
static void text_word(char buf[static OUTPUT_TEXT_MAX],
		      struct json_object *object, const char *key)
{
	const char *text = json_object_get_string(get(object, key));
	size_t len = 0;

	for (; text && *text && len + 3 < OUTPUT_TEXT_MAX; text++) {
		if (strchr(" \t\r\f\v'\"\\#", *text))
			buf[len++] = '\\';
		buf[len++] = *text;
	}
	buf[len] = '\0';
}

static void text_cgroup(char buf[static OUTPUT_TEXT_MAX],
			struct json_object *object)
{
	text_word(buf, object, "cgroup");
}

static void text_oif(char buf[static OUTPUT_TEXT_MAX],
		     struct json_object *object)
{
	text_word(buf, object, "oif");
}

static void text_fwmark(char buf[static OUTPUT_TEXT_MAX],
			struct json_object *object)
{
	if (get(object, "fwmark"))
		snprintf(buf, OUTPUT_TEXT_MAX, "0x%" PRIx32 "/0x%" PRIx32,
			 get_number(object, "fwmark"),
			 get_number(object, "fwmask"));
}

/* That there is no condition is said, lest it be taken for a mistake. */
static void text_all(char buf[static OUTPUT_TEXT_MAX],
		     struct json_object *object)
{
	static const char *const conditions[] = {
		"protocol", "src", "sport",  "dst",    "dport",
		"port",	    "uid", "cgroup", "fwmark", "oif",
	};
	size_t i;

	for (i = 0; i < sizeof(conditions) / sizeof(conditions[0]); i++)
		if (get(object, conditions[i]))
			return;
	snprintf(buf, OUTPUT_TEXT_MAX, "all");
}

static bool excludes(struct json_object *object)
{
	return json_object_get_boolean(get(object, "exclude"));
}

static void text_exclude(char buf[static OUTPUT_TEXT_MAX],
			 struct json_object *object)
{
	if (excludes(object))
		snprintf(buf, OUTPUT_TEXT_MAX, "exclude");
}

static void text_tag(char buf[static OUTPUT_TEXT_MAX],
		     struct json_object *object)
{
	if (!excludes(object))
		snprintf(buf, OUTPUT_TEXT_MAX, "%" PRIu32 "/%" PRIu32,
			 get_number(object, "experiment"),
			 get_number(object, "activity"));
}

static void text_mark(char buf[static OUTPUT_TEXT_MAX],
		      struct json_object *object)
{
	if (!excludes(object))
		flow_text_mark(buf, object);
}

/* The kernel says it even if it is the default. */
static void text_option_type(char buf[static OUTPUT_TEXT_MAX],
			     struct json_object *object)
{
	const char *name = json_object_get_string(get(object, "layout"));
	int layout = SCITAG_LAYOUT_IDS;

	if (name)
		flow_layout_parse(&layout, name);
	if (get_number(object, "option-type") !=
	    scitag_option_default_type(layout))
		flow_text_option_type(buf, object);
}

/* What is not part of the rule is a comment. */
static void text_comment(char buf[static OUTPUT_TEXT_MAX],
			 struct json_object *object)
{
	struct json_object *experiment = get(object, "experiment-name");
	struct json_object *activity = get(object, "activity-name");
	size_t len;

	snprintf(buf, OUTPUT_TEXT_MAX, "id %" PRIu32 ", %s flows",
		 get_number(object, "id"),
		 json_object_get_string(get(object, "flows")));
	len = strlen(buf);
	if (experiment && activity)
		snprintf(buf + len, OUTPUT_TEXT_MAX - len, ", %s/%s",
			 json_object_get_string(experiment),
			 json_object_get_string(activity));
	/* A line break in a name would begin a rule. */
	while (*(buf += strcspn(buf, "\r\n")))
		*buf = ' ';
}

const struct output_field rule_fields[] = {
	{ .heading = "priority", .text = text_priority },
	{ .heading = "proto", .key = "protocol" },
	{ .heading = "src", .key = "src" },
	{ .heading = "sport", .text = text_sport },
	{ .heading = "dst", .key = "dst" },
	{ .heading = "dport", .text = text_dport },
	{ .heading = "port", .text = text_port },
	{ .heading = "uid", .text = text_uid },
	{ .heading = "cgroup", .text = text_cgroup },
	{ .heading = "fwmark", .text = text_fwmark },
	{ .heading = "oif", .text = text_oif },
	{ .heading = "", .text = text_all },
	{ .heading = "", .text = text_exclude },
	{ .heading = "tag", .text = text_tag },
	{ .heading = "mark", .text = text_mark },
	{ .heading = "layout", .text = flow_text_layout },
	{ .heading = "option-type", .text = text_option_type },
	{ .heading = "entropy", .text = flow_text_entropy },
	{ .heading = "oversize", .text = flow_text_oversize },
	{ .heading = "idle-timeout", .key = "idle-timeout" },
	{ .heading = "hard-timeout", .text = flow_text_hard_timeout },
	{ .heading = "snapshot", .text = snapshot_text_interval },
	{ .heading = "snapshot-on", .text = snapshot_text_on },
	{ .heading = "snapshot-factor", .text = snapshot_text_factor },
	{ .heading = "#", .text = text_comment },
};

const size_t n_rule_fields = sizeof(rule_fields) / sizeof(rule_fields[0]);
