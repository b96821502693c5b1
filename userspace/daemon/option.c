// SPDX-License-Identifier: GPL-2.0
#include "option.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <scitag/option.h>

#include "config.h"
#include "endpoint.h"
#include "firefly.h"
#include "flow.h"
#include "number.h"
#include "option_fireflies.h"
#include "option_flows.h"
#include "option_value.h"
#include "paths.h"

#define HTTP_PORT 7777 /* that of flowd-go */
#define METRICS_FLOWS_LIMIT 10000
#define FLOWS_LIMIT 10000000

static int set_marks(struct config *config, const char *text,
		     char error[static OPTION_ERROR_MAX])
{
	uint32_t mark;

	if (flow_mark_parse(&mark, text))
		return option_fail(error, "\"%s\" is none of label, hbh, do",
				   text);
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
		return option_fail(error,
				   "\"%s\" is none of ids, label, label4, safe",
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
		return option_fail(error, "\"%s\" is not a number of 0..255",
				   text);
	if (!scitag_option_type_ok(number))
		return option_fail(error,
				   "%s is an option type that cannot be used",
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

static int set_pipes(struct config *config, const char *text,
		     char error[static OPTION_ERROR_MAX])
{
	char **pipes, *path;

	if (option_check_path(text, error))
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

static int parse_listen(struct endpoint *endpoint, const char *text,
			char error[static ENDPOINT_ERROR_MAX])
{
	return endpoint_parse(endpoint, text, FIREFLY_PORT, error);
}

static int set_listen(struct config *config, const char *text,
		      char error[static OPTION_ERROR_MAX])
{
	struct endpoint *last;
	struct addr addr;
	int ret;

	ret = option_add_endpoint(&config->listen, &config->n_listen, text,
				  parse_listen, error);
	if (ret)
		return ret;
	last = &config->listen[config->n_listen - 1];
	if (!addr_parse(&addr, last->host))
		return 0;
	ret = option_fail(error, "\"%s\" is not an address", last->host);
	free(last->host);
	config->n_listen--;
	return ret;
}

static struct json_object *get_listen(const struct config *config)
{
	return option_get_endpoints(config->listen, config->n_listen);
}

static const char *const relays[] = {
	[RELAY_NONE] = "none",
	[RELAY_VERBATIM] = "verbatim",
	[RELAY_ENRICHED] = "enriched",
};

static int set_relay(struct config *config, const char *text,
		     char error[static OPTION_ERROR_MAX])
{
	size_t i;

	for (i = 0; i < sizeof(relays) / sizeof(relays[0]); i++) {
		if (strcmp(text, relays[i]))
			continue;
		config->relay = i;
		return 0;
	}
	return option_fail(error, "\"%s\" is none of none, verbatim, enriched",
			   text);
}

static struct json_object *get_relay(const struct config *config)
{
	return json_object_new_string(relays[config->relay]);
}

static int parse_http_listen(struct endpoint *endpoint, const char *text,
			     char error[static ENDPOINT_ERROR_MAX])
{
	return endpoint_parse_local(endpoint, text, HTTP_PORT, error);
}

static int set_http_listen(struct config *config, const char *text,
			   char error[static OPTION_ERROR_MAX])
{
	return option_add_endpoint(&config->http, &config->n_http, text,
				   parse_http_listen, error);
}

static struct json_object *get_http_listen(const struct config *config)
{
	return option_get_endpoints(config->http, config->n_http);
}

static int set_http_token_file(struct config *config, const char *text,
			       char error[static OPTION_ERROR_MAX])
{
	free(config->http_token_file);
	config->http_token_file = NULL;
	if (!strcmp(text, "none"))
		return 0;
	if (option_check_path(text, error))
		return -EINVAL;
	config->http_token_file = strdup(text);
	return config->http_token_file ? 0 : -ENOMEM;
}

static struct json_object *get_http_token_file(const struct config *config)
{
	return json_object_new_string(
		config->http_token_file ? config->http_token_file : "none");
}

static int set_local_addresses(struct config *config, const char *text,
			       char error[static OPTION_ERROR_MAX])
{
	return option_add_addr(&config->local_addresses,
			       &config->n_local_addresses, text, error);
}

static struct json_object *get_local_addresses(const struct config *config)
{
	return option_get_addrs(config->local_addresses,
				config->n_local_addresses);
}

static int set_max_flows(struct config *config, const char *text,
			 char error[static OPTION_ERROR_MAX])
{
	return option_set_number(&config->max_flows, text, 1, FLOWS_LIMIT,
				 error);
}

static struct json_object *get_max_flows(const struct config *config)
{
	return json_object_new_int64(config->max_flows);
}

static int set_metrics_max_flows(struct config *config, const char *text,
				 char error[static OPTION_ERROR_MAX])
{
	return option_set_number(&config->metrics_max_flows, text, 0,
				 METRICS_FLOWS_LIMIT, error);
}

static struct json_object *get_metrics_max_flows(const struct config *config)
{
	return json_object_new_int64(config->metrics_max_flows);
}

static int set_log_level(struct config *config, const char *text,
			 char error[static OPTION_ERROR_MAX])
{
	if (config_log_level_parse(&config->log_level, text))
		return option_fail(
			error,
			"\"%s\" is none of error, warning, notice, info, "
			"debug",
			text);
	return 0;
}

static struct json_object *get_log_level(const struct config *config)
{
	return json_object_new_string(config_log_level_name(config->log_level));
}

static const struct option general[] = {
	{ "marks", true, set_marks, get_marks, "label", NULL },
	{ "layout", false, set_layout, get_layout, "default", NULL },
	{ "option-type", false, set_option_type, get_option_type, "default",
	  NULL },
	{ "pipes", true, set_pipes, get_pipes, "/run/scitagd/flows", NULL },
	{ "receiver.listen", true, set_listen, get_listen,
	  "127.0.0.1:10514 [::1]:10514", NULL },
	{ "receiver.relay", false, set_relay, get_relay, "none", NULL },
	{ "http.listen", true, set_http_listen, get_http_listen,
	  PATHS_HTTP_SOCKET, NULL },
	{ "http.token-file", false, set_http_token_file, get_http_token_file,
	  "none", NULL },
	{ "metrics.max-flows", false, set_metrics_max_flows,
	  get_metrics_max_flows, "1000", NULL },
	{ "local-addresses", true, set_local_addresses, get_local_addresses, "",
	  NULL },
	{ "max-flows", false, set_max_flows, get_max_flows, "100000", NULL },
	{ "log-level", false, set_log_level, get_log_level, "info", NULL },
};

static const struct option_group *const groups[] = {
	&(const struct option_group){ general,
				      sizeof(general) / sizeof(general[0]) },
	&option_fireflies,
	&option_flows,
};

size_t option_count(void)
{
	size_t i, n = 0;

	for (i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
		n += groups[i]->n;
	return n;
}

const struct option *option_get(size_t number)
{
	size_t i;

	for (i = 0; number >= groups[i]->n; i++)
		number -= groups[i]->n;
	return &groups[i]->options[number];
}

int option_find(const char *path)
{
	size_t i;

	for (i = 0; i < option_count(); i++)
		if (!strcmp(option_get(i)->path, path))
			return i;
	return -1;
}

bool option_is_section(const char *path)
{
	size_t len = strlen(path);
	size_t i;

	for (i = 0; i < option_count(); i++) {
		const char *name = option_get(i)->path;

		if (!strncmp(name, path, len) && name[len] == '.')
			return true;
	}
	return false;
}
