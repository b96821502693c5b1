// SPDX-License-Identifier: GPL-2.0
#include "config.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ids.h"
#include "log.h"
#include "option.h"
#include "yamltree.h"

/* Longest "section.key". */
#define PATH_TEXT_MAX 64

/* A configuration on its way from a file. */
struct loader {
	struct config *config;
	const char *file;
	config_error_cb cb;
	void *data;
	bool *seen; /* which options the file has */
	bool failed;
};

static void report(struct loader *l, struct json_object *value,
		   const char *path, const char *what)
{
	char text[YAMLTREE_ERROR_MAX];

	snprintf(text, sizeof(text), "%s:%u: %s: %s", l->file,
		 yamltree_line(value), path, what);
	l->cb(l->data, text);
	l->failed = true;
}

static bool is_empty(struct json_object *value)
{
	return json_object_is_type(value, json_type_string) &&
	       !json_object_get_string_len(value);
}

static void set_value(struct loader *l, const char *path, option_set *set,
		      struct json_object *value)
{
	char error[OPTION_ERROR_MAX];
	int ret;

	if (!json_object_is_type(value, json_type_string)) {
		report(l, value, path, "takes no more than a value");
		return;
	}
	if (is_empty(value)) {
		report(l, value, path, "has no value");
		return;
	}
	ret = set(l->config, json_object_get_string(value), error);
	if (ret)
		report(l, value, path, ret == -EINVAL ? error : strerror(-ret));
}

static void set_item(struct loader *l, const char *path, option_set *set,
		     const struct option_mapping *mapping,
		     struct json_object *value);

/* A list, one item in the place of a list of one, or nothing at all. */
static void set_list(struct loader *l, const char *path, option_set *set,
		     const struct option_mapping *mapping,
		     struct json_object *value)
{
	size_t n, i;

	if (is_empty(value))
		return;
	if (!json_object_is_type(value, json_type_array)) {
		set_item(l, path, set, mapping, value);
		return;
	}
	n = json_object_array_length(value);
	if (n > CONFIG_LIST_MAX) {
		report(l, value, path, "has too many items");
		return;
	}
	for (i = 0; i < n; i++)
		set_item(l, path, set, mapping,
			 json_object_array_get_idx(value, i));
}

static void set_key(struct loader *l, const char *path,
		    const struct option_mapping *mapping, const char *name,
		    struct json_object *value)
{
	char key_path[PATH_TEXT_MAX];
	size_t i;

	snprintf(key_path, sizeof(key_path), "%s.%s", path, name);
	for (i = 0; i < mapping->n_keys; i++) {
		const struct option_key *key = &mapping->keys[i];

		if (strcmp(key->name, name))
			continue;
		if (key->list)
			set_list(l, key_path, key->set, NULL, value);
		else
			set_value(l, key_path, key->set, value);
		return;
	}
	report(l, value, key_path, "unknown key");
}

/* An item of a list: one value; or a mapping, where it may be one. */
static void set_item(struct loader *l, const char *path, option_set *set,
		     const struct option_mapping *mapping,
		     struct json_object *value)
{
	struct json_object_iterator it, end;
	char error[OPTION_ERROR_MAX];

	if (!mapping || !json_object_is_type(value, json_type_object)) {
		set_value(l, path, set, value);
		return;
	}
	if (mapping->add(l->config)) {
		report(l, value, path, strerror(ENOMEM));
		return;
	}
	it = json_object_iter_begin(value);
	end = json_object_iter_end(value);
	for (; !json_object_iter_equal(&it, &end); json_object_iter_next(&it))
		set_key(l, path, mapping, json_object_iter_peek_name(&it),
			json_object_iter_peek_value(&it));
	if (!l->failed && mapping->check(l->config, error))
		report(l, value, path, error);
}

static void set_option(struct loader *l, const struct option *option,
		       struct json_object *value)
{
	if (option->list)
		set_list(l, option->path, option->set, option->mapping, value);
	else
		set_value(l, option->path, option->set, value);
}

static void load_mapping(struct loader *l, struct json_object *mapping,
			 const char *section);

/* What stands at path: an option, a section, or nothing that is known. */
static void load_value(struct loader *l, struct json_object *value,
		       const char *path)
{
	int i = option_find(path);

	if (i >= 0) {
		l->seen[i] = true;
		set_option(l, option_get(i), value);
	} else if (!option_is_section(path)) {
		report(l, value, path, "unknown key");
	} else if (json_object_is_type(value, json_type_object)) {
		load_mapping(l, value, path);
	} else if (!is_empty(value)) {
		report(l, value, path, "has to be a mapping");
	}
}

static void load_mapping(struct loader *l, struct json_object *mapping,
			 const char *section)
{
	struct json_object_iterator it = json_object_iter_begin(mapping);
	struct json_object_iterator end = json_object_iter_end(mapping);
	char path[PATH_TEXT_MAX];

	for (; !json_object_iter_equal(&it, &end); json_object_iter_next(&it)) {
		snprintf(path, sizeof(path), "%s%s%s", section,
			 section[0] ? "." : "",
			 json_object_iter_peek_name(&it));
		load_value(l, json_object_iter_peek_value(&it), path);
	}
}

static int set_default(struct config *config, const struct option *option)
{
	char error[OPTION_ERROR_MAX];
	char *text, *item, *rest;
	int ret = 0;

	if (!option->list)
		return option->set(config, option->initial, error);
	text = strdup(option->initial);
	if (!text)
		return -ENOMEM;
	for (item = strtok_r(text, " ", &rest); item && !ret;
	     item = strtok_r(NULL, " ", &rest))
		ret = option->set(config, item, error);
	free(text);
	return ret;
}

/* Gives its default to each option that the file did not set. */
static int set_defaults(struct loader *l)
{
	int ret = 0;
	size_t i;

	for (i = 0; i < option_count() && !ret; i++)
		if (!l->seen[i])
			ret = set_default(l->config, option_get(i));
	return ret;
}

static int load_file(struct loader *l, const char *path)
{
	char error[YAMLTREE_ERROR_MAX];
	struct json_object *root;
	int ret;

	ret = yamltree_load(&root, path, error);
	if (ret) {
		l->cb(l->data, error);
		return ret;
	}
	if (json_object_is_type(root, json_type_object))
		load_mapping(l, root, "");
	else if (!is_empty(root))
		report(l, root, "the file", "has to be a mapping");
	yamltree_free(root);
	return l->failed ? -EINVAL : 0;
}

int config_check_rules(const struct config *config,
		       char error[static CONFIG_ERROR_MAX])
{
	struct ids max = ids_max(config);
	size_t i;

	for (i = 0; i < config->n_rules; i++) {
		const struct rule_spec *spec = &config->rules[i].spec;

		if (!config->marks)
			snprintf(error, CONFIG_ERROR_MAX,
				 "there are none without marks");
		else if (spec->flow.experiment > max.experiment ||
			 spec->flow.activity > max.activity)
			snprintf(
				error, CONFIG_ERROR_MAX,
				"experiment %u, activity %u: the marks have no room for more than %u and %u",
				spec->flow.experiment, spec->flow.activity,
				max.experiment, max.activity);
		else
			continue;
		return -EINVAL;
	}
	return 0;
}

/* What is wrong with options that are right one by one. */
static int check_together(struct loader *l)
{
	const struct config *config = l->config;
	char text[YAMLTREE_ERROR_MAX], error[CONFIG_ERROR_MAX];
	size_t i;

	for (i = 0; i < config->n_http && !config->http_token_file; i++) {
		if (config->http[i].host[0] == '/')
			continue;
		snprintf(text, sizeof(text),
			 "%s: http.listen: %s needs http.token-file", l->file,
			 config->http[i].host);
		l->cb(l->data, text);
		return -EINVAL;
	}
	if (!config_check_rules(config, error))
		return 0;
	snprintf(text, sizeof(text), "%s: rules: %s", l->file, error);
	l->cb(l->data, text);
	return -EINVAL;
}

/* With nothing set, not even defaults. */
static struct config *config_new(void)
{
	struct config *config = calloc(1, sizeof(*config));

	if (config) {
		config->source_ipv4.family = AF_INET;
		config->source_ipv6.family = AF_INET6;
	}
	return config;
}

int config_load(struct config **out, const char *path, config_error_cb cb,
		void *data)
{
	struct loader l = { .file = path, .cb = cb, .data = data };
	int ret = -ENOMEM;

	l.config = config_new();
	l.seen = calloc(option_count(), sizeof(*l.seen));
	if (l.config && l.seen)
		ret = path ? load_file(&l, path) : 0;
	if (!ret)
		ret = set_defaults(&l);
	if (!ret)
		ret = check_together(&l);
	free(l.seen);
	if (ret) {
		config_free(l.config);
		return ret;
	}
	*out = l.config;
	return 0;
}

/* Puts a value at "key" or "section.key" of a tree. Takes it over. */
static int put_at(struct json_object *root, const char *path,
		  struct json_object *value)
{
	const char *dot = strchr(path, '.');
	struct json_object *section = root;
	char name[PATH_TEXT_MAX];

	if (dot) {
		snprintf(name, sizeof(name), "%.*s", (int)(dot - path), path);
		if (!json_object_object_get_ex(root, name, &section)) {
			section = json_object_new_object();
			json_object_object_add(root, name, section);
		}
	}
	return json_object_object_add(section, dot ? dot + 1 : path, value) ?
		       -ENOMEM :
		       0;
}

int config_print(const struct config *config, const bool *chosen, FILE *file)
{
	struct json_object *root = json_object_new_object();
	int ret = root ? 0 : -ENOMEM;
	size_t i;

	for (i = 0; i < option_count() && !ret; i++) {
		struct json_object *value;

		if (chosen && !chosen[i])
			continue;
		value = option_get(i)->get(config);
		ret = value ? put_at(root, option_get(i)->path, value) :
			      -ENOMEM;
	}
	if (!ret)
		ret = yamltree_write(root, file);
	json_object_put(root);
	return ret;
}

bool config_differs(const struct config *a, const struct config *b,
		    const char *path)
{
	const struct option *option = option_get(option_find(path));
	struct json_object *value_a = option->get(a), *value_b = option->get(b);
	bool differs = !json_object_equal(value_a, value_b);

	json_object_put(value_a);
	json_object_put(value_b);
	return differs;
}

static const struct {
	const char *name;
	int level;
} log_levels[] = {
	{ "error", LOG_ERR },	  { "warning", LOG_WARNING },
	{ "notice", LOG_NOTICE }, { "info", LOG_INFO },
	{ "debug", LOG_DEBUG },
};

#define N_LOG_LEVELS (sizeof(log_levels) / sizeof(log_levels[0]))

int config_log_level_parse(int *level, const char *text)
{
	size_t i;

	for (i = 0; i < N_LOG_LEVELS; i++) {
		if (!strcasecmp(text, log_levels[i].name)) {
			*level = log_levels[i].level;
			return 0;
		}
	}
	return -EINVAL;
}

const char *config_log_level_name(int level)
{
	size_t i;

	for (i = 0; i < N_LOG_LEVELS; i++)
		if (log_levels[i].level == level)
			return log_levels[i].name;
	return NULL;
}

const char *config_rule_application(const struct config_rule *rule)
{
	struct json_object *value = NULL;

	json_object_object_get_ex(rule->source, "application", &value);
	return value ? json_object_get_string(value) : NULL;
}

static void endpoints_free(struct endpoint *endpoints, size_t n)
{
	while (n--)
		free(endpoints[n].host);
	free(endpoints);
}

void config_free(struct config *config)
{
	if (!config)
		return;
	while (config->n_pipes--)
		free(config->pipes[config->n_pipes]);
	free(config->pipes);
	endpoints_free(config->listen, config->n_listen);
	endpoints_free(config->http, config->n_http);
	free(config->http_token_file);
	while (config->n_collectors--)
		collector_clear(&config->collectors[config->n_collectors]);
	free(config->collectors);
	free(config->exclude);
	free(config->translations);
	free(config->stun.host);
	free(config->hostname);
	while (config->n_rules--)
		json_object_put(config->rules[config->n_rules].source);
	free(config->rules);
	free(config->state_file);
	free(config->local_addresses);
	free(config);
}
