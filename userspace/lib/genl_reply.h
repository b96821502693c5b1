/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the scitag module sends: from whole netlink messages to values.
 *
 * All nlmsg_len octets of a message have to be in memory. Every function
 * returns 0 or -EBADMSG, then with nothing to be relied on in the result.
 */
#ifndef SCITAG_GENL_REPLY_H
#define SCITAG_GENL_REPLY_H

#include "genl.h"

struct nlmsghdr;

int genl_reply_flow(struct flow_state *state, const struct nlmsghdr *nlh);
int genl_reply_rule(struct rule_state *state, const struct nlmsghdr *nlh);
int genl_reply_stats(struct genl_stats *stats, const struct nlmsghdr *nlh);
int genl_reply_status(struct genl_status *status, const struct nlmsghdr *nlh);
int genl_reply_snapshot(struct flow_state *state, struct snapshot *snapshot,
			const struct nlmsghdr *nlh);
int genl_reply_event(struct genl_event *event, const struct nlmsghdr *nlh);

/*
 * A notification with snapshots: calls cb for one after the other. A value
 * other than 0 from cb is the end of it and returned.
 */
int genl_reply_snapshots(const struct nlmsghdr *nlh, genl_snapshot_cb cb,
			 void *data);

#endif /* SCITAG_GENL_REPLY_H */
