// SPDX-License-Identifier: GPL-2.0
#include "hook.h"

#include "exthdr.h"
#include "flow.h"
#include "mark.h"
#include "packet.h"
#include "pernet.h"
#include "stats.h"

#include <linux/netdevice.h>
#include <linux/netfilter.h>
#include <linux/netfilter_ipv6.h>
#include <linux/skbuff.h>

/*
 * The label is written even to a packet that can't get headers: one that came
 * and went within a flow would move the flow's path. The headers come last,
 * so that they are not taken for ones that the packet had before.
 */
static enum scitag_stat hook_mark(struct sk_buff *skb,
				  const struct scitag_packet *packet,
				  struct scitag_flow *flow,
				  const struct net_device *out)
{
	const struct scitag_mark *mark = rcu_dereference(flow->mark);

	if ((mark->spec.flags & SCITAG_MARK_LABEL) &&
	    scitag_mark_label(skb, mark))
		return SCITAG_STAT_NO_MEMORY;
	if (mark->headers_len)
		return scitag_exthdr_insert(skb, packet, flow, mark, out);
	return SCITAG_STAT_MARKED;
}

/*
 * Runs in softirq or, with softirqs enabled, in process context, under RCU.
 * Whether the socket is locked, and by whom, can't be known here. A packet
 * that is sent through a VRF comes by twice, first with the VRF's device.
 */
static unsigned int hook_local_out(void *priv, struct sk_buff *skb,
				   const struct nf_hook_state *state)
{
	struct scitag_net *snet = scitag_pernet(state->net);
	struct scitag_packet packet;
	struct scitag_flow *flow;
	enum scitag_stat stat;

	if (netif_is_l3_master(state->out) ||
	    !scitag_packet_parse(&packet, skb))
		return NF_ACCEPT;
	flow = scitag_flow_lookup(snet, &packet.key);
	if (!flow)
		return NF_ACCEPT;

	stat = hook_mark(skb, &packet, flow, state->out);

	scitag_stats_add(snet, stat, packet.segments);
	atomic64_add(packet.segments, &flow->packets);
	atomic64_add(scitag_packet_bytes(&packet), &flow->bytes);
	if (stat == SCITAG_STAT_MARKED)
		atomic64_add(packet.segments, &flow->marked);
	return NF_ACCEPT;
}

/*
 * Last in LOCAL_OUT: the rules of the host see the packet as it was, and the
 * route, chosen already, is not chosen again because of a label.
 */
static const struct nf_hook_ops hook_ops[] = {
	{
		.hook = hook_local_out,
		.pf = NFPROTO_IPV6,
		.hooknum = NF_INET_LOCAL_OUT,
		.priority = NF_IP6_PRI_LAST - 10,
	},
};

int scitag_hook_enable(struct scitag_net *snet)
{
	int err;

	lockdep_assert_held(&snet->lock);
	err = nf_register_net_hooks(snet->net, hook_ops, ARRAY_SIZE(hook_ops));
	if (!err)
		WRITE_ONCE(snet->hooked, true);
	return err;
}

void scitag_hook_disable(struct scitag_net *snet)
{
	lockdep_assert_held(&snet->lock);
	if (!snet->hooked)
		return;
	nf_unregister_net_hooks(snet->net, hook_ops, ARRAY_SIZE(hook_ops));
	WRITE_ONCE(snet->hooked, false);
}
