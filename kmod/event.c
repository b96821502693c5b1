// SPDX-License-Identifier: GPL-2.0
#include "event.h"

#include "flow.h"
#include "flowmsg.h"
#include "netlink.h"
#include "pernet.h"
#include "sampler.h"
#include "snapshot.h"
#include "status.h"

#include <linux/rwsem.h>
#include <net/genetlink.h>

/* Work goes on for a while when the numbers of the groups are given back. */
static DECLARE_RWSEM(event_gate);
static bool event_open;

void scitag_event_open(bool open)
{
	down_write(&event_gate);
	event_open = open;
	up_write(&event_gate);
}

static bool event_wanted(struct scitag_net *snet,
			 enum scitag_netlink_group group)
{
	return genl_has_listeners(&scitag_netlink_family, snet->net, group);
}

bool scitag_event_wanted(struct scitag_net *snet)
{
	return event_wanted(snet, SCITAG_NETLINK_EVENTS);
}

bool scitag_event_snapshots_wanted(struct scitag_net *snet)
{
	return event_wanted(snet, SCITAG_NETLINK_SNAPSHOTS);
}

/* Errors tell that nobody listens any more, or of a full receiver. */
static void event_multicast(struct scitag_net *snet, struct sk_buff *skb,
			    enum scitag_netlink_group group)
{
	down_read(&event_gate);
	if (event_open)
		genlmsg_multicast_netns(&scitag_netlink_family, snet->net, skb,
					0, group, GFP_KERNEL);
	else
		nlmsg_free(skb);
	up_read(&event_gate);
}

static int event_put_end(struct sk_buff *skb, const struct scitag_flow *flow,
			 enum scitag_end_reason reason)
{
	const struct nlattr *final = scitag_sampler_final(flow);

	if (nla_put_u8(skb, SCITAG_A_END_REASON, reason))
		return -EMSGSIZE;
	return final ? nla_put(skb, final->nla_type, nla_len(final),
			       nla_data(final)) : 0;
}

static int event_put(struct sk_buff *skb, u64 seq, int cmd,
		     const struct scitag_flow *flow,
		     enum scitag_end_reason reason)
{
	void *hdr;

	hdr = genlmsg_put(skb, 0, 0, &scitag_netlink_family, 0, cmd);
	if (!hdr)
		return -EMSGSIZE;
	if (nla_put_u64_64bit(skb, SCITAG_A_EVENT_SEQ, seq, SCITAG_A_PAD) ||
	    scitag_flowmsg_put(skb, flow, NULL, 0) ||
	    (reason && event_put_end(skb, flow, reason)))
		return -EMSGSIZE;
	genlmsg_end(skb, hdr);
	return 0;
}

void scitag_event_flow(struct scitag_net *snet, int cmd,
		       const struct scitag_flow *flow,
		       enum scitag_end_reason reason)
{
	u64 seq = ++snet->event_seq;
	struct sk_buff *skb;

	lockdep_assert_held(&snet->lock);
	if (!scitag_event_wanted(snet))
		return;
	skb = genlmsg_new(SCITAG_FLOWMSG_SIZE +
			  (reason ? SCITAG_SNAPSHOT_SIZE : 0), GFP_KERNEL);
	if (!skb)
		return;
	if (WARN_ON_ONCE(event_put(skb, seq, cmd, flow, reason)))
		nlmsg_free(skb);
	else
		event_multicast(snet, skb, SCITAG_NETLINK_EVENTS);
}

void scitag_event_status(struct scitag_net *snet)
{
	u64 seq = ++snet->event_seq;
	struct sk_buff *skb;
	void *hdr;

	lockdep_assert_held(&snet->lock);
	if (!scitag_event_wanted(snet))
		return;
	skb = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!skb)
		return;
	hdr = genlmsg_put(skb, 0, 0, &scitag_netlink_family, 0,
			  SCITAG_CMD_STATUS_NTF);
	if (WARN_ON_ONCE(!hdr ||
			 nla_put_u64_64bit(skb, SCITAG_A_EVENT_SEQ, seq,
					   SCITAG_A_PAD) ||
			 scitag_status_put(skb, snet))) {
		nlmsg_free(skb);
		return;
	}
	genlmsg_end(skb, hdr);
	event_multicast(snet, skb, SCITAG_NETLINK_EVENTS);
}

struct sk_buff *scitag_event_snapshots_new(void)
{
	struct sk_buff *skb;

	skb = genlmsg_new(SCITAG_EVENT_SNAPSHOTS * SCITAG_SNAPSHOT_SIZE,
			  GFP_KERNEL);
	if (!skb)
		return NULL;
	if (!genlmsg_put(skb, 0, 0, &scitag_netlink_family, 0,
			 SCITAG_CMD_SNAPSHOT_NTF) ||
	    nla_put_u64_64bit(skb, SCITAG_A_SNAPSHOT_SEQ, 0, SCITAG_A_PAD)) {
		nlmsg_free(skb);
		return NULL;
	}
	return skb;
}

void scitag_event_snapshots_send(struct scitag_net *snet, struct sk_buff *skb,
				 unsigned int count)
{
	struct nlmsghdr *nlh;
	u64 seq;

	mutex_lock(&snet->snapshot_lock);
	seq = snet->snapshot_seq + 1;
	snet->snapshot_seq += count;
	if (skb && count) {
		nlh = nlmsg_hdr(skb);
		nlmsg_end(skb, nlh);
		memcpy(nla_data(nlmsg_find_attr(nlh, GENL_HDRLEN,
						SCITAG_A_SNAPSHOT_SEQ)),
		       &seq, sizeof(seq));
		event_multicast(snet, skb, SCITAG_NETLINK_SNAPSHOTS);
	} else {
		nlmsg_free(skb);
	}
	mutex_unlock(&snet->snapshot_lock);
}
