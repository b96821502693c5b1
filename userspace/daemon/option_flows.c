// SPDX-License-Identifier: GPL-2.0
#include "option_flows.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "firefly.h"
#include "number.h"
#include "option.h"
#include "option_value.h"
#include "registry.h"
#include "tag.h"

static struct config_rule *last_rule(const struct config *config)
{
	return &config->rules[config->n_rules - 1];
}

static const char *text_of(const struct config_rule *rule, const char *key)
{
	struct json_object *value = NULL;

	json_object_object_get_ex(rule->source, key, &value);
	return value ? json_object_get_string(value) : NULL;
}

static int add_rule(struct config *config)
{
	struct config_rule *more;

	more = reallocarray(config->rules, config->n_rules + 1, sizeof(*more));
	if (!more)
		return -ENOMEM;
	config->rules = more;
	memset(&more[config->n_rules], 0, sizeof(*more));
	more[config->n_rules].source = json_object_new_object();
	if (!more[config->n_rules].source)
		return -ENOMEM;
	more[config->n_rules].spec.flow.idle_timeout = FLOW_TIMEOUT_DEFAULT;
	config->n_rules++;
	return 0;
}

/* Remembers what a key was set to. */
static int keep(struct config *config, const char *key, const char *text)
{
	return json_object_object_add(last_rule(config)->source, key,
				      json_object_new_string(text)) ?
		       -ENOMEM :
		       0;
}

static int set_condition(struct config *config, const char *key,
			 const char *text, char error[static OPTION_ERROR_MAX])
{
	struct config_rule *rule = last_rule(config);
	char why[RULE_ERROR_MAX];

	if (rule_condition_parse(&rule->spec, key, text, why))
		return option_fail(error, "%s", why);
	rule->has_condition = true;
	return keep(config, key, text);
}

#define CONDITION(key)                                             \
	static int set_##key(struct config *config, const char *t, \
			     char error[static OPTION_ERROR_MAX])  \
	{                                                          \
		return set_condition(config, #key, t, error);      \
	}

CONDITION(proto)
CONDITION(src)
CONDITION(sport)
CONDITION(dst)
CONDITION(dport)
CONDITION(port)
CONDITION(uid)
CONDITION(cgroup)
CONDITION(fwmark)
CONDITION(oif)

static int set_priority(struct config *config, const char *text,
			char error[static OPTION_ERROR_MAX])
{
	char why[RULE_ERROR_MAX];

	if (rule_priority_parse(&last_rule(config)->spec, text, why))
		return option_fail(error, "%s", why);
	return keep(config, "priority", text);
}

static int set_exclude(struct config *config, const char *text,
		       char error[static OPTION_ERROR_MAX])
{
	int ret =
		option_set_bool(&last_rule(config)->spec.exclude, text, error);

	return ret ? ret : keep(config, "exclude", text);
}

static int set_all(struct config *config, const char *text,
		   char error[static OPTION_ERROR_MAX])
{
	int ret = option_set_bool(&last_rule(config)->all, text, error);

	return ret ? ret : keep(config, "all", text);
}

/* The tag is looked at when the rule is whole. */
static int set_tag(struct config *config, const char *text,
		   char error[static OPTION_ERROR_MAX])
{
	(void)error;
	return keep(config, "tag", text);
}

static int set_experiment(struct config *config, const char *text,
			  char error[static OPTION_ERROR_MAX])
{
	(void)error;
	return keep(config, "experiment", text);
}

static int set_activity(struct config *config, const char *text,
			char error[static OPTION_ERROR_MAX])
{
	(void)error;
	return keep(config, "activity", text);
}

static int set_application(struct config *config, const char *text,
			   char error[static OPTION_ERROR_MAX])
{
	if (strlen(text) >= FIREFLY_APPLICATION_MAX)
		return option_fail(error, "longer than %d octets",
				   FIREFLY_APPLICATION_MAX - 1);
	return keep(config, "application", text);
}

/* Flows of a rule always age, so 0 is none. */
static int set_idle_timeout(struct config *config, const char *text,
			    char error[static OPTION_ERROR_MAX])
{
	uint32_t seconds;
	int ret = option_set_number(&seconds, text, 1, FLOW_TIMEOUT_MAX, error);

	if (ret)
		return ret;
	last_rule(config)->spec.flow.idle_timeout = seconds;
	return keep(config, "idle-timeout", text);
}

static int set_hard_timeout(struct config *config, const char *text,
			    char error[static OPTION_ERROR_MAX])
{
	int ret = option_set_number(&last_rule(config)->spec.flow.hard_timeout,
				    text, 1, FLOW_TIMEOUT_MAX, error);

	return ret ? ret : keep(config, "hard-timeout", text);
}

static int parse_tag(struct tag *tag, const struct config_rule *rule,
		     const struct registry *registry,
		     char error[static TAG_ERROR_MAX])
{
	const char *whole = text_of(rule, "tag");
	int ret;

	if (whole)
		return tag_parse(tag, registry, whole, error);
	ret = tag_parse_experiment(&tag->experiment, registry,
				   text_of(rule, "experiment"), error);
	return ret ? ret :
		     tag_parse_activity(&tag->activity, registry,
					tag->experiment,
					text_of(rule, "activity"), error);
}

static int check_tag(struct config_rule *rule,
		     char error[static OPTION_ERROR_MAX])
{
	bool halves = text_of(rule, "experiment") || text_of(rule, "activity");
	struct registry *registry = NULL;
	char why[TAG_ERROR_MAX], unread[REGISTRY_ERROR_MAX];
	struct tag tag;
	int ret;

	if (text_of(rule, "tag") ?
		    halves :
		    !text_of(rule, "experiment") || !text_of(rule, "activity"))
		return option_fail(error,
				   "needs experiment and activity, or a tag, "
				   "or exclude: true");
	/* Numbers do without a registry, which takes its time to be read. */
	ret = parse_tag(&tag, rule, NULL, why);
	if (ret == -ENOENT && !registry_load(&registry, NULL, unread))
		ret = parse_tag(&tag, rule, registry, why);
	registry_free(registry);
	if (ret)
		return option_fail(error, "%s", why);
	rule->spec.flow.experiment = tag.experiment;
	rule->spec.flow.activity = tag.activity;
	return 0;
}

static int check_rule(const struct config *config,
		      char error[static OPTION_ERROR_MAX])
{
	static const char *const of_flows[] = {
		"tag",	       "experiment",   "activity",
		"application", "idle-timeout", "hard-timeout"
	};
	struct config_rule *rule = last_rule(config);
	char why[RULE_ERROR_MAX];
	size_t i;

	if (rule_check(&rule->spec, why))
		return option_fail(error, "%s", why);
	/* A condition that was forgotten would mark everything. */
	if (rule->all == rule->has_condition)
		return option_fail(error, "has conditions, or all: true");
	if (!rule->spec.exclude)
		return check_tag(rule, error);
	for (i = 0; i < sizeof(of_flows) / sizeof(of_flows[0]); i++)
		if (text_of(rule, of_flows[i]))
			return option_fail(error,
					   "exclude leaves connections alone: "
					   "write no %s beside it",
					   of_flows[i]);
	return 0;
}

static const struct option_key rule_keys[] = {
	{ "tag", false, set_tag },
	{ "experiment", false, set_experiment },
	{ "activity", false, set_activity },
	{ "application", false, set_application },
	{ "proto", false, set_proto },
	{ "src", false, set_src },
	{ "sport", false, set_sport },
	{ "dst", false, set_dst },
	{ "dport", false, set_dport },
	{ "port", false, set_port },
	{ "uid", false, set_uid },
	{ "cgroup", false, set_cgroup },
	{ "fwmark", false, set_fwmark },
	{ "oif", false, set_oif },
	{ "all", false, set_all },
	{ "exclude", false, set_exclude },
	{ "priority", false, set_priority },
	{ "idle-timeout", false, set_idle_timeout },
	{ "hard-timeout", false, set_hard_timeout },
};

static const struct option_mapping rule_mapping = {
	.add = add_rule,
	.keys = rule_keys,
	.n_keys = sizeof(rule_keys) / sizeof(rule_keys[0]),
	.check = check_rule,
};

static int set_rules(struct config *config, const char *text,
		     char error[static OPTION_ERROR_MAX])
{
	(void)config;
	return option_fail(error, "\"%s\" is not a mapping", text);
}

static struct json_object *get_rules(const struct config *config)
{
	struct json_object *list = json_object_new_array();
	size_t i;

	for (i = 0; list && i < config->n_rules; i++)
		json_object_array_add(list,
				      json_object_get(config->rules[i].source));
	return list;
}

static int set_command_line(struct config *config, const char *text,
			    char error[static OPTION_ERROR_MAX])
{
	return option_set_bool(&config->command_line, text, error);
}

static struct json_object *get_command_line(const struct config *config)
{
	return json_object_new_boolean(config->command_line);
}

static int set_state_file(struct config *config, const char *text,
			  char error[static OPTION_ERROR_MAX])
{
	free(config->state_file);
	config->state_file = NULL;
	if (!strcmp(text, "none"))
		return 0;
	if (option_check_path(text, error))
		return -EINVAL;
	config->state_file = strdup(text);
	return config->state_file ? 0 : -ENOMEM;
}

static struct json_object *get_state_file(const struct config *config)
{
	return json_object_new_string(config->state_file ? config->state_file :
							   "none");
}

static int set_end_at_shutdown(struct config *config, const char *text,
			       char error[static OPTION_ERROR_MAX])
{
	return option_set_bool(&config->end_at_shutdown, text, error);
}

static struct json_object *get_end_at_shutdown(const struct config *config)
{
	return json_object_new_boolean(config->end_at_shutdown);
}

static const struct option options[] = {
	{ "rules", true, set_rules, get_rules, "", &rule_mapping },
	{ "command-line", false, set_command_line, get_command_line, "true",
	  NULL },
	{ "state-file", false, set_state_file, get_state_file,
	  "/var/lib/scitagd/state", NULL },
	{ "fireflies.end-at-shutdown", false, set_end_at_shutdown,
	  get_end_at_shutdown, "false", NULL },
};

const struct option_group option_flows = {
	.options = options,
	.n = sizeof(options) / sizeof(options[0]),
};
