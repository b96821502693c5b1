// SPDX-License-Identifier: GPL-2.0
#include "table.h"

#include <errno.h>
#include <search.h>
#include <string.h>

#include "flows.h"

static int compare_key(const void *a, const void *b)
{
	const struct flow *flow_a = a, *flow_b = b;
	struct flow_key key_a = flow_key_lesser(&flow_a->key);
	struct flow_key key_b = flow_key_lesser(&flow_b->key);

	return memcmp(&key_a, &key_b, sizeof(key_a));
}

static int compare_id(const void *a, const void *b)
{
	const struct flow *flow_a = a, *flow_b = b;

	return (flow_a->kernel_id > flow_b->kernel_id) -
	       (flow_a->kernel_id < flow_b->kernel_id);
}

void table_init(struct table *table)
{
	*table = (struct table){ .count = 0 };
	TAILQ_INIT(&table->list);
}

struct flow *table_find(const struct table *table, const struct flow_key *key)
{
	const struct flow wanted = { .key = *key };
	void *node = tfind(&wanted, &table->by_key, compare_key);

	return node ? *(struct flow **)node : NULL;
}

struct flow *table_find_id(const struct table *table, uint32_t id)
{
	const struct flow wanted = { .kernel_id = id };
	void *node = tfind(&wanted, &table->by_id, compare_id);

	return node ? *(struct flow **)node : NULL;
}

int table_insert(struct table *table, struct flow *flow)
{
	if (!tsearch(flow, &table->by_key, compare_key))
		return -ENOMEM;
	TAILQ_INSERT_TAIL(&table->list, flow, link);
	table->count++;
	return 0;
}

void table_remove(struct table *table, struct flow *flow)
{
	table_set_id(table, flow, 0);
	tdelete(flow, &table->by_key, compare_key);
	TAILQ_REMOVE(&table->list, flow, link);
	table->count--;
}

void table_set_id(struct table *table, struct flow *flow, uint32_t id)
{
	struct flow **node;

	if (flow->kernel_id == id)
		return;
	if (flow->kernel_id)
		tdelete(flow, &table->by_id, compare_id);
	flow->kernel_id = id;
	if (!id)
		return;
	node = tsearch(flow, &table->by_id, compare_id);
	if (!node) {
		flow->kernel_id = 0;
	} else if (*node != flow) {
		(*node)->kernel_id = 0;
		*node = flow;
	}
}
