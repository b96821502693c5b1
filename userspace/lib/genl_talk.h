/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Requests and their answers, whatever they are about. Shared by genl.c and
 * genl_rule.c.
 */
#ifndef SCITAG_GENL_TALK_H
#define SCITAG_GENL_TALK_H

#include <stddef.h>

#include "extack.h"
#include "genl.h"
#include "genl_sock.h"

struct nl_msg;
struct nlmsghdr;

struct genl {
	struct genl_sock gs;
	struct extack ack; /* the last answer */
	char error[EXTACK_TEXT_MAX];
	char warning[EXTACK_TEXT_MAX];
};

/* What is called for every message of the family in an answer. */
typedef int (*genl_reply_cb)(const struct nlmsghdr *nlh, void *data);

/*
 * A request without attributes as yet, with room for size octets of them;
 * flags are 0 or NLM_F_DUMP. NULL if there is no memory.
 */
struct nl_msg *genl_request_new(struct genl *genl, int cmd, int flags,
				size_t size);

/*
 * Send msg, which is freed, and read the answer. Puts the index of the flow
 * or rule that the kernel complains about into *bad, if that is not NULL.
 */
int genl_talk(struct genl *genl, struct nl_msg *msg, genl_reply_cb reply,
	      void *data, size_t *bad);

/* A request without attributes. */
int genl_talk_plain(struct genl *genl, int cmd, int flags, genl_reply_cb reply,
		    void *data);

/* End a request that could not even be made, with texts for ret. */
int genl_no_request(struct genl *genl, int ret);

#endif /* SCITAG_GENL_TALK_H */
