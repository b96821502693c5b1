// SPDX-License-Identifier: GPL-2.0
#include "flow.h"

#include "event.h"
#include "hook.h"
#include "param.h"
#include "pernet.h"
#include "room.h"
#include "sampler.h"

#include <scitag/label.h>

#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/netlink.h>
#include <linux/random.h>
#include <linux/rhashtable.h>
#include <linux/siphash.h>
#include <linux/slab.h>

static struct scitag_param max_flows =
	SCITAG_PARAM_INIT("max_flows", 100000, 1, 10000000);
scitag_param(max_flows);
MODULE_PARM_DESC(max_flows,
		 "Flows that the table of a network namespace may hold, 1 to 10000000 (default 100000)");

static struct kmem_cache *flow_cache;

/* Secrets of the hash below, drawn at module init. */
static u64 flow_hash_key[6] __ro_after_init;

u32 scitag_flow_max(void)
{
	return READ_ONCE(max_flows.value);
}

/* Both halves of the product of two words (as in wyhash, by Wang Yi). */
static inline u64 flow_hash_mix(u64 a, u64 b)
{
	return a * b ^ mul_u64_u64_shr(a, b, 64);
}

/*
 * Half the instructions of jhash. Secrets go into each word, so that who
 * chooses addresses and ports can't aim at a bucket.
 */
static inline u32 flow_hash(const void *key, u32 len, u32 seed)
{
	const u64 *word = key;
	u64 hash;

	BUILD_BUG_ON(sizeof(struct scitag_flow_key) != 5 * sizeof(*word));
	hash = flow_hash_mix(word[0] ^ flow_hash_key[0],
			     word[1] ^ flow_hash_key[1]);
	hash ^= flow_hash_mix(word[2] ^ flow_hash_key[2],
			      word[3] ^ flow_hash_key[3]);
	hash ^= flow_hash_mix(word[4] ^ flow_hash_key[4],
			      flow_hash_key[5] ^ seed);
	return hash ^ hash >> 32;
}

static inline int flow_compare(struct rhashtable_compare_arg *arg,
			       const void *obj)
{
	const struct scitag_flow *flow = obj;
	const u64 *a = arg->key, *b = (const u64 *)&flow->key;

	return ((a[4] ^ b[4]) | (a[3] ^ b[3]) | (a[2] ^ b[2]) |
		(a[1] ^ b[1]) | (a[0] ^ b[0])) != 0;
}

static const struct rhashtable_params flow_table_params = {
	.head_offset = offsetof(struct scitag_flow, node),
	.key_offset = offsetof(struct scitag_flow, key),
	.key_len = sizeof(struct scitag_flow_key),
	.hashfn = flow_hash,
	.obj_cmpfn = flow_compare,
	.automatic_shrinking = true,
};

u32 scitag_flow_entropy(const struct scitag_net *snet,
			const struct scitag_flow_key *key)
{
	return hsiphash(key, sizeof(*key), &snet->secret) &
	       SCITAG_LABEL_ENTROPY_MASK;
}

struct scitag_flow *scitag_flow_alloc(struct scitag_net *snet,
				      const struct scitag_flow_spec *spec)
{
	struct scitag_flow *flow;
	struct scitag_mark *mark;

	mark = scitag_mark_get(&spec->mark);
	if (!mark)
		return NULL;
	flow = kmem_cache_zalloc(flow_cache, GFP_KERNEL);
	if (!flow)
		goto err_mark;
	if (spec->sample.interval_ms || spec->sample.on) {
		flow->sample = scitag_sampler_new(flow, &spec->sample);
		if (!flow->sample)
			goto err_flow;
	}

	flow->key = spec->key;
	flow->snet = snet;
	flow->entropy = scitag_flow_entropy(snet, &spec->key);
	flow->rule = spec->rule;
	flow->idle_s = spec->idle_s;
	flow->hard_s = spec->hard_s;
	flow->end_on_close = spec->end_on_close;
	flow->used = jiffies;
	flow->born = ktime_get_ns();
	refcount_set(&flow->refs, 1);
	RCU_INIT_POINTER(flow->mark, mark);
	return flow;

err_flow:
	kmem_cache_free(flow_cache, flow);
err_mark:
	scitag_mark_put(mark);
	return NULL;
}

static void flow_free_rcu(struct rcu_head *rcu)
{
	struct scitag_flow *flow = container_of(rcu, struct scitag_flow, rcu);

	scitag_mark_put(rcu_dereference_protected(flow->mark, true));
	scitag_sampler_free(flow->sample);
	kmem_cache_free(flow_cache, flow);
}

void scitag_flow_put(struct scitag_flow *flow)
{
	if (flow && refcount_dec_and_test(&flow->refs))
		call_rcu(&flow->rcu, flow_free_rcu);
}

struct scitag_flow *scitag_flow_lookup(struct scitag_net *snet,
				       const struct scitag_flow_key *key)
{
	return rhashtable_lookup(&snet->table, key, flow_table_params);
}

/* The same without RCU; what is found is kept by the lock or the caller's RCU. */
static struct scitag_flow *flow_lookup(struct scitag_net *snet,
				       const struct scitag_flow_key *key)
{
	return rhashtable_lookup_fast(&snet->table, key, flow_table_params);
}

struct scitag_flow *scitag_flow_find(struct scitag_net *snet,
				     const struct scitag_flow_key *key)
{
	struct scitag_flow *flow = flow_lookup(snet, key);

	return flow && !test_bit(SCITAG_FLOW_ENDED, &flow->state) ? flow : NULL;
}

struct scitag_flow *scitag_flow_find_id(struct scitag_net *snet, u32 id)
{
	return idr_find(&snet->ids, id);
}

struct scitag_flow *scitag_flow_next(struct scitag_net *snet, int *id)
{
	return idr_get_next(&snet->ids, id);
}

struct scitag_flow *scitag_flow_next_get(struct scitag_net *snet, int *id)
{
	struct scitag_flow *flow;

	rcu_read_lock();
	do
		flow = scitag_flow_next(snet, id);
	while (flow && !scitag_flow_hold(flow));
	rcu_read_unlock();
	return flow;
}

/* Enter a flow under an id of its own. */
static int flow_insert(struct scitag_net *snet, struct scitag_flow *flow,
		       struct netlink_ext_ack *extack)
{
	int id, err;

	id = idr_alloc_cyclic(&snet->ids, flow, 1, 0, GFP_KERNEL_ACCOUNT);
	if (id < 0) {
		NL_SET_ERR_MSG(extack, "No memory for another flow");
		return id;
	}
	flow->id = id;
	err = rhashtable_insert_fast(&snet->table, &flow->node,
				     flow_table_params);
	if (err) {
		NL_SET_ERR_MSG(extack, "No memory for another flow");
		idr_remove(&snet->ids, id);
	}
	return err;
}

/* It is no longer one of those that are listed. */
static void flow_forget(struct scitag_net *snet, struct scitag_flow *flow)
{
	idr_remove(&snet->ids, flow->id);
	scitag_sampler_stop(snet, flow);
	WRITE_ONCE(snet->flows, snet->flows - 1);
	snet->timed -= flow->idle_s || flow->hard_s;
	snet->generation++;
}

static void flow_del_ended(struct scitag_net *snet, struct scitag_flow *flow)
{
	scitag_flow_del(snet, flow);
	scitag_flow_put(flow);
}

/* See that there is a place for a flow, also for its key. */
static int flow_make_place(struct scitag_net *snet,
			   const struct scitag_flow_key *key,
			   struct netlink_ext_ack *extack)
{
	struct scitag_flow *flow = flow_lookup(snet, key);

	if (flow && test_bit(SCITAG_FLOW_ENDED, &flow->state)) {
		flow_del_ended(snet, flow);
	} else if (flow) {
		NL_SET_ERR_MSG(extack,
			       "Flow exists already: replace or delete it");
		return -EEXIST;
	}
	if (snet->flows >= scitag_flow_max()) {
		NL_SET_ERR_MSG(extack,
			       "Table is full: delete flows or raise the module's max_flows");
		return -ENOSPC;
	}
	if (snet->ended_count && snet->flows + snet->ended_count >=
				 scitag_flow_max())
		flow_del_ended(snet, list_first_entry(&snet->ended,
						      struct scitag_flow,
						      link));
	return 0;
}

int scitag_flow_add(struct scitag_net *snet, struct scitag_flow *flow,
		    struct netlink_ext_ack *extack)
{
	int err;

	lockdep_assert_held(&snet->lock);

	err = flow_make_place(snet, &flow->key, extack);
	if (!err)
		err = flow_insert(snet, flow, extack);
	if (err)
		return err;
	WRITE_ONCE(snet->flows, snet->flows + 1);
	snet->timed += flow->idle_s || flow->hard_s;
	snet->generation++;

	err = scitag_hook_get(snet, scitag_flow_is_ipv4(&flow->key));
	if (err) {
		NL_SET_ERR_MSG(extack, "Netfilter hook can't be registered");
		flow_forget(snet, flow);
		rhashtable_remove_fast(&snet->table, &flow->node,
				       flow_table_params);
		/* It was seen: whoever holds it is to leave it alone. */
		set_bit(SCITAG_FLOW_DEAD, &flow->state);
		return err;
	}
	scitag_room_settle(flow);
	scitag_sampler_start(snet, flow);
	if (snet->flows == scitag_flow_max())
		scitag_event_status(snet);
	return 0;
}

void scitag_flow_replace(struct scitag_net *snet, struct scitag_flow *flow,
			 struct scitag_flow *from)
{
	struct scitag_mark *mark;

	lockdep_assert_held(&snet->lock);

	mark = rcu_dereference_protected(from->mark, true);
	scitag_mark_hold(mark);
	scitag_mark_put(rcu_replace_pointer(flow->mark, mark,
					    lockdep_is_held(&snet->lock)));
	snet->timed += from->idle_s || from->hard_s;
	snet->timed -= flow->idle_s || flow->hard_s;
	WRITE_ONCE(flow->idle_s, from->idle_s);
	WRITE_ONCE(flow->hard_s, from->hard_s);
	WRITE_ONCE(flow->end_on_close, from->end_on_close);
	snet->generation++;
	scitag_room_settle(flow);
	scitag_sampler_replace(snet, flow, from);
}

void scitag_flow_del(struct scitag_net *snet, struct scitag_flow *flow)
{
	lockdep_assert_held(&snet->lock);

	if (test_bit(SCITAG_FLOW_ENDED, &flow->state)) {
		list_del(&flow->link);
		snet->ended_count--;
	} else {
		flow_forget(snet, flow);
	}
	rhashtable_remove_fast(&snet->table, &flow->node, flow_table_params);
	scitag_hook_put(snet, scitag_flow_is_ipv4(&flow->key));

	set_bit(SCITAG_FLOW_DEAD, &flow->state);
	scitag_room_settle(flow);
}

void scitag_flow_retire(struct scitag_net *snet, struct scitag_flow *flow)
{
	lockdep_assert_held(&snet->lock);

	flow_forget(snet, flow);
	flow->ended = jiffies;
	set_bit(SCITAG_FLOW_ENDED, &flow->state);
	list_add_tail(&flow->link, &snet->ended);
	snet->ended_count++;
}

void scitag_flow_drop_ended(struct scitag_net *snet)
{
	struct scitag_flow *flow, *next;

	lockdep_assert_held(&snet->lock);

	list_for_each_entry_safe(flow, next, &snet->ended, link)
		flow_del_ended(snet, flow);
}

int scitag_flow_table_init(struct scitag_net *snet)
{
	INIT_LIST_HEAD(&snet->ended);
	get_random_bytes(&snet->secret, sizeof(snet->secret));
	idr_init(&snet->ids);
	return rhashtable_init(&snet->table, &flow_table_params);
}

void scitag_flow_table_exit(struct scitag_net *snet)
{
	struct scitag_flow *flow;
	int id = 0;

	mutex_lock(&snet->lock);
	scitag_flow_drop_ended(snet);
	while ((flow = scitag_flow_next(snet, &id))) {
		scitag_flow_del(snet, flow);
		scitag_flow_put(flow);
		cond_resched();
	}
	mutex_unlock(&snet->lock);

	scitag_room_flush(snet);
	rhashtable_destroy(&snet->table);
	idr_destroy(&snet->ids);
}

int scitag_flow_init(void)
{
	get_random_bytes(flow_hash_key, sizeof(flow_hash_key));
	/* Charged to who asks: root of a container may enter flows. */
	flow_cache = KMEM_CACHE(scitag_flow, SLAB_HWCACHE_ALIGN | SLAB_ACCOUNT);
	return flow_cache ? 0 : -ENOMEM;
}

void scitag_flow_exit(void)
{
	kmem_cache_destroy(flow_cache);
}
