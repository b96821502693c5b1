// SPDX-License-Identifier: GPL-2.0
/*
 * The registry. Every pair of one that is taken is found by its names and by
 * its ids.
 */
#include <string.h>

#include "fuzz.h"
#include "registry.h"

static int check_pair(const struct tag *tag, void *data)
{
	const struct registry *registry = data;
	const char *experiment, *activity;
	uint32_t id;

	require(tag->experiment <= TAG_EXPERIMENT_MAX);
	require(tag->activity <= TAG_ACTIVITY_MAX);
	experiment = registry_experiment_name(registry, tag->experiment);
	activity = registry_activity_name(registry, tag->experiment,
					  tag->activity);
	require(experiment && experiment[0]);
	require(activity && activity[0]);
	require(!registry_experiment_id(registry, experiment, &id));
	require(id == tag->experiment);
	require(!registry_activity_id(registry, tag->experiment, activity,
				      &id));
	require(id == tag->activity);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char error[REGISTRY_ERROR_MAX] = "";
	struct registry *registry;

	if (registry_parse(&registry, (const char *)data, size, error)) {
		require(error[0]);
		require(memchr(error, '\0', sizeof(error)));
		return 0;
	}
	require(!registry_walk(registry, check_pair, registry));
	registry_free(registry);
	return 0;
}
