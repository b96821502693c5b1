// SPDX-License-Identifier: GPL-2.0
#include "genl.h"

#include <errno.h>
#include <linux/netlink.h>
#include <netlink/msg.h>
#include <sys/socket.h>

#include "genl_reply.h"
#include "genl_sock.h"
#include "genl_talk.h"
#include "rulemsg.h"

int genl_rule_set(struct genl *genl, const struct rule_spec *specs, size_t n,
		  size_t *bad)
{
	struct nl_msg *msg;
	size_t i;

	*bad = n;
	if (n > GENL_RULES_MAX)
		return genl_no_request(genl, -E2BIG);
	msg = genl_request_new(genl, SCITAG_CMD_RULE_SET, 0, n * RULEMSG_SIZE);
	if (!msg)
		return genl_no_request(genl, -ENOMEM);
	for (i = 0; i < n; i++) {
		if (rulemsg_put(msg, &specs[i])) {
			nlmsg_free(msg);
			return genl_no_request(genl, -EMSGSIZE);
		}
	}
	genl_sock_grow(&genl->gs, SO_SNDBUF, 2 * nlmsg_hdr(msg)->nlmsg_len);
	return genl_talk(genl, msg, NULL, NULL, bad);
}

struct dump {
	genl_rule_cb cb;
	void *data;
};

static int on_rule(const struct nlmsghdr *nlh, void *data)
{
	struct dump *dump = data;
	struct rule_state state;
	int ret;

	ret = genl_reply_rule(&state, nlh);
	return ret ? ret : dump->cb(&state, dump->data);
}

int genl_rule_dump(struct genl *genl, genl_rule_cb cb, void *data)
{
	struct dump dump = { .cb = cb, .data = data };

	return genl_talk_plain(genl, SCITAG_CMD_RULE_GET, NLM_F_DUMP, on_rule,
			       &dump);
}
