// SPDX-License-Identifier: GPL-2.0
#include "lately.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "addr.h"

struct lately_flow {
	TAILQ_ENTRY(lately_flow) link;
	struct flow_key key; /* of the two orientations the lesser */
	uint32_t kernel_id; /* 0: of a table that is gone */
	int64_t ended_s;
};

static int compare(const void *a, const void *b)
{
	const struct lately_flow *flow_a = a, *flow_b = b;

	return memcmp(&flow_a->key, &flow_b->key, sizeof(flow_a->key));
}

static struct lately_flow *find(const struct lately *lately,
				const struct flow_key *key)
{
	const struct lately_flow wanted = { .key = flow_key_lesser(key) };
	void *node = tfind(&wanted, &lately->by_key, compare);

	return node ? *(struct lately_flow **)node : NULL;
}

static void forget(struct lately *lately, struct lately_flow *flow)
{
	tdelete(flow, &lately->by_key, compare);
	TAILQ_REMOVE(&lately->list, flow, link);
	lately->count--;
	free(flow);
}

static void forget_old(struct lately *lately, int64_t now_s)
{
	struct lately_flow *flow;

	while ((flow = TAILQ_FIRST(&lately->list)) &&
	       (now_s - flow->ended_s >= LATELY_S ||
		lately->count > LATELY_MAX))
		forget(lately, flow);
}

void lately_init(struct lately *lately)
{
	*lately = (struct lately){ .count = 0 };
	TAILQ_INIT(&lately->list);
}

void lately_exit(struct lately *lately)
{
	while (!TAILQ_EMPTY(&lately->list))
		forget(lately, TAILQ_FIRST(&lately->list));
}

void lately_add(struct lately *lately, const struct flow_key *key,
		uint32_t kernel_id, int64_t now_s)
{
	struct lately_flow *flow = find(lately, key);

	if (flow) {
		TAILQ_REMOVE(&lately->list, flow, link);
	} else {
		flow = calloc(1, sizeof(*flow));
		if (!flow)
			return;
		flow->key = flow_key_lesser(key);
		if (!tsearch(flow, &lately->by_key, compare)) {
			free(flow);
			return;
		}
		lately->count++;
	}
	flow->kernel_id = kernel_id;
	flow->ended_s = now_s;
	TAILQ_INSERT_TAIL(&lately->list, flow, link);
	forget_old(lately, now_s);
}

bool lately_has(struct lately *lately, const struct flow_key *key,
		int64_t now_s)
{
	forget_old(lately, now_s);
	return find(lately, key);
}

bool lately_is(struct lately *lately, const struct flow_key *key,
	       uint32_t kernel_id)
{
	const struct lately_flow *flow = find(lately, key);

	return flow && flow->kernel_id == kernel_id;
}

void lately_forget_ids(struct lately *lately)
{
	struct lately_flow *flow;

	TAILQ_FOREACH(flow, &lately->list, link)
	{
		flow->kernel_id = 0;
	}
}
