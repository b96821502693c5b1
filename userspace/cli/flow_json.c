// SPDX-License-Identifier: GPL-2.0
#include "flow_json.h"

#include <json-c/json.h>
#include <string.h>

#include "json_util.h"
#include "registry.h"
#include "snapshot_json.h"
#include "tcp_json.h"

static void add_u64(struct json_object *object, const char *key, uint64_t v)
{
	json_object_object_add(object, key, json_new_u64(v));
}

/* NULL becomes null. */
static void add_text(struct json_object *object, const char *key,
		     const char *text)
{
	json_object_object_add(object, key,
			       text ? json_object_new_string(text) : NULL);
}

void flow_json_add_tag(struct json_object *object, const struct tag *tag,
		       const struct registry *registry)
{
	const char *experiment = NULL;
	const char *activity = NULL;
	uint32_t scitag_flow = tag_scitag_flow(tag);

	if (registry) {
		experiment =
			registry_experiment_name(registry, tag->experiment);
		activity = registry_activity_name(registry, tag->experiment,
						  tag->activity);
	}
	add_u64(object, "experiment", tag->experiment);
	add_text(object, "experiment-name", experiment);
	add_u64(object, "activity", tag->activity);
	add_text(object, "activity-name", activity);
	json_object_object_add(object, "scitag-flow",
			       scitag_flow ? json_new_u64(scitag_flow) : NULL);
}

static void add_key(struct json_object *object, const struct flow_key *key)
{
	char buf[ADDR_TEXT_MAX];

	add_text(object, "protocol", protocol_name(key->protocol));
	add_text(object, "src", addr_format(&key->src, buf));
	add_u64(object, "sport", key->sport);
	add_text(object, "dst", addr_format(&key->dst, buf));
	add_u64(object, "dport", key->dport);
}

static struct json_object *mark_array(uint32_t mark)
{
	struct json_object *array = json_object_new_array();
	char buf[FLOW_MARK_TEXT_MAX];
	char *name, *rest = buf;

	if (!array || !mark)
		return array;
	flow_mark_format(mark, buf);
	while ((name = strsep(&rest, ",")))
		json_object_array_add(array, json_object_new_string(name));
	return array;
}

void flow_json_add_mark(struct json_object *object,
			const struct flow_spec *spec)
{
	json_object_object_add(object, "mark", mark_array(spec->mark));
	add_text(object, "layout", flow_layout_name(spec->layout));
	json_object_object_add(object, "option-type",
			       spec->option_type == FLOW_OPTION_TYPE_DEFAULT ?
				       NULL :
				       json_new_u64(spec->option_type));
	add_text(object, "entropy", flow_entropy_name(spec->entropy));
	add_text(object, "oversize", flow_oversize_name(spec->oversize));
	json_object_object_add(object, "idle-timeout",
			       spec->idle_timeout == FLOW_TIMEOUT_DEFAULT ?
				       NULL :
				       json_new_u64(spec->idle_timeout));
	add_u64(object, "hard-timeout", spec->hard_timeout);
	snapshot_json_add_spec(object, spec);
}

static void add_label(struct json_object *object,
		      const struct flow_state *state)
{
	bool label = state->label || state->spec.mark & SCITAG_MARK_LABEL;

	json_object_object_add(object, "label",
			       label ? json_new_u64(state->label) : NULL);
}

/* How it began, and how long it is there. */
static void add_life(struct json_object *object, const struct flow_state *state)
{
	json_object_object_add(object, "end-on-close",
			       json_object_new_boolean(
				       state->spec.end_on_close));
	json_object_object_add(object, "rule",
			       state->rule ? json_new_u64(state->rule) : NULL);
	add_u64(object, "age", state->age_ms);
	add_u64(object, "idle", state->idle_ms);
}

struct json_object *flow_json_new(const struct flow_state *state,
				  const struct registry *registry)
{
	struct json_object *object = json_object_new_object();
	struct tag tag = {
		.experiment = state->spec.experiment,
		.activity = state->spec.activity,
	};

	if (!object)
		return NULL;
	add_u64(object, "id", state->id);
	add_key(object, &state->spec.key);
	flow_json_add_tag(object, &tag, registry);
	flow_json_add_mark(object, &state->spec);
	add_label(object, state);
	add_life(object, state);
	add_u64(object, "packets", state->packets);
	add_u64(object, "bytes", state->bytes);
	add_u64(object, "marked", state->marked);
	if (state->has_tcp_info)
		json_object_object_add(object, "tcp-info", tcp_json_new(state));
	return object;
}

struct json_object *flow_json_with(const struct flow_state *state,
				   const struct snapshot *snapshot,
				   const struct registry *registry)
{
	struct json_object *object = flow_json_new(state, registry);

	if (object)
		json_object_object_add(object, "snapshot",
				       snapshot_json_new(snapshot));
	return object;
}

/* The value of key as a string; "" if it is null or not there. */
static const char *get_text(struct json_object *object, const char *key)
{
	struct json_object *value;

	if (!json_object_object_get_ex(object, key, &value) || !value)
		return "";
	return json_object_get_string(value);
}

static void endpoint(char buf[static OUTPUT_TEXT_MAX],
		     struct json_object *object, const char *addr_key,
		     const char *port_key)
{
	const char *addr = get_text(object, addr_key);
	const char *port = get_text(object, port_key);

	snprintf(buf, OUTPUT_TEXT_MAX, strchr(addr, ':') ? "[%s]:%s" : "%s:%s",
		 addr, port);
}

void flow_text_source(char buf[static OUTPUT_TEXT_MAX],
		      struct json_object *object)
{
	endpoint(buf, object, "src", "sport");
}

void flow_text_destination(char buf[static OUTPUT_TEXT_MAX],
			   struct json_object *object)
{
	endpoint(buf, object, "dst", "dport");
}

/* Is there a mark in an extension header? */
static bool has_header(struct json_object *object)
{
	struct json_object *marks;
	size_t i;

	json_object_object_get_ex(object, "mark", &marks);
	for (i = 0; marks && i < json_object_array_length(marks); i++) {
		struct json_object *mark = json_object_array_get_idx(marks, i);

		if (strcmp(json_object_get_string(mark), "label") != 0)
			return true;
	}
	return false;
}

void flow_text_mark(char buf[static OUTPUT_TEXT_MAX],
		    struct json_object *object)
{
	struct json_object *marks;
	size_t len = 0;
	size_t i, n;

	json_object_object_get_ex(object, "mark", &marks);
	n = marks ? json_object_array_length(marks) : 0;
	if (!n)
		snprintf(buf, OUTPUT_TEXT_MAX,
			 strchr(get_text(object, "src"), ':') ? "none" :
								"none (IPv4)");
	for (i = 0; i < n && len < OUTPUT_TEXT_MAX; i++) {
		struct json_object *mark = json_object_array_get_idx(marks, i);

		len += snprintf(buf + len, OUTPUT_TEXT_MAX - len, "%s%s",
				i ? "," : "", json_object_get_string(mark));
	}
}

void flow_text_layout(char buf[static OUTPUT_TEXT_MAX],
		      struct json_object *object)
{
	if (has_header(object))
		snprintf(buf, OUTPUT_TEXT_MAX, "%s",
			 get_text(object, "layout"));
}

void flow_text_option_type(char buf[static OUTPUT_TEXT_MAX],
			   struct json_object *object)
{
	struct json_object *value;

	if (has_header(object) &&
	    json_object_object_get_ex(object, "option-type", &value) && value)
		snprintf(buf, OUTPUT_TEXT_MAX, "0x%02x",
			 (unsigned int)json_object_get_int(value));
}

static void name_or_id(char buf[static OUTPUT_TEXT_MAX],
		       struct json_object *object, const char *id_key,
		       const char *name_key, bool both)
{
	const char *id = get_text(object, id_key);
	const char *name = get_text(object, name_key);

	if (!name[0])
		snprintf(buf, OUTPUT_TEXT_MAX, "%s", id);
	else if (both)
		snprintf(buf, OUTPUT_TEXT_MAX, "%s (%s)", id, name);
	else
		snprintf(buf, OUTPUT_TEXT_MAX, "%s", name);
}

void flow_text_experiment(char buf[static OUTPUT_TEXT_MAX],
			  struct json_object *object)
{
	name_or_id(buf, object, "experiment", "experiment-name", false);
}

void flow_text_activity(char buf[static OUTPUT_TEXT_MAX],
			struct json_object *object)
{
	name_or_id(buf, object, "activity", "activity-name", false);
}

void flow_text_experiment_both(char buf[static OUTPUT_TEXT_MAX],
			       struct json_object *object)
{
	name_or_id(buf, object, "experiment", "experiment-name", true);
}

void flow_text_activity_both(char buf[static OUTPUT_TEXT_MAX],
			     struct json_object *object)
{
	name_or_id(buf, object, "activity", "activity-name", true);
}

static void label_text(char buf[static OUTPUT_TEXT_MAX],
		       struct json_object *object, bool both)
{
	struct json_object *value;
	unsigned int label;

	if (!json_object_object_get_ex(object, "label", &value) || !value)
		return;
	label = json_object_get_int(value);
	if (both)
		snprintf(buf, OUTPUT_TEXT_MAX, "0x%05x (%u)", label, label);
	else
		snprintf(buf, OUTPUT_TEXT_MAX, "0x%05x", label);
}

void flow_text_label(char buf[static OUTPUT_TEXT_MAX],
		     struct json_object *object)
{
	label_text(buf, object, false);
}

void flow_text_label_both(char buf[static OUTPUT_TEXT_MAX],
			  struct json_object *object)
{
	label_text(buf, object, true);
}

void flow_text_tcp(char buf[static OUTPUT_TEXT_MAX], struct json_object *object)
{
	struct json_object *tcp;

	if (json_object_object_get_ex(object, "tcp-info", &tcp) && tcp)
		tcp_json_text(buf, tcp);
}

/* The value of key, if it is another text than that of the default. */
static void unless(char buf[static OUTPUT_TEXT_MAX], struct json_object *object,
		   const char *key, const char *usual)
{
	const char *text = get_text(object, key);

	if (strcmp(text, usual) != 0)
		snprintf(buf, OUTPUT_TEXT_MAX, "%s", text);
}

void flow_text_entropy(char buf[static OUTPUT_TEXT_MAX],
		       struct json_object *object)
{
	unless(buf, object, "entropy", "constant");
}

void flow_text_oversize(char buf[static OUTPUT_TEXT_MAX],
			struct json_object *object)
{
	unless(buf, object, "oversize", "skip");
}

void flow_text_idle_timeout(char buf[static OUTPUT_TEXT_MAX],
			    struct json_object *object)
{
	unless(buf, object, "idle-timeout", "0");
}

void flow_text_hard_timeout(char buf[static OUTPUT_TEXT_MAX],
			    struct json_object *object)
{
	unless(buf, object, "hard-timeout", "0");
}

void flow_text_end_on_close(char buf[static OUTPUT_TEXT_MAX],
			    struct json_object *object)
{
	if (strcmp(get_text(object, "end-on-close"), "true") == 0)
		snprintf(buf, OUTPUT_TEXT_MAX, "yes");
}

/* "keyword value", or the keyword alone for a yes. */
static void append_option(char buf[static OUTPUT_TEXT_MAX], const char *keyword,
			  const char *value)
{
	size_t len = strlen(buf);
	bool yes = strcmp(value, "yes") == 0;

	if (value[0])
		snprintf(buf + len, OUTPUT_TEXT_MAX - len, "%s%s%s%s",
			 len ? ", " : "", keyword, yes ? "" : " ",
			 yes ? "" : value);
}

void flow_text_options(char buf[static OUTPUT_TEXT_MAX],
		       struct json_object *object)
{
	static const struct {
		const char *keyword;
		void (*text)(char buf[static OUTPUT_TEXT_MAX],
			     struct json_object *object);
	} options[] = {
		{ "entropy", flow_text_entropy },
		{ "oversize", flow_text_oversize },
		{ "idle-timeout", flow_text_idle_timeout },
		{ "hard-timeout", flow_text_hard_timeout },
		{ "end-on-close", flow_text_end_on_close },
		{ "snapshot", snapshot_text_interval },
		{ "snapshot-on", snapshot_text_on },
		{ "snapshot-factor", snapshot_text_factor },
	};
	char value[OUTPUT_TEXT_MAX];
	size_t i;

	append_option(buf, "rule", get_text(object, "rule"));
	for (i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		value[0] = '\0';
		options[i].text(value, object);
		append_option(buf, options[i].keyword, value);
	}
}

static void seconds(char buf[static OUTPUT_TEXT_MAX],
		    struct json_object *object, const char *key)
{
	struct json_object *value;

	if (json_object_object_get_ex(object, key, &value) && value)
		snprintf(buf, OUTPUT_TEXT_MAX, "%.3f s",
			 json_object_get_double(value) / 1000);
}

void flow_text_age(char buf[static OUTPUT_TEXT_MAX], struct json_object *object)
{
	seconds(buf, object, "age");
}

void flow_text_idle(char buf[static OUTPUT_TEXT_MAX],
		    struct json_object *object)
{
	seconds(buf, object, "idle");
}
