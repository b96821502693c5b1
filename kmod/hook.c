// SPDX-License-Identifier: GPL-2.0
#include "hook.h"

#include "event.h"
#include "exthdr.h"
#include "flow.h"
#include "mark.h"
#include "packet.h"
#include "pernet.h"
#include "rule.h"
#include "sampler.h"
#include "sock.h"
#include "stats.h"
#include "track.h"

#include <linux/jiffies.h>
#include <linux/netdevice.h>
#include <linux/netfilter.h>
#include <linux/netfilter_ipv4.h>
#include <linux/netfilter_ipv6.h>
#include <linux/skbuff.h>
#include <linux/slab.h>
#include <net/sock.h>
#include <net/tcp_states.h>

/*
 * The label is written even to a packet that can't get headers: one that came
 * and went within a flow would move the flow's path. The headers come last,
 * so that they are not taken for ones that the packet had before.
 */
static __always_inline enum scitag_stat
hook_mark(struct sk_buff *skb, const struct scitag_packet *packet,
	  struct scitag_flow *flow, const struct scitag_mark *mark, u32 entropy,
	  const struct net_device *out)
{
	u32 label;

	/* The sender's hash, where that is wanted and there is one. */
	if (unlikely(mark->spec.entropy == SCITAG_ENTROPY_HASH) && skb->hash)
		entropy = skb->hash;
	label = scitag_mark_label(mark, entropy);
	if ((mark->spec.flags & SCITAG_MARK_LABEL) &&
	    scitag_mark_write_label(skb, label))
		return SCITAG_STAT_NO_MEMORY;
	if (mark->headers_len)
		return scitag_exthdr_insert(skb, packet, flow, mark, label,
					    out);
	return SCITAG_STAT_MARKED;
}

static void hook_count(struct scitag_flow *flow, const struct sk_buff *skb,
		       const struct scitag_packet *packet)
{
	unsigned long now = jiffies;

	atomic64_add(packet->segments, &flow->packets);
	atomic64_add(packet->bytes, &flow->bytes);
	if (READ_ONCE(flow->used) != now)
		WRITE_ONCE(flow->used, now);
	if (unlikely(READ_ONCE(flow->sample)))
		scitag_sampler_packet(flow, skb);
}

static inline unsigned int hook_verdict(enum scitag_stat stat)
{
	/* The sender gets the error: nothing is lost that was thought sent. */
	return unlikely(stat == SCITAG_STAT_REFUSED) ? NF_DROP_ERR(-EMSGSIZE) :
						       NF_ACCEPT;
}

static unsigned int hook_flow(struct scitag_net *snet, struct sk_buff *skb,
			      struct scitag_packet *packet,
			      struct scitag_flow *flow,
			      const struct net_device *out)
{
	enum scitag_stat stat;

	if (!scitag_packet_measure(packet, skb))
		return NF_ACCEPT;
	stat = hook_mark(skb, packet, flow, rcu_dereference(flow->mark),
			 flow->entropy, out);
	scitag_stats_add(snet, stat, packet->segments);
	if (unlikely(stat != SCITAG_STAT_MARKED)) {
		if (stat == SCITAG_STAT_REFUSED)
			return hook_verdict(stat);
		atomic64_add(packet->segments, &flow->unmarked);
	}
	hook_count(flow, skb, packet);
	return NF_ACCEPT;
}

/*
 * The rule for a packet of no flow. SYN-ACKs are matched with their listener,
 * so that they get what the connection will get.
 */
static const struct scitag_rule *hook_rule(const struct scitag_ruleset *set,
					   const struct sk_buff *skb,
					   const struct scitag_packet *packet,
					   const struct nf_hook_state *state)
{
	struct scitag_rule_packet rule_packet = {
		.key = &packet->key,
		.sk = skb->sk,
		.fwmark = skb->mark,
		.out = state->out,
	};

	if (!skb->sk || !sk_fullsock(skb->sk))
		rule_packet.sk = state->sk && sk_fullsock(state->sk) ?
					 state->sk : NULL;
	return scitag_rule_match(set, &rule_packet);
}

static noinline unsigned int hook_rules(struct scitag_net *snet,
					struct sk_buff *skb,
					struct scitag_packet *packet,
					const struct scitag_ruleset *set,
					const struct nf_hook_state *state)
{
	const struct scitag_rule *rule;
	enum scitag_stat stat;

	rule = hook_rule(set, skb, packet, state);
	if (!rule || !scitag_packet_measure(packet, skb))
		return NF_ACCEPT;
	if (scitag_flow_is_ipv4(&packet->key)) {
		scitag_track_packet(snet, skb, packet, rule, false);
		return NF_ACCEPT;
	}
	stat = hook_mark(skb, packet, NULL,
			 scitag_rule_mark(rule, &packet->key),
			 scitag_flow_entropy(snet, &packet->key), state->out);
	scitag_stats_add(snet, stat, packet->segments);
	if (stat != SCITAG_STAT_REFUSED)
		scitag_track_packet(snet, skb, packet, rule,
				    stat == SCITAG_STAT_MARKED);
	return hook_verdict(stat);
}

/*
 * A flow that has ended marks what its connection still sends. A packet of an
 * open socket is one of a new connection between the same ports.
 */
static noinline bool hook_is_open(const struct sk_buff *skb)
{
	const struct sock *sk = scitag_sock_of_packet(skb);

	return sk && READ_ONCE(sk->sk_state) != TCP_CLOSE;
}

static inline bool hook_flow_is_over(const struct scitag_flow *flow,
				     const struct sk_buff *skb)
{
	return unlikely(test_bit(SCITAG_FLOW_ENDED, &flow->state)) &&
	       hook_is_open(skb);
}

/*
 * Runs in softirq or, with softirqs enabled, in process context, under RCU.
 * Whether the socket is locked, and by whom, can't be known here. A packet
 * that is sent through a VRF comes by twice, first with the VRF's device.
 */
static unsigned int hook_ipv6(void *priv, struct sk_buff *skb,
			      const struct nf_hook_state *state)
{
	const struct scitag_ruleset *set;
	struct scitag_net *snet = priv;
	struct scitag_packet packet;
	struct scitag_flow *flow;

	if (unlikely(netif_is_l3_master(state->out)) ||
	    !scitag_packet_parse(&packet, skb))
		return NF_ACCEPT;
	flow = scitag_flow_lookup(snet, &packet.key);
	if (flow && !hook_flow_is_over(flow, skb))
		return hook_flow(snet, skb, &packet, flow, state->out);
	set = rcu_dereference(snet->rules);
	if (set)
		return hook_rules(snet, skb, &packet, set, state);
	return NF_ACCEPT;
}

/* IPv4 has no place for a mark: its flows are counted. */
static unsigned int hook_ipv4(void *priv, struct sk_buff *skb,
			      const struct nf_hook_state *state)
{
	const struct scitag_ruleset *set;
	struct scitag_net *snet = priv;
	struct scitag_packet packet;
	struct scitag_flow *flow;

	if (netif_is_l3_master(state->out) ||
	    !scitag_packet_parse_ipv4(&packet, skb))
		return NF_ACCEPT;
	flow = scitag_flow_lookup(snet, &packet.key);
	if (flow && !hook_flow_is_over(flow, skb)) {
		if (scitag_packet_measure(&packet, skb)) {
			atomic64_add(packet.segments, &flow->unmarked);
			hook_count(flow, skb, &packet);
		}
		return NF_ACCEPT;
	}
	set = rcu_dereference(snet->rules);
	if (set)
		return hook_rules(snet, skb, &packet, set, state);
	return NF_ACCEPT;
}

/*
 * Last in LOCAL_OUT: the rules of the host see the packet as it was, and the
 * route, chosen already, is not chosen again because of a label.
 */
static const struct nf_hook_ops hook_ops[SCITAG_HOOKS] = {
	{
		.hook = hook_ipv6,
		.pf = NFPROTO_IPV6,
		.hooknum = NF_INET_LOCAL_OUT,
		.priority = NF_IP6_PRI_LAST - 10,
	},
	{
		.hook = hook_ipv4,
		.pf = NFPROTO_IPV4,
		.hooknum = NF_INET_LOCAL_OUT,
		.priority = NF_IP_PRI_LAST - 10,
	},
};

/*
 * A namespace has its own copies, so that the hook is given what it needs.
 * Netfilter looks at them as long as a packet is on its way through.
 */
int scitag_hook_init(struct scitag_net *snet)
{
	int i;

	snet->hooks = kmemdup(hook_ops, sizeof(hook_ops), GFP_KERNEL);
	if (!snet->hooks)
		return -ENOMEM;
	for (i = 0; i < SCITAG_HOOKS; i++)
		snet->hooks[i].priv = snet;
	return 0;
}

void scitag_hook_exit(struct scitag_net *snet)
{
	kfree(snet->hooks);
}

int scitag_hook_get(struct scitag_net *snet, bool ipv4)
{
	int err;

	lockdep_assert_held(&snet->lock);
	if (!snet->hook_users[ipv4]) {
		err = nf_register_net_hooks(snet->net, &snet->hooks[ipv4], 1);
		if (err)
			return err;
		WRITE_ONCE(snet->hooked[ipv4], true);
		if (!snet->hooked[!ipv4])
			scitag_event_status(snet);
	}
	snet->hook_users[ipv4]++;
	return 0;
}

static void hook_unregister(struct scitag_net *snet, bool ipv4)
{
	if (!snet->hooked[ipv4])
		return;
	nf_unregister_net_hooks(snet->net, &snet->hooks[ipv4], 1);
	WRITE_ONCE(snet->hooked[ipv4], false);
	if (!snet->hooked[!ipv4])
		scitag_event_status(snet);
}

void scitag_hook_put(struct scitag_net *snet, bool ipv4)
{
	lockdep_assert_held(&snet->lock);
	if (!--snet->hook_users[ipv4])
		hook_unregister(snet, ipv4);
}

void scitag_hook_stop(struct scitag_net *snet)
{
	lockdep_assert_held(&snet->lock);
	hook_unregister(snet, true);
	hook_unregister(snet, false);
}
