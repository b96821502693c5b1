// SPDX-License-Identifier: GPL-2.0
#include "genl.h"

#include <errno.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <netlink/socket.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <uapi/linux/scitag.h>

#include "attr.h"
#include "genl_sock.h"

struct genl_watch {
	struct genl_sock gs;
};

int genl_watch_new(struct genl_watch **out)
{
	struct genl_watch *watch = calloc(1, sizeof(*watch));
	int ret;

	if (!watch)
		return -ENOMEM;
	ret = genl_sock_open(&watch->gs);
	if (!ret)
		ret = genl_sock_join(&watch->gs, "nlctrl", "notify");
	if (ret) {
		genl_watch_free(watch);
		return ret;
	}
	nl_socket_set_nonblocking(watch->gs.sock);
	*out = watch;
	return 0;
}

void genl_watch_free(struct genl_watch *watch)
{
	if (!watch)
		return;
	genl_sock_exit(&watch->gs);
	free(watch);
}

int genl_watch_fd(const struct genl_watch *watch)
{
	return watch->gs.fd;
}

/* Does a message of the controller say that the family is there now? */
static bool is_arrival(const struct nlmsghdr *nlh)
{
	const struct nlattr *attrs[CTRL_ATTR_FAMILY_NAME + 1];
	const struct genlmsghdr *header = NLMSG_DATA(nlh);
	char name[GENL_NAMSIZ] = "";

	if (nlh->nlmsg_type != GENL_ID_CTRL ||
	    nlh->nlmsg_len < NLMSG_LENGTH(GENL_HDRLEN) ||
	    header->cmd != CTRL_CMD_NEWFAMILY)
		return false;
	if (attr_parse(attrs, CTRL_ATTR_FAMILY_NAME,
		       (const char *)header + GENL_HDRLEN,
		       nlh->nlmsg_len - NLMSG_LENGTH(GENL_HDRLEN)) ||
	    attr_string(attrs[CTRL_ATTR_FAMILY_NAME], name, sizeof(name)))
		return false;
	return !strcmp(name, SCITAG_FAMILY_NAME);
}

int genl_watch_read(struct genl_watch *watch, bool *arrived)
{
	const struct nlmsghdr *nlh;
	int len;

	*arrived = false;
	for (;;) {
		len = genl_sock_receive(&watch->gs);
		if (len == -EAGAIN)
			return 0;
		/* What was lost may have been just that. */
		if (len == -ENOBUFS) {
			*arrived = true;
			continue;
		}
		if (len < 0)
			return len;
		nlh = (const void *)watch->gs.buf;
		for (; len > 0 && NLMSG_OK(nlh, (unsigned int)len);
		     nlh = NLMSG_NEXT(nlh, len))
			*arrived |= is_arrival(nlh);
	}
}
