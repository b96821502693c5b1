// SPDX-License-Identifier: GPL-2.0
#include "collector.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "firefly.h"
#include "json_util.h"
#include "number.h"
#include "option_value.h"
#include "registry.h"

/* 16 bits are what the widest mark has. */
#define EXPERIMENT_MAX 65535

static const char *const states[] = {
	[FIREFLY_START] = "start",
	[FIREFLY_ONGOING] = "ongoing",
	[FIREFLY_END] = "end",
};

#define N_STATES (sizeof(states) / sizeof(states[0]))

static bool wants_key(const struct collector *collector,
		      const struct flow_key *key)
{
	size_t i;

	for (i = 0; i < collector->n_networks; i++)
		if (prefix_has(&collector->networks[i], &key->src) ||
		    prefix_has(&collector->networks[i], &key->dst))
			return true;
	return !collector->n_networks;
}

static bool wants_experiment(const struct collector *collector,
			     const struct firefly *firefly)
{
	size_t i;

	for (i = 0; i < collector->n_experiments; i++)
		if (firefly->has_ids &&
		    firefly->experiment == collector->experiments[i])
			return true;
	return !collector->n_experiments;
}

bool collector_wants(const struct collector *collector,
		     const struct firefly *firefly)
{
	return (!collector->states ||
		collector->states & 1U << firefly->state) &&
	       wants_experiment(collector, firefly) &&
	       wants_key(collector, &firefly->key);
}

void collector_clear(struct collector *collector)
{
	free(collector->at.host);
	free(collector->networks);
	free(collector->experiments);
	*collector = (struct collector){ .states = 0 };
}

int collector_set_address(struct collector *collector, const char *text,
			  char error[static COLLECTOR_ERROR_MAX])
{
	struct endpoint at;
	int ret = endpoint_parse(&at, text, FIREFLY_PORT, error);

	if (ret)
		return ret;
	free(collector->at.host);
	collector->at = at;
	return 0;
}

int collector_add_network(struct collector *collector, const char *text,
			  char error[static COLLECTOR_ERROR_MAX])
{
	return option_add_prefix(&collector->networks, &collector->n_networks,
				 text, error);
}

/* Numbers need no registry. */
static int parse_experiment(uint32_t *experiment, const char *text,
			    char error[static COLLECTOR_ERROR_MAX])
{
	struct registry *registry;
	uint64_t number;
	int ret;

	if (!number_parse(&number, text, EXPERIMENT_MAX)) {
		*experiment = number;
		return 0;
	}
	if (registry_load(&registry, NULL, error))
		return -EINVAL;
	ret = registry_experiment_id(registry, text, experiment);
	registry_free(registry);
	if (ret)
		return option_fail(error,
				   "\"%s\" is neither a number of 0..%d nor "
				   "an experiment of the registry",
				   text, EXPERIMENT_MAX);
	return 0;
}

int collector_add_experiment(struct collector *collector, const char *text,
			     char error[static COLLECTOR_ERROR_MAX])
{
	size_t n = collector->n_experiments;
	uint32_t *more;
	int ret;

	more = reallocarray(collector->experiments, n + 1, sizeof(*more));
	if (!more)
		return -ENOMEM;
	collector->experiments = more;
	ret = parse_experiment(&more[n], text, error);
	if (!ret)
		collector->n_experiments++;
	return ret;
}

int collector_add_state(struct collector *collector, const char *text,
			char error[static COLLECTOR_ERROR_MAX])
{
	size_t i;

	for (i = 0; i < N_STATES; i++) {
		if (strcmp(text, states[i]))
			continue;
		collector->states |= 1U << i;
		return 0;
	}
	return option_fail(error, "\"%s\" is none of start, ongoing, end",
			   text);
}

static struct json_object *address_text(const struct collector *collector)
{
	char *text = endpoint_text(&collector->at);
	struct json_object *value = text ? json_object_new_string(text) : NULL;

	free(text);
	return value;
}

struct json_object *collector_get(const struct collector *collector)
{
	struct json_object *object, *list;
	size_t i;

	if (!collector->n_networks && !collector->n_experiments &&
	    !collector->states)
		return address_text(collector);
	object = json_object_new_object();
	json_add(object, "address", address_text(collector));
	if (collector->n_networks)
		json_add(object, "networks",
			 option_get_prefixes(collector->networks,
					     collector->n_networks));
	if (collector->n_experiments) {
		list = json_object_new_array();
		for (i = 0; i < collector->n_experiments; i++)
			json_append(list,
				    json_new_u64(collector->experiments[i]));
		json_add(object, "experiments", list);
	}
	if (collector->states) {
		list = json_object_new_array();
		for (i = 0; i < N_STATES; i++)
			if (collector->states & 1U << i)
				json_append(list,
					    json_object_new_string(states[i]));
		json_add(object, "states", list);
	}
	return object;
}
