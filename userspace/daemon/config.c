// SPDX-License-Identifier: GPL-2.0
#include "config.h"

#include <errno.h>
#include <json-c/json.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include <scitag/option.h>

#include "firefly.h"
#include "flow.h"
#include "log.h"
#include "number.h"
#include "yamltree.h"

#define FLOWS_LIMIT 10000000

/* Longest "section.key". */
#define PATH_TEXT_MAX 64

#define VALUE_ERROR_MAX 256

static int fail(char error[static VALUE_ERROR_MAX], const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Says what is wrong with a value. Always -EINVAL. */
static int fail(char error[static VALUE_ERROR_MAX], const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(error, VALUE_ERROR_MAX, format, ap);
	va_end(ap);
	return -EINVAL;
}

/* Room for one more item at the end of a list. Returns the item or NULL. */
static void *append(void *list, size_t *n, size_t size)
{
	void **items = list;
	void *more = reallocarray(*items, *n + 1, size);

	if (!more)
		return NULL;
	*items = more;
	return memset((char *)more + size * (*n)++, 0, size);
}

static int set_marks(struct config *config, const char *text, char *error)
{
	uint32_t mark;

	if (flow_mark_parse(&mark, text))
		return fail(error, "\"%s\" is none of label, hbh, do", text);
	config->marks |= mark;
	return 0;
}

static int set_layout(struct config *config, const char *text, char *error)
{
	config->layout = FLOW_LAYOUT_DEFAULT;
	if (strcmp(text, "default") && flow_layout_parse(&config->layout, text))
		return fail(error, "\"%s\" is none of ids, label, label4, safe",
			    text);
	return 0;
}

static int set_option_type(struct config *config, const char *text, char *error)
{
	uint64_t number;

	config->option_type = FLOW_OPTION_TYPE_DEFAULT;
	if (!strcmp(text, "default"))
		return 0;
	if (number_parse(&number, text, 255))
		return fail(error, "\"%s\" is not a number of 0..255", text);
	if (!scitag_option_type_ok(number))
		return fail(error, "%s is an option type that cannot be used",
			    text);
	config->option_type = number;
	return 0;
}

static int set_pipes(struct config *config, const char *text, char *error)
{
	char **path;

	if (text[0] != '/')
		return fail(error, "\"%s\" is not an absolute path", text);
	path = append(&config->pipes, &config->n_pipes, sizeof(*path));
	if (!path || !(*path = strdup(text)))
		return -ENOMEM;
	return 0;
}

/*
 * Where the port begins in "host:port", "[address]:port", or NULL if there is
 * none: more than one ':' outside of brackets is an IPv6 address.
 */
static const char *find_port(const char *text)
{
	const char *close = text[0] == '[' ? strchr(text, ']') : NULL;
	const char *colon;

	if (close)
		return close[1] ? close + 1 : NULL;
	colon = strchr(text, ':');
	return colon && !strchr(colon + 1, ':') ? colon : NULL;
}

static int parse_endpoint(struct endpoint *e, const char *text, char *error)
{
	const char *colon = find_port(text);
	size_t len = colon ? (size_t)(colon - text) : strlen(text);
	char *host;

	e->port = FIREFLY_PORT;
	if (colon && (*colon != ':' || port_parse(&e->port, colon + 1)))
		return fail(error, "\"%s\" has a bad port", text);
	if (text[0] == '[') {
		if (len < 3 || text[len - 1] != ']')
			return fail(error, "\"%s\" has bad brackets", text);
		text++;
		len -= 2;
	}
	if (!len || strcspn(text, " \t/[]") < len)
		return fail(error, "\"%s\" is not a host", text);
	host = strndup(text, len);
	if (!host)
		return -ENOMEM;
	e->host = host;
	return 0;
}

static int set_collectors(struct config *config, const char *text, char *error)
{
	struct endpoint *e;

	e = append(&config->collectors, &config->n_collectors, sizeof(*e));
	return e ? parse_endpoint(e, text, error) : -ENOMEM;
}

static int set_listen(struct config *config, const char *text, char *error)
{
	struct endpoint *e;
	struct addr addr;
	int ret;

	e = append(&config->listen, &config->n_listen, sizeof(*e));
	ret = e ? parse_endpoint(e, text, error) : -ENOMEM;
	if (ret)
		return ret;
	if (addr_parse(&addr, e->host))
		return fail(error, "\"%s\" is not an address", e->host);
	return 0;
}

static int set_to_remote(struct config *config, const char *text, char *error)
{
	config->to_remote = !strcasecmp(text, "true") ||
			    !strcasecmp(text, "yes") || !strcasecmp(text, "on");
	if (!config->to_remote && strcasecmp(text, "false") &&
	    strcasecmp(text, "no") && strcasecmp(text, "off"))
		return fail(error, "\"%s\" is not true or false", text);
	return 0;
}

/* "" is the default: the host's own name. */
static int set_hostname(struct config *config, const char *text, char *error)
{
	char name[FIREFLY_HOSTNAME_MAX] = "";

	if (strlen(text) >= sizeof(name))
		return fail(error, "longer than %zu", sizeof(name) - 1);
	if (!text[0])
		gethostname(name, sizeof(name) - 1);
	free(config->hostname);
	config->hostname = strdup(text[0] ? text : name);
	return config->hostname ? 0 : -ENOMEM;
}

static int set_local_addresses(struct config *config, const char *text,
			       char *error)
{
	struct addr *addr;

	addr = append(&config->local_addresses, &config->n_local_addresses,
		      sizeof(*addr));
	if (!addr)
		return -ENOMEM;
	if (addr_parse(addr, text))
		return fail(error, "\"%s\" is not an address", text);
	return 0;
}

static int set_max_flows(struct config *config, const char *text, char *error)
{
	uint64_t number;

	if (decimal_parse(&number, text, FLOWS_LIMIT) || !number)
		return fail(error, "\"%s\" is not a number of 1..%d", text,
			    FLOWS_LIMIT);
	config->max_flows = number;
	return 0;
}

int config_log_level_parse(int *level, const char *text)
{
	static const struct {
		const char *name;
		int level;
	} levels[] = {
		{ "error", LOG_ERR },	  { "warning", LOG_WARNING },
		{ "notice", LOG_NOTICE }, { "info", LOG_INFO },
		{ "debug", LOG_DEBUG },
	};
	size_t i;

	for (i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
		if (!strcasecmp(text, levels[i].name)) {
			*level = levels[i].level;
			return 0;
		}
	}
	return -EINVAL;
}

static int set_log_level(struct config *config, const char *text, char *error)
{
	if (config_log_level_parse(&config->log_level, text))
		return fail(error,
			    "\"%s\" is none of error, warning, notice, info, "
			    "debug",
			    text);
	return 0;
}

/* All there is to set. What it means is said in config.h, field by field. */
static const struct option {
	const char *path; /* "key" or "section.key" */
	bool list; /* takes any number of values */
	/* From one value or item. Returns 0, or -errno with a text in error. */
	int (*set)(struct config *config, const char *text, char *error);
	const char *initial; /* default; of a list: separated by blanks */
} options[] = {
	{ "marks", true, set_marks, "label" },
	{ "layout", false, set_layout, "default" },
	{ "option-type", false, set_option_type, "default" },
	{ "pipes", true, set_pipes, "/run/scitagd/flows" },
	{ "receiver.listen", true, set_listen, "127.0.0.1:10514 [::1]:10514" },
	{ "fireflies.collectors", true, set_collectors, "" },
	{ "fireflies.to-remote", false, set_to_remote, "true" },
	{ "fireflies.hostname", false, set_hostname, "" },
	{ "local-addresses", true, set_local_addresses, "" },
	{ "max-flows", false, set_max_flows, "100000" },
	{ "log-level", false, set_log_level, "info" },
};

#define N_OPTIONS (sizeof(options) / sizeof(options[0]))

/* A configuration on its way from a file. */
struct loader {
	struct config *config;
	const char *file;
	config_error_cb cb;
	void *data;
	bool seen[N_OPTIONS];
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

/* The index of an option, or -1. */
static int find_option(const char *path)
{
	size_t i;

	for (i = 0; i < N_OPTIONS; i++)
		if (!strcmp(options[i].path, path))
			return i;
	return -1;
}

static bool is_section(const char *path)
{
	size_t len = strlen(path);
	size_t i;

	for (i = 0; i < N_OPTIONS; i++)
		if (!strncmp(options[i].path, path, len) &&
		    options[i].path[len] == '.')
			return true;
	return false;
}

static bool is_empty(struct json_object *value)
{
	return json_object_is_type(value, json_type_string) &&
	       !json_object_get_string_len(value);
}

static void set_value(struct loader *l, const struct option *option,
		      struct json_object *value)
{
	char error[VALUE_ERROR_MAX];
	int ret;

	if (!json_object_is_type(value, json_type_string)) {
		report(l, value, option->path, "takes no more than a value");
		return;
	}
	if (is_empty(value)) {
		report(l, value, option->path, "has no value");
		return;
	}
	ret = option->set(l->config, json_object_get_string(value), error);
	if (ret)
		report(l, value, option->path,
		       ret == -EINVAL ? error : strerror(-ret));
}

/* A list, one value in the place of a list of one, or nothing at all. */
static void set_list(struct loader *l, const struct option *option,
		     struct json_object *value)
{
	size_t n, i;

	if (is_empty(value))
		return;
	if (!json_object_is_type(value, json_type_array)) {
		set_value(l, option, value);
		return;
	}
	n = json_object_array_length(value);
	for (i = 0; i < n; i++)
		set_value(l, option, json_object_array_get_idx(value, i));
}

static void load_mapping(struct loader *l, struct json_object *mapping,
			 const char *section)
{
	char path[PATH_TEXT_MAX];

	json_object_object_foreach (mapping, key, value) {
		int i;

		snprintf(path, sizeof(path), "%s%s%s", section,
			 section[0] ? "." : "", key);
		i = find_option(path);
		if (i >= 0) {
			l->seen[i] = true;
			if (options[i].list)
				set_list(l, &options[i], value);
			else
				set_value(l, &options[i], value);
		} else if (!is_section(path)) {
			report(l, value, path, "unknown key");
		} else if (json_object_is_type(value, json_type_object)) {
			load_mapping(l, value, path);
		} else if (!is_empty(value)) {
			report(l, value, path, "has to be a mapping");
		}
	}
}

/* Gives its default to each option that the file did not set. */
static int set_defaults(struct loader *l)
{
	char error[VALUE_ERROR_MAX];
	size_t i;
	int ret;

	for (i = 0; i < N_OPTIONS; i++) {
		char *text, *item, *rest;

		if (l->seen[i])
			continue;
		if (!options[i].list) {
			ret = options[i].set(l->config, options[i].initial,
					     error);
			if (ret)
				return ret;
			continue;
		}
		text = strdup(options[i].initial);
		if (!text)
			return -ENOMEM;
		ret = 0;
		for (item = strtok_r(text, " ", &rest); item && !ret;
		     item = strtok_r(NULL, " ", &rest))
			ret = options[i].set(l->config, item, error);
		free(text);
		if (ret)
			return ret;
	}
	return 0;
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
	json_object_put(root);
	return l->failed ? -EINVAL : 0;
}

int config_load(struct config **out, const char *path, config_error_cb cb,
		void *data)
{
	struct loader l = { .file = path, .cb = cb, .data = data };
	int ret = 0;

	l.config = calloc(1, sizeof(*l.config));
	if (!l.config)
		return -ENOMEM;
	if (path)
		ret = load_file(&l, path);
	if (!ret)
		ret = set_defaults(&l);
	if (ret) {
		config_free(l.config);
		return ret;
	}
	*out = l.config;
	return 0;
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
	endpoints_free(config->collectors, config->n_collectors);
	free(config->hostname);
	free(config->local_addresses);
	free(config);
}
