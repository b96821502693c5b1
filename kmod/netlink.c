// SPDX-License-Identifier: GPL-2.0
#include "netlink.h"

#include "event.h"
#include "flow.h"
#include "flowmsg.h"
#include "lifetime.h"
#include "pernet.h"
#include "rule.h"
#include "rulecmd.h"
#include "rulemsg.h"
#include "sampler.h"
#include "snapcmd.h"
#include "sock.h"
#include "stats.h"
#include "status.h"

#include <linux/module.h>
#include <linux/slab.h>
#include <net/genetlink.h>
#include <net/net_namespace.h>
#include <net/sock.h>
#include <net/tcp.h>

static const struct nla_policy spec_policy[SCITAG_A_MAX + 1] = {
	[SCITAG_A_FLOW] = NLA_POLICY_NESTED(scitag_flowmsg_spec_policy),
};

static const struct nla_policy name_policy[SCITAG_A_MAX + 1] = {
	[SCITAG_A_FLOW] = NLA_POLICY_NESTED(scitag_flowmsg_name_policy),
};

static const struct nla_policy rules_policy[SCITAG_A_MAX + 1] = {
	[SCITAG_A_RULE] = NLA_POLICY_NESTED(scitag_rulemsg_policy),
};

/* For requests that take no attributes: without a policy, any would pass. */
static const struct nla_policy no_policy[SCITAG_A_MAX + 1];

/**
 * struct batch - the flows of one request
 * @count: how many
 * @attrs: their attributes, for refusals
 * @flows: to add: flows of our own that are in no table, NULL once they are;
 *         to delete: those that were taken out of the table
 */
struct batch {
	unsigned int count;
	const struct nlattr **attrs;
	struct scitag_flow **flows;
};

static void batch_free(struct batch *batch)
{
	unsigned int i;

	if (batch->flows)
		for (i = 0; i < batch->count; i++)
			scitag_flow_put(batch->flows[i]);
	kvfree(batch->flows);
	kvfree(batch->attrs);
}

/* Gather the flow attributes of a request; the policy let no others in. */
static int batch_init(struct batch *batch, struct genl_info *info)
{
	const struct nlattr *attr;
	unsigned int i = 0;
	int rem;

	memset(batch, 0, sizeof(*batch));
	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, rem)
		batch->count++;
	if (!batch->count) {
		NL_SET_ERR_MSG(info->extack, "Request without a flow");
		return -EINVAL;
	}
	if (batch->count > scitag_flow_max()) {
		NL_SET_ERR_MSG(info->extack,
			       "More flows than a table may hold: raise the module's max_flows");
		return -ENOSPC;
	}

	batch->attrs = kvcalloc(batch->count, sizeof(*batch->attrs), GFP_KERNEL);
	batch->flows = kvcalloc(batch->count, sizeof(*batch->flows), GFP_KERNEL);
	if (!batch->attrs || !batch->flows) {
		batch_free(batch);
		return -ENOMEM;
	}
	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, rem)
		batch->attrs[i++] = attr;
	return 0;
}

/* Make all flows of a request to add or replace. */
static int batch_parse(struct batch *batch, struct scitag_net *snet,
		       struct netlink_ext_ack *extack)
{
	struct scitag_flow_spec spec;
	unsigned int i;
	int err;

	for (i = 0; i < batch->count; i++) {
		err = scitag_flowmsg_parse_spec(batch->attrs[i], &spec,
						extack);
		if (err)
			return err;
		batch->flows[i] = scitag_flow_alloc(snet, &spec);
		if (!batch->flows[i])
			return -ENOMEM;
	}
	return 0;
}

/*
 * Add the flows that are new, all or none. With replace, those that are there
 * are left for batch_finish(), which can't fail.
 */
static int batch_add(struct batch *batch, struct scitag_net *snet, bool replace,
		     struct netlink_ext_ack *extack, unsigned long *added)
{
	unsigned int i;
	int err;

	for (i = 0; i < batch->count; i++) {
		if (replace && scitag_flow_find(snet, &batch->flows[i]->key))
			continue;
		err = scitag_flow_add(snet, batch->flows[i], extack);
		if (err)
			goto err_undo;
		__set_bit(i, added);
	}
	return 0;

err_undo:
	if (extack)
		extack->bad_attr = batch->attrs[i];
	while (i--)
		if (test_bit(i, added))
			scitag_flow_del(snet, batch->flows[i]);
	return err;
}

/* Change the flows that were there, and tell of all. */
static void batch_finish(struct batch *batch, struct scitag_net *snet,
			 const unsigned long *added)
{
	struct scitag_flow *flow;
	unsigned int i;

	for (i = 0; i < batch->count; i++) {
		if (test_bit(i, added)) {
			scitag_event_flow(snet, SCITAG_CMD_FLOW_NEW_NTF,
					  batch->flows[i], 0);
			batch->flows[i] = NULL; /* the table's now */
			continue;
		}
		flow = scitag_flow_find(snet, &batch->flows[i]->key);
		scitag_flow_replace(snet, flow, batch->flows[i]);
		scitag_event_flow(snet, SCITAG_CMD_FLOW_UPDATE_NTF, flow, 0);
	}
	if (snet->timed)
		scitag_lifetime_kick(snet);
}

static int flow_set(struct genl_info *info, bool replace)
{
	struct scitag_net *snet = scitag_pernet(genl_info_net(info));
	unsigned long *added;
	struct batch batch;
	int err;

	err = batch_init(&batch, info);
	if (err)
		return err;
	err = batch_parse(&batch, snet, info->extack);
	if (err)
		goto out_batch;
	added = bitmap_zalloc(batch.count, GFP_KERNEL);
	if (!added) {
		err = -ENOMEM;
		goto out_batch;
	}

	mutex_lock(&snet->lock);
	err = batch_add(&batch, snet, replace, info->extack, added);
	if (!err)
		batch_finish(&batch, snet, added);
	mutex_unlock(&snet->lock);

	bitmap_free(added);
out_batch:
	batch_free(&batch);
	return err;
}

static int flow_add_doit(struct sk_buff *skb, struct genl_info *info)
{
	return flow_set(info, false);
}

static int flow_replace_doit(struct sk_buff *skb, struct genl_info *info)
{
	return flow_set(info, true);
}

/* Find a flow that a request names, and hold it. */
static int flow_find_get(struct scitag_net *snet, const struct nlattr *attr,
			 struct scitag_flow **flow,
			 struct netlink_ext_ack *extack)
{
	int err;

	rcu_read_lock();
	err = scitag_flowmsg_find(snet, attr, flow, extack);
	if (!err && !scitag_flow_hold(*flow))
		err = -ENOENT;
	rcu_read_unlock();
	return err;
}

/* Have the last snapshots of what is to be deleted, if all of it is there. */
static void flow_del_sample(const struct batch *batch, struct scitag_net *snet)
{
	struct scitag_flow *flow;
	unsigned int i;

	if (!scitag_sampler_wanted(snet))
		return;
	for (i = 0; i < batch->count; i++) {
		if (flow_find_get(snet, batch->attrs[i], &flow, NULL))
			return;
		scitag_flow_put(flow);
	}
	for (i = 0; i < batch->count; i++) {
		if (flow_find_get(snet, batch->attrs[i], &flow, NULL))
			return;
		scitag_sampler_last(snet, flow);
		scitag_flow_put(flow);
	}
}

static int flow_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct scitag_net *snet = scitag_pernet(genl_info_net(info));
	struct scitag_flow *flow;
	struct batch batch;
	unsigned int i;
	int err;

	err = batch_init(&batch, info);
	if (err)
		return err;

	flow_del_sample(&batch, snet);
	mutex_lock(&snet->lock);
	for (i = 0; i < batch.count && !err; i++)
		err = scitag_flowmsg_find(snet, batch.attrs[i], &flow,
					  info->extack);
	/* All are there. One that is named twice is gone the second time. */
	for (i = 0; i < batch.count && !err; i++) {
		if (scitag_flowmsg_find(snet, batch.attrs[i], &flow, NULL))
			continue;
		scitag_flow_del(snet, flow);
		scitag_event_flow(snet, SCITAG_CMD_FLOW_END_NTF, flow,
				  SCITAG_END_REASON_DELETED);
		batch.flows[i] = flow;
	}
	mutex_unlock(&snet->lock);

	batch_free(&batch);
	return err;
}

static int flow_flush_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct scitag_net *snet = scitag_pernet(genl_info_net(info));
	struct scitag_flow *flow;
	int id = 0;

	while (scitag_sampler_wanted(snet) &&
	       (flow = scitag_flow_next_get(snet, &id))) {
		scitag_sampler_last(snet, flow);
		scitag_flow_put(flow);
		id++;
		cond_resched();
	}

	id = 0;
	mutex_lock(&snet->lock);
	while ((flow = scitag_flow_next(snet, &id))) {
		scitag_flow_del(snet, flow);
		scitag_event_flow(snet, SCITAG_CMD_FLOW_END_NTF, flow,
				  SCITAG_END_REASON_FLUSHED);
		scitag_flow_put(flow);
		cond_resched();
	}
	scitag_flow_drop_ended(snet);
	mutex_unlock(&snet->lock);
	return 0;
}

/* A reply with one flow and, if its socket is found, the state of that. */
static struct sk_buff *flow_reply(struct genl_info *info,
				  const struct scitag_flow *flow)
{
	struct sock *sk = scitag_sock_lookup(flow);
	struct tcp_info tcp_info;
	struct sk_buff *skb;
	void *hdr;
	int err;

	if (sk) {
		tcp_get_info(sk, &tcp_info);
		sock_put(sk);
	}
	skb = genlmsg_new(SCITAG_FLOWMSG_SIZE + nla_total_size(sizeof(tcp_info)),
			  GFP_KERNEL);
	if (!skb)
		return NULL;
	hdr = genlmsg_put_reply(skb, info, &scitag_netlink_family, 0,
				SCITAG_CMD_FLOW_GET);
	rcu_read_lock();
	err = hdr ? scitag_flowmsg_put(skb, flow,
				       sk ? &tcp_info : NULL,
				       sizeof(tcp_info)) : -EMSGSIZE;
	rcu_read_unlock();
	if (WARN_ON_ONCE(err)) {
		nlmsg_free(skb);
		return NULL;
	}
	genlmsg_end(skb, hdr);
	return skb;
}

int scitag_netlink_find_one(struct scitag_net *snet, struct genl_info *info,
			    struct scitag_flow **flow)
{
	struct batch batch;
	int err;

	err = batch_init(&batch, info);
	if (err)
		return err;
	if (batch.count > 1) {
		NL_SET_ERR_MSG_ATTR(info->extack, batch.attrs[1],
				    "Name one flow, or ask for a dump of all");
		err = -EINVAL;
	} else {
		err = flow_find_get(snet, batch.attrs[0], flow, info->extack);
	}
	batch_free(&batch);
	return err;
}

static int flow_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct scitag_net *snet = scitag_pernet(genl_info_net(info));
	struct scitag_flow *flow;
	struct sk_buff *reply;
	int err;

	err = scitag_netlink_find_one(snet, info, &flow);
	if (err)
		return err;
	reply = flow_reply(info, flow);
	scitag_flow_put(flow);
	return reply ? genlmsg_reply(reply, info) : -ENOMEM;
}

static int flow_dump_start(struct netlink_callback *cb)
{
	if (!nlmsg_attrlen(cb->nlh, GENL_HDRLEN))
		return 0;
	NL_SET_ERR_MSG(cb->extack, "A dump of flows takes no attributes");
	return -EINVAL;
}

static int flow_dump_one(struct sk_buff *skb, struct netlink_callback *cb,
			 const struct scitag_flow *flow)
{
	void *hdr;

	hdr = genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
			  &scitag_netlink_family, NLM_F_MULTI,
			  SCITAG_CMD_FLOW_GET);
	if (!hdr)
		return -EMSGSIZE;
	genl_dump_check_consistent(cb, hdr);
	if (scitag_flowmsg_put(skb, flow, NULL, 0)) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

/* By id, which stays, from where the last piece ended: cb->args[0]. */
static int flow_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct scitag_net *snet = scitag_pernet(sock_net(cb->skb->sk));
	struct scitag_flow *flow;
	int id = cb->args[0];

	mutex_lock(&snet->lock);
	cb->seq = snet->generation ?: 1; /* 0 would mean "don't check" */
	for (; (flow = scitag_flow_next(snet, &id)); id++)
		if (flow_dump_one(skb, cb, flow))
			break;
	mutex_unlock(&snet->lock);

	cb->args[0] = id;
	return skb->len;
}

/* Reply with what one function writes about the namespace. */
static int reply_with(struct genl_info *info, int cmd,
		      int (*put)(struct sk_buff *skb,
				 const struct scitag_net *snet))
{
	struct sk_buff *skb;
	void *hdr;

	skb = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!skb)
		return -ENOMEM;
	hdr = genlmsg_put_reply(skb, info, &scitag_netlink_family, 0, cmd);
	if (!hdr || put(skb, scitag_pernet(genl_info_net(info)))) {
		nlmsg_free(skb);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return genlmsg_reply(skb, info);
}

static int stats_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	return reply_with(info, SCITAG_CMD_STATS_GET, scitag_stats_put);
}

static int status_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	return reply_with(info, SCITAG_CMD_STATUS_GET, scitag_status_put);
}

static const struct genl_ops netlink_ops[] = {
	{
		.cmd = SCITAG_CMD_FLOW_ADD,
		.flags = GENL_UNS_ADMIN_PERM,
		.policy = spec_policy,
		.maxattr = SCITAG_A_MAX,
		.doit = flow_add_doit,
	},
	{
		.cmd = SCITAG_CMD_FLOW_REPLACE,
		.flags = GENL_UNS_ADMIN_PERM,
		.policy = spec_policy,
		.maxattr = SCITAG_A_MAX,
		.doit = flow_replace_doit,
	},
	{
		.cmd = SCITAG_CMD_FLOW_DEL,
		.flags = GENL_UNS_ADMIN_PERM,
		.policy = name_policy,
		.maxattr = SCITAG_A_MAX,
		.doit = flow_del_doit,
	},
	{
		.cmd = SCITAG_CMD_FLOW_GET,
		.flags = GENL_UNS_ADMIN_PERM,
		.policy = name_policy,
		.maxattr = SCITAG_A_MAX,
		.doit = flow_get_doit,
		.start = flow_dump_start,
		.dumpit = flow_get_dumpit,
	},
	{
		.cmd = SCITAG_CMD_FLOW_FLUSH,
		.flags = GENL_UNS_ADMIN_PERM,
		.policy = no_policy,
		.maxattr = SCITAG_A_MAX,
		.doit = flow_flush_doit,
	},
	{
		.cmd = SCITAG_CMD_STATS_GET,
		.policy = no_policy,
		.maxattr = SCITAG_A_MAX,
		.doit = stats_get_doit,
	},
	{
		.cmd = SCITAG_CMD_STATUS_GET,
		.policy = no_policy,
		.maxattr = SCITAG_A_MAX,
		.doit = status_get_doit,
	},
	{
		.cmd = SCITAG_CMD_RULE_SET,
		.flags = GENL_UNS_ADMIN_PERM,
		.policy = rules_policy,
		.maxattr = SCITAG_A_MAX,
		.doit = scitag_rulecmd_set,
	},
	{
		.cmd = SCITAG_CMD_RULE_GET,
		.flags = GENL_UNS_ADMIN_PERM,
		.policy = no_policy,
		.maxattr = SCITAG_A_MAX,
		.dumpit = scitag_rulecmd_dump,
	},
	{
		.cmd = SCITAG_CMD_SNAPSHOT_GET,
		.flags = GENL_UNS_ADMIN_PERM,
		.policy = name_policy,
		.maxattr = SCITAG_A_MAX,
		.doit = scitag_snapcmd_get,
		.start = flow_dump_start,
		.dumpit = scitag_snapcmd_dump,
	},
};

static const struct genl_multicast_group netlink_groups[] = {
	[SCITAG_NETLINK_EVENTS] = {
		.name = SCITAG_MCGRP_EVENTS,
		.flags = GENL_MCAST_CAP_NET_ADMIN,
	},
	[SCITAG_NETLINK_SNAPSHOTS] = {
		.name = SCITAG_MCGRP_SNAPSHOTS,
		.flags = GENL_MCAST_CAP_NET_ADMIN,
	},
};

struct genl_family scitag_netlink_family __ro_after_init = {
	.name = SCITAG_FAMILY_NAME,
	.version = SCITAG_FAMILY_VERSION,
	.maxattr = SCITAG_A_MAX,
	.netnsok = true,
	.parallel_ops = true,
	.module = THIS_MODULE,
	.ops = netlink_ops,
	.n_ops = ARRAY_SIZE(netlink_ops),
	.mcgrps = netlink_groups,
	.n_mcgrps = ARRAY_SIZE(netlink_groups),
};

int scitag_netlink_init(void)
{
	int err = genl_register_family(&scitag_netlink_family);

	if (!err)
		scitag_event_open(true);
	return err;
}

void scitag_netlink_exit(void)
{
	scitag_event_open(false);
	genl_unregister_family(&scitag_netlink_family);
}
