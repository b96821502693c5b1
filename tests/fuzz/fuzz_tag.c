// SPDX-License-Identifier: GPL-2.0
/*
 * Tags as people write them, with a registry that has names which look like
 * other forms.
 */
#include <errno.h>
#include <inttypes.h>

#include "registry.h"
#include "tag.h"
#include "text.h"

static const char registry_text[] =
	"{\"version\": 1, \"experiments\": ["
	"{\"expName\": \"atlas\", \"expId\": 2, \"activities\": ["
	"{\"activityName\": \"Data Challenge\", \"activityId\": 26},"
	"{\"activityName\": \"a/b (c)\", \"activityId\": 9}]},"
	"{\"expName\": \"label\", \"expId\": 65535, \"activities\": ["
	"{\"activityName\": \"7\", \"activityId\": 255}]}]}";

static const struct registry *registry(void)
{
	static struct registry *registry;
	char error[REGISTRY_ERROR_MAX];

	if (!registry)
		require(!registry_parse(&registry, registry_text,
					sizeof(registry_text) - 1, error));
	return registry;
}

/* Its ids name the same tag. */
static void check_ids(const struct tag *tag)
{
	char text[32], error[TAG_ERROR_MAX];
	struct tag again;

	snprintf(text, sizeof(text), "%" PRIu32 "/%" PRIu32, tag->experiment,
		 tag->activity);
	require(!tag_parse(&again, NULL, text, error));
	require(again.experiment == tag->experiment);
	require(again.activity == tag->activity);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);
	char error[TAG_ERROR_MAX] = "";
	struct tag tag;
	int ret = tag_parse(&tag, registry(), text, error);

	if (ret) {
		require(ret == -EINVAL || ret == -ENOENT || ret == -ERANGE);
		require(error[0]);
	} else {
		require(tag.experiment <= TAG_EXPERIMENT_MAX);
		require(tag.activity <= TAG_ACTIVITY_MAX);
		require(tag_scitag_flow(&tag) <= 65535);
		check_ids(&tag);
	}
	free(text);
	return 0;
}
