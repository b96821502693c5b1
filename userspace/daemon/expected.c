// SPDX-License-Identifier: GPL-2.0
#include "expected.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "addr.h"

struct expected_end {
	struct flow_key key;
	unsigned int count;
};

static int compare(const void *a, const void *b)
{
	const struct expected_end *end_a = a, *end_b = b;

	return memcmp(&end_a->key, &end_b->key, sizeof(end_a->key));
}

static struct expected_end *find(const struct expected *expected,
				 const struct flow_key *key)
{
	const struct expected_end wanted = { .key = *key };
	void *node = tfind(&wanted, &expected->by_key, compare);

	return node ? *(struct expected_end **)node : NULL;
}

void expected_clear(struct expected *expected)
{
	tdestroy(expected->by_key, free);
	expected->by_key = NULL;
}

void expected_add(struct expected *expected, const struct flow_key *key)
{
	struct expected_end *end = find(expected, key);

	if (end) {
		end->count++;
		return;
	}
	end = calloc(1, sizeof(*end));
	if (!end)
		return;
	*end = (struct expected_end){ .key = *key, .count = 1 };
	if (!tsearch(end, &expected->by_key, compare))
		free(end);
}

bool expected_has(const struct expected *expected, const struct flow_key *key)
{
	return find(expected, key);
}

bool expected_take(struct expected *expected, const struct flow_key *key)
{
	struct expected_end *end = find(expected, key);

	if (!end)
		return false;
	if (!--end->count) {
		tdelete(end, &expected->by_key, compare);
		free(end);
	}
	return true;
}
