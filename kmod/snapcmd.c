// SPDX-License-Identifier: GPL-2.0
#include "snapcmd.h"

#include "flow.h"
#include "flowmsg.h"
#include "netlink.h"
#include "pernet.h"
#include "sampler.h"
#include "snapshot.h"
#include "sock.h"

#include <linux/workqueue.h>
#include <net/genetlink.h>
#include <net/sock.h>

/* Of a connection that is closed, the last one that there was. */
static int put_final(struct sk_buff *skb, const struct scitag_flow *flow)
{
	const struct nlattr *final;
	int err;

	mutex_lock(&flow->snet->lock);
	final = scitag_sampler_final(flow);
	if (final)
		err = nla_put(skb, final->nla_type, nla_len(final),
			      nla_data(final));
	else
		err = scitag_snapshot_put(skb, flow, NULL, 0);
	mutex_unlock(&flow->snet->lock);
	return err;
}

static int put_flow(struct sk_buff *skb, const struct scitag_flow *flow)
{
	struct sock *sk = scitag_sock_lookup(flow);
	int err;

	/* It closed just now: wait for its final snapshot. */
	if (!sk && test_bit(SCITAG_FLOW_CLOSING, &flow->state))
		flush_delayed_work(&flow->snet->lifetime);
	rcu_read_lock();
	err = scitag_flowmsg_put(skb, flow, NULL, 0);
	rcu_read_unlock();
	if (!err)
		err = sk ? scitag_snapshot_put(skb, flow, sk, 0) :
			   put_final(skb, flow);
	if (sk)
		sock_put(sk);
	return err;
}

static struct sk_buff *snapcmd_reply(struct genl_info *info,
				     const struct scitag_flow *flow)
{
	struct sk_buff *skb;
	void *hdr;

	skb = genlmsg_new(SCITAG_FLOWMSG_SIZE + SCITAG_SNAPSHOT_SIZE,
			  GFP_KERNEL);
	if (!skb)
		return NULL;
	hdr = genlmsg_put_reply(skb, info, &scitag_netlink_family, 0,
				SCITAG_CMD_SNAPSHOT_GET);
	if (WARN_ON_ONCE(!hdr || put_flow(skb, flow))) {
		nlmsg_free(skb);
		return NULL;
	}
	genlmsg_end(skb, hdr);
	return skb;
}

int scitag_snapcmd_get(struct sk_buff *skb, struct genl_info *info)
{
	struct scitag_net *snet = scitag_pernet(genl_info_net(info));
	struct scitag_flow *flow;
	struct sk_buff *reply;
	int err;

	err = scitag_netlink_find_one(snet, info, &flow);
	if (err)
		return err;
	reply = snapcmd_reply(info, flow);
	scitag_flow_put(flow);
	return reply ? genlmsg_reply(reply, info) : -ENOMEM;
}

static int snapcmd_dump_one(struct sk_buff *skb, struct netlink_callback *cb,
			    const struct scitag_flow *flow)
{
	void *hdr;

	hdr = genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
			  &scitag_netlink_family, NLM_F_MULTI,
			  SCITAG_CMD_SNAPSHOT_GET);
	if (!hdr)
		return -EMSGSIZE;
	genl_dump_check_consistent(cb, hdr);
	if (put_flow(skb, flow)) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

/* By id, which stays, from where the last piece ended: cb->args[0]. */
int scitag_snapcmd_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct scitag_net *snet = scitag_pernet(sock_net(cb->skb->sk));
	struct scitag_flow *flow;
	int id = cb->args[0];
	int err = 0;

	cb->seq = READ_ONCE(snet->generation) ?: 1;
	while (!err && (flow = scitag_flow_next_get(snet, &id))) {
		err = snapcmd_dump_one(skb, cb, flow);
		scitag_flow_put(flow);
		if (!err)
			id++;
	}
	cb->args[0] = id;
	return skb->len;
}
