/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Listening to a multicast group of the module. Shared by genl_events.c and
 * genl_snapshots.c.
 */
#ifndef SCITAG_GENL_GROUP_H
#define SCITAG_GENL_GROUP_H

struct genl_sock;
struct nlmsghdr;

/*
 * Make a socket: joined to the group, and to the one that tells of families
 * that go; non-blocking, with a large buffer. genl_sock_exit() is due after a
 * failure, too.
 */
int genl_group_init(struct genl_sock *gs, const char *group);

/*
 * Call cb for each message that has arrived; a value other than 0 from it ends
 * the reading and is returned. Otherwise as genl_events_read().
 */
typedef int (*genl_group_cb)(const struct nlmsghdr *nlh, void *data);
int genl_group_read(struct genl_sock *gs, genl_group_cb cb, void *data);

#endif /* SCITAG_GENL_GROUP_H */
