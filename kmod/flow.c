// SPDX-License-Identifier: GPL-2.0
#include "flow.h"

#include "hook.h"
#include "pernet.h"
#include "sock.h"

#include <scitag/label.h>

#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/netlink.h>
#include <linux/random.h>
#include <linux/rhashtable.h>
#include <linux/slab.h>

#define MAX_FLOWS_DEFAULT	100000
#define MAX_FLOWS_LIMIT		10000000

static unsigned int max_flows = MAX_FLOWS_DEFAULT;

static int max_flows_set(const char *val, const struct kernel_param *kp)
{
	unsigned int flows;
	int err;

	err = kstrtouint(val, 0, &flows);
	if (err)
		return err;
	if (!flows || flows > MAX_FLOWS_LIMIT) {
		pr_err("max_flows must be 1 to %d\n", MAX_FLOWS_LIMIT);
		return -ERANGE;
	}
	WRITE_ONCE(max_flows, flows);
	return 0;
}

static const struct kernel_param_ops max_flows_ops = {
	.set = max_flows_set,
	.get = param_get_uint,
};

module_param_cb(max_flows, &max_flows_ops, &max_flows, 0644);
MODULE_PARM_DESC(max_flows,
		 "Flows that the table of a network namespace may hold, 1 to 10000000 (default 100000)");

u32 scitag_flow_max(void)
{
	return READ_ONCE(max_flows);
}

static const struct rhashtable_params flow_table_params = {
	.head_offset = offsetof(struct scitag_flow, node),
	.key_offset = offsetof(struct scitag_flow, key),
	.key_len = sizeof(struct scitag_flow_key),
	.automatic_shrinking = true,
};

struct scitag_flow *scitag_flow_alloc(struct scitag_net *snet,
				      const struct scitag_flow_key *key,
				      const struct scitag_mark_spec *spec)
{
	struct scitag_flow *flow;
	struct scitag_mark *mark;

	/* jhash2() of the rhashtable reads whole words. */
	BUILD_BUG_ON(sizeof(*key) % sizeof(u32));
	BUILD_BUG_ON(sizeof(*key) != 40);

	/* Charged to who asks: root of a container may enter flows. */
	flow = kzalloc(sizeof(*flow), GFP_KERNEL_ACCOUNT);
	if (!flow)
		return NULL;
	mark = kzalloc(sizeof(*mark), GFP_KERNEL_ACCOUNT);
	if (!mark) {
		kfree(flow);
		return NULL;
	}

	flow->key = *key;
	flow->snet = snet;
	flow->entropy = get_random_u32() & SCITAG_LABEL_ENTROPY_MASK;
	refcount_set(&flow->refs, 1);
	scitag_sock_flow_init(flow);
	scitag_mark_init(mark, spec, key->protocol, flow->entropy);
	RCU_INIT_POINTER(flow->mark, mark);
	return flow;
}

static void flow_free_rcu(struct rcu_head *rcu)
{
	struct scitag_flow *flow = container_of(rcu, struct scitag_flow, rcu);

	kfree(rcu_dereference_protected(flow->mark, true));
	kfree(flow);
}

void scitag_flow_put(struct scitag_flow *flow)
{
	if (flow && refcount_dec_and_test(&flow->refs))
		call_rcu(&flow->rcu, flow_free_rcu);
}

struct scitag_flow *scitag_flow_lookup(struct scitag_net *snet,
				       const struct scitag_flow_key *key)
{
	return rhashtable_lookup_fast(&snet->table, key, flow_table_params);
}

struct scitag_flow *scitag_flow_lookup_id(struct scitag_net *snet, u32 id)
{
	return idr_find(&snet->ids, id);
}

struct scitag_flow *scitag_flow_next(struct scitag_net *snet, int *id)
{
	return idr_get_next(&snet->ids, id);
}

static int flow_table_insert(struct scitag_net *snet, struct scitag_flow *flow,
			     struct netlink_ext_ack *extack)
{
	int id, err;

	id = idr_alloc_cyclic(&snet->ids, flow, 1, 0, GFP_KERNEL_ACCOUNT);
	if (id < 0) {
		NL_SET_ERR_MSG(extack, "No memory for another flow");
		return id;
	}
	flow->id = id;

	err = rhashtable_lookup_insert_fast(&snet->table, &flow->node,
					    flow_table_params);
	if (!err)
		return 0;
	if (err == -EEXIST)
		NL_SET_ERR_MSG(extack,
			       "Flow exists already: replace or delete it");
	else
		NL_SET_ERR_MSG(extack, "No memory for another flow");
	idr_remove(&snet->ids, id);
	return err;
}

static void flow_table_remove(struct scitag_net *snet, struct scitag_flow *flow)
{
	rhashtable_remove_fast(&snet->table, &flow->node, flow_table_params);
	idr_remove(&snet->ids, flow->id);
}

int scitag_flow_add(struct scitag_net *snet, struct scitag_flow *flow,
		    struct netlink_ext_ack *extack)
{
	int err;

	lockdep_assert_held(&snet->lock);

	/*
	 * A flow that is there is refused as such even when the table is full;
	 * the insertion below looks again, within one request.
	 */
	if (snet->flows >= scitag_flow_max() &&
	    !scitag_flow_lookup(snet, &flow->key)) {
		NL_SET_ERR_MSG(extack,
			       "Table is full: delete flows or raise the module's max_flows");
		return -ENOSPC;
	}
	err = flow_table_insert(snet, flow, extack);
	if (err)
		return err;

	if (!scitag_flow_is_ipv4(&flow->key) && !snet->hook_users++) {
		err = scitag_hook_enable(snet);
		if (err) {
			NL_SET_ERR_MSG(extack,
				       "Netfilter hook can't be registered");
			goto err_remove;
		}
	}
	WRITE_ONCE(snet->flows, snet->flows + 1);
	snet->generation++;
	scitag_sock_settle(flow);
	return 0;

err_remove:
	snet->hook_users--;
	flow_table_remove(snet, flow);
	return err;
}

void scitag_flow_remark(struct scitag_net *snet, struct scitag_flow *flow,
			struct scitag_flow *from)
{
	struct scitag_mark *old, *new;

	lockdep_assert_held(&snet->lock);

	new = rcu_dereference_protected(from->mark, true);
	RCU_INIT_POINTER(from->mark, NULL);
	scitag_mark_init(new, &new->spec, flow->key.protocol, flow->entropy);

	old = rcu_replace_pointer(flow->mark, new,
				  lockdep_is_held(&snet->lock));
	kfree_rcu(old, rcu);
	snet->generation++;
	scitag_sock_settle(flow);
}

void scitag_flow_del(struct scitag_net *snet, struct scitag_flow *flow)
{
	lockdep_assert_held(&snet->lock);

	flow_table_remove(snet, flow);
	WRITE_ONCE(snet->flows, snet->flows - 1);
	snet->generation++;
	if (!scitag_flow_is_ipv4(&flow->key) && !--snet->hook_users)
		scitag_hook_disable(snet);

	WRITE_ONCE(flow->dead, true);
	scitag_sock_settle(flow);
}

int scitag_flow_table_init(struct scitag_net *snet)
{
	idr_init(&snet->ids);
	return rhashtable_init(&snet->table, &flow_table_params);
}

void scitag_flow_table_exit(struct scitag_net *snet)
{
	struct scitag_flow *flow;
	int id = 0;

	mutex_lock(&snet->lock);
	while ((flow = scitag_flow_next(snet, &id))) {
		scitag_flow_del(snet, flow);
		scitag_flow_put(flow);
		cond_resched();
	}
	mutex_unlock(&snet->lock);

	scitag_sock_flush(snet);
	rhashtable_destroy(&snet->table);
	idr_destroy(&snet->ids);
}
