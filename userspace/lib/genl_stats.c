// SPDX-License-Identifier: GPL-2.0
#include <stddef.h>
#include <string.h>

#include "genl.h"

static const struct {
	const char *name;
	size_t offset;
} table[] = {
	{ "marked", offsetof(struct genl_stats, marked) },
	{ "no-room", offsetof(struct genl_stats, no_room) },
	{ "too-big", offsetof(struct genl_stats, too_big) },
	{ "ext-header", offsetof(struct genl_stats, ext_header) },
	{ "jumbo", offsetof(struct genl_stats, jumbo) },
	{ "offload", offsetof(struct genl_stats, offload) },
	{ "no-memory", offsetof(struct genl_stats, no_memory) },
	{ "refused", offsetof(struct genl_stats, refused) },
};

const char *genl_stats_name(size_t number)
{
	return number < sizeof(table) / sizeof(table[0]) ? table[number].name :
							   NULL;
}

uint64_t genl_stats_value(const struct genl_stats *stats, size_t number)
{
	uint64_t value;

	memcpy(&value, (const char *)stats + table[number].offset,
	       sizeof(value));
	return value;
}
