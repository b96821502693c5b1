// SPDX-License-Identifier: GPL-2.0
#include "genl.h"

#include <errno.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <netlink/socket.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "attr.h"
#include "genl_reply.h"
#include "genl_sock.h"

/* Some ten thousand events. */
#define RECEIVE_BUFFER (8 << 20)

struct genl_events {
	struct genl_sock gs;
};

int genl_events_new(struct genl_events **out)
{
	struct genl_events *events;
	int ret;

	events = calloc(1, sizeof(*events));
	if (!events)
		return -ENOMEM;
	ret = genl_sock_init(&events->gs);
	if (!ret)
		ret = genl_sock_join(&events->gs, SCITAG_FAMILY_NAME,
				     SCITAG_MCGRP_EVENTS);
	/* Tells of families that go: else an unload would look like silence. */
	if (!ret)
		ret = genl_sock_join(&events->gs, "nlctrl", "notify");
	if (ret) {
		genl_events_free(events);
		return ret;
	}
	nl_socket_set_nonblocking(events->gs.sock);
	genl_sock_grow(&events->gs, SO_RCVBUF, RECEIVE_BUFFER);
	*out = events;
	return 0;
}

void genl_events_free(struct genl_events *events)
{
	if (!events)
		return;
	genl_sock_exit(&events->gs);
	free(events);
}

int genl_events_fd(const struct genl_events *events)
{
	return events->gs.fd;
}

/* Does a message of the controller say that the family is gone? */
static bool is_farewell(const struct genl_events *events,
			const struct nlmsghdr *nlh)
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
	return family == events->gs.family;
}

static int read_message(const struct genl_events *events,
			const struct nlmsghdr *nlh, genl_event_cb cb,
			void *data)
{
	struct genl_event event;
	int ret;

	if (nlh->nlmsg_type == GENL_ID_CTRL)
		return is_farewell(events, nlh) ? -ENOPROTOOPT : 0;
	if (nlh->nlmsg_type != events->gs.family)
		return 0;
	ret = genl_reply_event(&event, nlh);
	return ret ? ret : cb(&event, data);
}

int genl_events_read(struct genl_events *events, genl_event_cb cb, void *data)
{
	const struct nlmsghdr *nlh;
	int len, ret;

	for (;;) {
		len = genl_sock_receive(&events->gs);
		if (len == -EAGAIN)
			return 0;
		if (len < 0)
			return len;
		nlh = (const void *)events->gs.buf;
		for (; len > 0; nlh = NLMSG_NEXT(nlh, len)) {
			if (!NLMSG_OK(nlh, (unsigned int)len))
				return -EBADMSG;
			ret = read_message(events, nlh, cb, data);
			if (ret)
				return ret;
		}
	}
}
