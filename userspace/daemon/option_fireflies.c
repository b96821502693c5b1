// SPDX-License-Identifier: GPL-2.0
#include "option_fireflies.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "collector.h"
#include "config.h"
#include "firefly.h"
#include "json_util.h"
#include "number.h"
#include "option.h"
#include "option_value.h"
#include "stun.h"

#define RATE_LIMIT 1000000
#define PERIOD_LIMIT_S 86400 /* what the kernel takes as an interval */

static int add_collector(struct config *config)
{
	struct collector *more;

	more = reallocarray(config->collectors, config->n_collectors + 1,
			    sizeof(*more));
	if (!more)
		return -ENOMEM;
	config->collectors = more;
	more[config->n_collectors++] = (struct collector){ .states = 0 };
	return 0;
}

static struct collector *last_collector(const struct config *config)
{
	return &config->collectors[config->n_collectors - 1];
}

static int set_collectors(struct config *config, const char *text,
			  char error[static OPTION_ERROR_MAX])
{
	int ret = add_collector(config);

	if (ret)
		return ret;
	ret = collector_set_address(last_collector(config), text, error);
	if (ret)
		config->n_collectors--;
	return ret;
}

static struct json_object *get_collectors(const struct config *config)
{
	struct json_object *list = json_object_new_array();
	size_t i;

	for (i = 0; i < config->n_collectors; i++)
		json_append(list, collector_get(&config->collectors[i]));
	return list;
}

static int set_collector_address(struct config *config, const char *text,
				 char error[static OPTION_ERROR_MAX])
{
	return collector_set_address(last_collector(config), text, error);
}

static int set_collector_networks(struct config *config, const char *text,
				  char error[static OPTION_ERROR_MAX])
{
	return collector_add_network(last_collector(config), text, error);
}

static int set_collector_experiments(struct config *config, const char *text,
				     char error[static OPTION_ERROR_MAX])
{
	return collector_add_experiment(last_collector(config), text, error);
}

static int set_collector_states(struct config *config, const char *text,
				char error[static OPTION_ERROR_MAX])
{
	return collector_add_state(last_collector(config), text, error);
}

static int check_collector(const struct config *config,
			   char error[static OPTION_ERROR_MAX])
{
	if (last_collector(config)->at.host)
		return 0;
	return option_fail(error, "has no address");
}

static const struct option_key collector_keys[] = {
	{ "address", false, set_collector_address },
	{ "networks", true, set_collector_networks },
	{ "experiments", true, set_collector_experiments },
	{ "states", true, set_collector_states },
};

static const struct option_mapping collector_mapping = {
	.add = add_collector,
	.keys = collector_keys,
	.n_keys = sizeof(collector_keys) / sizeof(collector_keys[0]),
	.check = check_collector,
};

static int set_exclude(struct config *config, const char *text,
		       char error[static OPTION_ERROR_MAX])
{
	if (strcasecmp(text, "local"))
		return option_add_prefix(&config->exclude, &config->n_exclude,
					 text, error);
	config->exclude_local = true;
	return 0;
}

static struct json_object *get_exclude(const struct config *config)
{
	struct json_object *list =
		option_get_prefixes(config->exclude, config->n_exclude);

	if (config->exclude_local)
		json_append(list, json_object_new_string("local"));
	return list;
}

static int set_source(struct config *config, const char *text,
		      char error[static OPTION_ERROR_MAX])
{
	struct addr addr, *source;

	if (addr_parse(&addr, text) || addr_is_unspecified(&addr) ||
	    addr_is_multicast(&addr))
		return option_fail(error, "\"%s\" is no host's address", text);
	source = addr.family == AF_INET ? &config->source_ipv4 :
					  &config->source_ipv6;
	if (!addr_is_unspecified(source))
		return option_fail(error,
				   "\"%s\" is the second address of IPv%d",
				   text, addr.family == AF_INET ? 4 : 6);
	*source = addr;
	return 0;
}

static struct json_object *get_source(const struct config *config)
{
	struct addr addrs[2];
	size_t n = 0;

	if (!addr_is_unspecified(&config->source_ipv4))
		addrs[n++] = config->source_ipv4;
	if (!addr_is_unspecified(&config->source_ipv6))
		addrs[n++] = config->source_ipv6;
	return option_get_addrs(addrs, n);
}

static int set_translate(struct config *config, const char *text,
			 char error[static OPTION_ERROR_MAX])
{
	(void)config;
	return option_fail(error, "\"%s\" is no mapping of from and to", text);
}

static struct json_object *get_translate(const struct config *config)
{
	struct json_object *list = json_object_new_array();
	char text[PREFIX_TEXT_MAX];
	size_t i;

	for (i = 0; i < config->n_translations; i++) {
		const struct translation *t = &config->translations[i];
		struct json_object *object = json_object_new_object();

		json_add(object, "from",
			 json_object_new_string(prefix_format(&t->from, text)));
		json_add(object, "to",
			 json_object_new_string(prefix_format(&t->to, text)));
		json_append(list, object);
	}
	return list;
}

static int add_translation(struct config *config)
{
	struct translation *more;

	more = reallocarray(config->translations, config->n_translations + 1,
			    sizeof(*more));
	if (!more)
		return -ENOMEM;
	config->translations = more;
	more[config->n_translations++] = (struct translation){ .from.len = 0 };
	return 0;
}

static struct translation *last_translation(const struct config *config)
{
	return &config->translations[config->n_translations - 1];
}

static int set_from(struct config *config, const char *text,
		    char error[static OPTION_ERROR_MAX])
{
	return prefix_parse(&last_translation(config)->from, text, error);
}

static int set_to(struct config *config, const char *text,
		  char error[static OPTION_ERROR_MAX])
{
	return prefix_parse(&last_translation(config)->to, text, error);
}

static int check_translation(const struct config *config,
			     char error[static OPTION_ERROR_MAX])
{
	const char *what = translation_error(last_translation(config));

	return what ? option_fail(error, "%s", what) : 0;
}

static const struct option_key translation_keys[] = {
	{ "from", false, set_from },
	{ "to", false, set_to },
};

static const struct option_mapping translation_mapping = {
	.add = add_translation,
	.keys = translation_keys,
	.n_keys = sizeof(translation_keys) / sizeof(translation_keys[0]),
	.check = check_translation,
};

static int set_stun(struct config *config, const char *text,
		    char error[static OPTION_ERROR_MAX])
{
	struct endpoint server;
	struct addr addr;
	int ret;

	if (!strcmp(text, "none"))
		return 0;
	ret = endpoint_parse(&server, text, STUN_PORT, error);
	if (ret)
		return ret;
	if (!addr_parse(&addr, server.host) && addr.family != AF_INET) {
		free(server.host);
		return option_fail(error,
				   "\"%s\" is IPv6, where nothing is asked for",
				   text);
	}
	free(config->stun.host);
	config->stun = server;
	return 0;
}

static struct json_object *get_stun(const struct config *config)
{
	char *text = config->stun.host ? endpoint_text(&config->stun) :
					 strdup("none");
	struct json_object *value = text ? json_object_new_string(text) : NULL;

	free(text);
	return value;
}

static int set_rate(struct config *config, const char *text,
		    char error[static OPTION_ERROR_MAX])
{
	return option_set_number(&config->rate, text, 0, RATE_LIMIT, error);
}

static struct json_object *get_rate(const struct config *config)
{
	return json_object_new_int64(config->rate);
}

static int set_to_remote(struct config *config, const char *text,
			 char error[static OPTION_ERROR_MAX])
{
	return option_set_bool(&config->to_remote, text, error);
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
		return option_fail(error,
				   "\"%s\" is not a time of 1s..24h, and not 0",
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
	return option_fail(error,
			   "\"%s\" is none of lean, compatible, full, none",
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
		return option_fail(error, "longer than %zu", sizeof(name) - 1);
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

static const struct option options[] = {
	{ "fireflies.collectors", true, set_collectors, get_collectors, "",
	  &collector_mapping },
	{ "fireflies.to-remote", false, set_to_remote, get_to_remote, "true",
	  NULL },
	{ "fireflies.exclude", true, set_exclude, get_exclude, "", NULL },
	{ "fireflies.source", true, set_source, get_source, "", NULL },
	{ "fireflies.translate", true, set_translate, get_translate, "",
	  &translation_mapping },
	{ "fireflies.stun", false, set_stun, get_stun, "none", NULL },
	{ "fireflies.rate", false, set_rate, get_rate, "10000", NULL },
	{ "fireflies.period", false, set_period, get_period, "10s", NULL },
	{ "fireflies.enrichment", false, set_enrichment, get_enrichment, "lean",
	  NULL },
	{ "fireflies.hostname", false, set_hostname, get_hostname, "", NULL },
};

const struct option_group option_fireflies = {
	.options = options,
	.n = sizeof(options) / sizeof(options[0]),
};
