// SPDX-License-Identifier: GPL-2.0
#include "event.h"

#include "flow.h"
#include "flowmsg.h"
#include "netlink.h"
#include "pernet.h"

#include <net/genetlink.h>

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
	    (reason && nla_put_u8(skb, SCITAG_A_END_REASON, reason)))
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
	if (!genl_has_listeners(&scitag_netlink_family, snet->net,
				SCITAG_NETLINK_EVENTS))
		return;
	skb = genlmsg_new(SCITAG_FLOWMSG_SIZE, GFP_KERNEL);
	if (!skb)
		return;
	if (WARN_ON_ONCE(event_put(skb, seq, cmd, flow, reason))) {
		nlmsg_free(skb);
		return;
	}
	/* Errors tell that nobody listens any more, or of a full receiver. */
	genlmsg_multicast_netns(&scitag_netlink_family, snet->net, skb, 0,
				SCITAG_NETLINK_EVENTS, GFP_KERNEL);
}
