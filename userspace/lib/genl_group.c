// SPDX-License-Identifier: GPL-2.0
#include "genl_group.h"

#include <errno.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <netlink/socket.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include <uapi/linux/scitag.h>

#include "attr.h"
#include "genl_sock.h"

/* Some ten thousand events or snapshots. */
#define RECEIVE_BUFFER (8 << 20)

int genl_group_init(struct genl_sock *gs, const char *group)
{
	int ret;

	ret = genl_sock_init(gs);
	if (!ret)
		ret = genl_sock_join(gs, SCITAG_FAMILY_NAME, group);
	/* Tells of families that go: else an unload would look like silence. */
	if (!ret)
		ret = genl_sock_join(gs, "nlctrl", "notify");
	if (ret)
		return ret;
	nl_socket_set_nonblocking(gs->sock);
	genl_sock_grow(gs, SO_RCVBUF, RECEIVE_BUFFER);
	return 0;
}

/* Does a message of the controller say that the family is gone? */
static bool is_farewell(const struct genl_sock *gs, const struct nlmsghdr *nlh)
{
	const struct nlattr *attrs[CTRL_ATTR_FAMILY_ID + 1];
	const struct genlmsghdr *header = NLMSG_DATA(nlh);
	uint16_t family = 0;

	if (nlh->nlmsg_len < NLMSG_LENGTH(GENL_HDRLEN) ||
	    header->cmd != CTRL_CMD_DELFAMILY)
		return false;
	if (attr_parse(attrs, CTRL_ATTR_FAMILY_ID,
		       (const char *)header + GENL_HDRLEN,
		       nlh->nlmsg_len - NLMSG_LENGTH(GENL_HDRLEN)) ||
	    attr_u16(attrs[CTRL_ATTR_FAMILY_ID], &family))
		return false;
	return family == gs->family;
}

static int read_message(const struct genl_sock *gs, const struct nlmsghdr *nlh,
			genl_group_cb cb, void *data)
{
	if (nlh->nlmsg_type == GENL_ID_CTRL)
		return is_farewell(gs, nlh) ? -ENOPROTOOPT : 0;
	if (nlh->nlmsg_type != gs->family)
		return 0;
	return cb(nlh, data);
}

int genl_group_read(struct genl_sock *gs, genl_group_cb cb, void *data)
{
	const struct nlmsghdr *nlh;
	int len, ret;

	for (;;) {
		len = genl_sock_receive(gs);
		if (len == -EAGAIN)
			return 0;
		if (len < 0)
			return len;
		nlh = (const void *)gs->buf;
		for (; len > 0; nlh = NLMSG_NEXT(nlh, len)) {
			if (!NLMSG_OK(nlh, (unsigned int)len))
				return -EBADMSG;
			ret = read_message(gs, nlh, cb, data);
			if (ret)
				return ret;
		}
	}
}
