// SPDX-License-Identifier: GPL-2.0
#include "option.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include <scitag/option.h>

#include "config.h"
#include "endpoint.h"
#include "firefly.h"
#include "flow.h"
#include "number.h"

#define HTTP_PORT 7777 /* that of flowd-go */
#define METRICS_FLOWS_LIMIT 10000
#define FLOWS_LIMIT 10000000
#define PERIOD_LIMIT_S 86400 /* what the kernel takes as an interval */

static int fail(char error[static OPTION_ERROR_MAX], const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Says what is wrong with a value. Always -EINVAL. */
static int fail(char error[static OPTION_ERROR_MAX], const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(error, OPTION_ERROR_MAX, format, ap);
	va_end(ap);
	return -EINVAL;
}

static int set_marks(struct config *config, const char *text,
		     char error[static OPTION_ERROR_MAX])
{
	uint32_t mark;

	if (flow_mark_parse(&mark, text))
		return fail(error, "\"%s\" is none of label, hbh, do", text);
	config->marks |= mark;
	return 0;
}

static struct json_object *get_marks(const struct config *config)
{
	struct json_object *list = json_object_new_array();
	char text[FLOW_MARK_TEXT_MAX];
	uint32_t bit;

	for (bit = 1; list && bit && bit <= config->marks; bit <<= 1)
		if (config->marks & bit)
			json_object_array_add(list,
					      json_object_new_string(
						      flow_mark_format(bit,
								       text)));
	return list;
}

static int set_layout(struct config *config, const char *text,
		      char error[static OPTION_ERROR_MAX])
{
	config->layout = FLOW_LAYOUT_DEFAULT;
	if (strcmp(text, "default") && flow_layout_parse(&config->layout, text))
		return fail(error, "\"%s\" is none of ids, label, label4, safe",
			    text);
	return 0;
}

static struct json_object *get_layout(const struct config *config)
{
	const char *name = flow_layout_name(config->layout);

	return json_object_new_string(name ? name : "default");
}

static int set_option_type(struct config *config, const char *text,
			   char error[static OPTION_ERROR_MAX])
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

static struct json_object *get_option_type(const struct config *config)
{
	if (config->option_type == FLOW_OPTION_TYPE_DEFAULT)
		return json_object_new_string("default");
	return json_object_new_int(config->option_type);
}

static int check_path(const char *text, char error[static OPTION_ERROR_MAX])
{
	if (text[0] != '/')
		return fail(error, "\"%s\" is not an absolute path", text);
	return 0;
}

static int set_pipes(struct config *config, const char *text,
		     char error[static OPTION_ERROR_MAX])
{
	char **pipes, *path;

	if (check_path(text, error))
		return -EINVAL;
	pipes = reallocarray(config->pipes, config->n_pipes + 1,
			     sizeof(*pipes));
	if (!pipes)
		return -ENOMEM;
	config->pipes = pipes;
	path = strdup(text);
	if (!path)
		return -ENOMEM;
	pipes[config->n_pipes++] = path;
	return 0;
}

static struct json_object *get_pipes(const struct config *config)
{
	struct json_object *list = json_object_new_array();
	size_t i;

	for (i = 0; list && i < config->n_pipes; i++)
		json_object_array_add(list,
				      json_object_new_string(config->pipes[i]));
	return list;
}

typedef int endpoint_parser(struct endpoint *endpoint, const char *text,
			    char error[static ENDPOINT_ERROR_MAX]);

static int parse_firefly_endpoint(struct endpoint *endpoint, const char *text,
				  char error[static ENDPOINT_ERROR_MAX])
{
	return endpoint_parse(endpoint, text, FIREFLY_PORT, error);
}

static int parse_http_listen(struct endpoint *endpoint, const char *text,
			     char error[static ENDPOINT_ERROR_MAX])
{
	return endpoint_parse_local(endpoint, text, HTTP_PORT, error);
}

/* From text to the end of a list. */
static int add_endpoint(struct endpoint **list, size_t *n, const char *text,
			endpoint_parser *parse,
			char error[static OPTION_ERROR_MAX])
{
	struct endpoint *more;
	int ret;

	more = reallocarray(*list, *n + 1, sizeof(*more));
	if (!more)
		return -ENOMEM;
	*list = more;
	ret = parse(&more[*n], text, error);
	if (!ret)
		(*n)++;
	return ret;
}

static struct json_object *get_endpoints(const struct endpoint *endpoints,
					 size_t n)
{
	struct json_object *list = json_object_new_array();
	size_t i;

	for (i = 0; list && i < n; i++) {
		char *text = endpoint_text(&endpoints[i]);

		if (text)
			json_object_array_add(list,
					      json_object_new_string(text));
		free(text);
	}
	return list;
}

static int set_collectors(struct config *config, const char *text,
			  char error[static OPTION_ERROR_MAX])
{
	return add_endpoint(&config->collectors, &config->n_collectors, text,
			    parse_firefly_endpoint, error);
}

static struct json_object *get_collectors(const struct config *config)
{
	return get_endpoints(config->collectors, config->n_collectors);
}

static int set_listen(struct config *config, const char *text,
		      char error[static OPTION_ERROR_MAX])
{
	struct endpoint *last;
	struct addr addr;
	int ret;

	ret = add_endpoint(&config->listen, &config->n_listen, text,
			   parse_firefly_endpoint, error);
	if (ret)
		return ret;
	last = &config->listen[config->n_listen - 1];
	if (!addr_parse(&addr, last->host))
		return 0;
	ret = fail(error, "\"%s\" is not an address", last->host);
	free(last->host);
	config->n_listen--;
	return ret;
}

static struct json_object *get_listen(const struct config *config)
{
	return get_endpoints(config->listen, config->n_listen);
}

static int set_http_listen(struct config *config, const char *text,
			   char error[static OPTION_ERROR_MAX])
{
	return add_endpoint(&config->http, &config->n_http, text,
			    parse_http_listen, error);
}

static struct json_object *get_http_listen(const struct config *config)
{
	return get_endpoints(config->http, config->n_http);
}

static int set_http_token_file(struct config *config, const char *text,
			       char error[static OPTION_ERROR_MAX])
{
	free(config->http_token_file);
	config->http_token_file = NULL;
	if (!strcmp(text, "none"))
		return 0;
	if (check_path(text, error))
		return -EINVAL;
	config->http_token_file = strdup(text);
	return config->http_token_file ? 0 : -ENOMEM;
}

static struct json_object *get_http_token_file(const struct config *config)
{
	return json_object_new_string(
		config->http_token_file ? config->http_token_file : "none");
}

static int set_to_remote(struct config *config, const char *text,
			 char error[static OPTION_ERROR_MAX])
{
	config->to_remote = !strcasecmp(text, "true") ||
			    !strcasecmp(text, "yes") || !strcasecmp(text, "on");
	if (!config->to_remote && strcasecmp(text, "false") &&
	    strcasecmp(text, "no") && strcasecmp(text, "off"))
		return fail(error, "\"%s\" is not true or false", text);
	return 0;
}

static struct json_object *get_to_remote(const struct config *config)
{
	return json_object_new_boolean(config->to_remote);
}

/* "10", "10s", "5m", "1h". */
static int set_period(struct config *config, const char *text,
		      char error[static OPTION_ERROR_MAX])
{
	size_t len = strspn(text, "0123456789");
	uint64_t number, unit = 1;
	char digits[16];

	if (!strcmp(text + len, "m"))
		unit = 60;
	else if (!strcmp(text + len, "h"))
		unit = 3600;
	else if (text[len] && strcmp(text + len, "s"))
		len = 0;
	snprintf(digits, sizeof(digits), "%.*s",
		 len < sizeof(digits) ? (int)len : 0, text);
	if (decimal_parse(&number, digits, PERIOD_LIMIT_S / unit))
		return fail(error, "\"%s\" is not a time of 1s..24h, and not 0",
			    text);
	config->period_s = number * unit;
	return 0;
}

static struct json_object *get_period(const struct config *config)
{
	char text[16];

	snprintf(text, sizeof(text), "%us", config->period_s);
	return json_object_new_string(text);
}

static const char *const enrichments[] = {
	[FIREFLY_LEAN] = "lean",
	[FIREFLY_COMPATIBLE] = "compatible",
	[FIREFLY_FULL] = "full",
	[FIREFLY_BARE] = "none",
};

#define N_ENRICHMENTS (sizeof(enrichments) / sizeof(enrichments[0]))

static int set_enrichment(struct config *config, const char *text,
			  char error[static OPTION_ERROR_MAX])
{
	size_t i;

	for (i = 0; i < N_ENRICHMENTS; i++) {
		if (strcmp(text, enrichments[i]))
			continue;
		config->enrichment = i;
		return 0;
	}
	return fail(error, "\"%s\" is none of lean, compatible, full, none",
		    text);
}

static struct json_object *get_enrichment(const struct config *config)
{
	return json_object_new_string(enrichments[config->enrichment]);
}

/* "" is the default: the host's own name. */
static int set_hostname(struct config *config, const char *text,
			char error[static OPTION_ERROR_MAX])
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

static struct json_object *get_hostname(const struct config *config)
{
	return json_object_new_string(config->hostname);
}

static int set_local_addresses(struct config *config, const char *text,
			       char error[static OPTION_ERROR_MAX])
{
	size_t n = config->n_local_addresses;
	struct addr *more;

	more = reallocarray(config->local_addresses, n + 1, sizeof(*more));
	if (!more)
		return -ENOMEM;
	config->local_addresses = more;
	if (addr_parse(&more[n], text))
		return fail(error, "\"%s\" is not an address", text);
	config->n_local_addresses++;
	return 0;
}

static struct json_object *get_local_addresses(const struct config *config)
{
	struct json_object *list = json_object_new_array();
	char text[ADDR_TEXT_MAX];
	size_t i;

	for (i = 0; list && i < config->n_local_addresses; i++)
		json_object_array_add(list, json_object_new_string(addr_format(
						    &config->local_addresses[i],
						    text)));
	return list;
}

static int set_max_flows(struct config *config, const char *text,
			 char error[static OPTION_ERROR_MAX])
{
	uint64_t number;

	if (decimal_parse(&number, text, FLOWS_LIMIT) || !number)
		return fail(error, "\"%s\" is not a number of 1..%d", text,
			    FLOWS_LIMIT);
	config->max_flows = number;
	return 0;
}

static struct json_object *get_max_flows(const struct config *config)
{
	return json_object_new_int64(config->max_flows);
}

static int set_metrics_max_flows(struct config *config, const char *text,
				 char error[static OPTION_ERROR_MAX])
{
	uint64_t number;

	if (decimal_parse(&number, text, METRICS_FLOWS_LIMIT))
		return fail(error, "\"%s\" is not a number of 0..%d", text,
			    METRICS_FLOWS_LIMIT);
	config->metrics_max_flows = number;
	return 0;
}

static struct json_object *get_metrics_max_flows(const struct config *config)
{
	return json_object_new_int64(config->metrics_max_flows);
}

static int set_log_level(struct config *config, const char *text,
			 char error[static OPTION_ERROR_MAX])
{
	if (config_log_level_parse(&config->log_level, text))
		return fail(error,
			    "\"%s\" is none of error, warning, notice, info, "
			    "debug",
			    text);
	return 0;
}

static struct json_object *get_log_level(const struct config *config)
{
	return json_object_new_string(config_log_level_name(config->log_level));
}

static const struct option options[] = {
	{ "marks", true, set_marks, get_marks, "label" },
	{ "layout", false, set_layout, get_layout, "default" },
	{ "option-type", false, set_option_type, get_option_type, "default" },
	{ "pipes", true, set_pipes, get_pipes, "/run/scitagd/flows" },
	{ "receiver.listen", true, set_listen, get_listen,
	  "127.0.0.1:10514 [::1]:10514" },
	{ "http.listen", true, set_http_listen, get_http_listen,
	  CONFIG_HTTP_SOCKET },
	{ "http.token-file", false, set_http_token_file, get_http_token_file,
	  "none" },
	{ "metrics.max-flows", false, set_metrics_max_flows,
	  get_metrics_max_flows, "1000" },
	{ "fireflies.collectors", true, set_collectors, get_collectors, "" },
	{ "fireflies.to-remote", false, set_to_remote, get_to_remote, "true" },
	{ "fireflies.period", false, set_period, get_period, "10s" },
	{ "fireflies.enrichment", false, set_enrichment, get_enrichment,
	  "lean" },
	{ "fireflies.hostname", false, set_hostname, get_hostname, "" },
	{ "local-addresses", true, set_local_addresses, get_local_addresses,
	  "" },
	{ "max-flows", false, set_max_flows, get_max_flows, "100000" },
	{ "log-level", false, set_log_level, get_log_level, "info" },
};

size_t option_count(void)
{
	return sizeof(options) / sizeof(options[0]);
}

const struct option *option_get(size_t number)
{
	return &options[number];
}

int option_find(const char *path)
{
	size_t i;

	for (i = 0; i < option_count(); i++)
		if (!strcmp(options[i].path, path))
			return i;
	return -1;
}

bool option_is_section(const char *path)
{
	size_t len = strlen(path);
	size_t i;

	for (i = 0; i < option_count(); i++)
		if (!strncmp(options[i].path, path, len) &&
		    options[i].path[len] == '.')
			return true;
	return false;
}
