// SPDX-License-Identifier: GPL-2.0
#include "genl_talk.h"

#include <errno.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <uapi/linux/scitag.h>

#include "flowmsg.h"

/* Headers of a request, and some air. */
#define HEADERS_SIZE (NLMSG_HDRLEN + GENL_HDRLEN + 64)

/*
 * A request under way. reply is called for every message of the family that
 * comes before the kernel's last word.
 */
struct talk {
	struct genl *genl;
	struct nlmsghdr *request;
	int (*reply)(const struct nlmsghdr *nlh, void *data);
	void *data;
	int reply_ret; /* first one that was not 0 */
	bool interrupted; /* some of the replies said so */
};

/* Keep the texts of a request that ended with ret. Returns ret. */
static int finish(struct genl *genl, int ret)
{
	genl->error[0] = '\0';
	genl->warning[0] = '\0';
	if (!ret)
		strcpy(genl->warning, genl->ack.text);
	else if (ret == genl->ack.error && genl->ack.text[0])
		strcpy(genl->error, genl->ack.text);
	else
		snprintf(genl->error, sizeof(genl->error), "%s",
			 genl_strerror(ret));
	return ret;
}

struct nl_msg *genl_request_new(struct genl *genl, int cmd, int flags,
				size_t size)
{
	struct nl_msg *msg = nlmsg_alloc_size(HEADERS_SIZE + size);

	if (!msg)
		return NULL;
	/* Other flags, such as NLM_F_CREATE, are refused by new kernels. */
	if (!genlmsg_put(msg, 0, 0, genl->gs.family, 0,
			 NLM_F_REQUEST | NLM_F_ACK | flags, cmd,
			 SCITAG_FAMILY_VERSION)) {
		nlmsg_free(msg);
		return NULL;
	}
	return msg;
}

/* Returns 1 after the last message of the answer, 0 or -EBADMSG. */
static int talk_message(struct talk *talk, const struct nlmsghdr *nlh)
{
	/* The rest of an answer that was given up earlier. */
	if (nlh->nlmsg_seq != talk->request->nlmsg_seq)
		return 0;
	if (nlh->nlmsg_flags & NLM_F_DUMP_INTR)
		talk->interrupted = true;
	if (nlh->nlmsg_type == NLMSG_ERROR || nlh->nlmsg_type == NLMSG_DONE)
		return extack_parse(&talk->genl->ack, nlh) ? -EBADMSG : 1;
	if (nlh->nlmsg_type != talk->genl->gs.family || !talk->reply)
		return 0;
	/* After an error the rest is read, but not used. */
	if (!talk->reply_ret)
		talk->reply_ret = talk->reply(nlh, talk->data);
	return 0;
}

static int talk_datagram(struct talk *talk, int len)
{
	const struct nlmsghdr *nlh = (const void *)talk->genl->gs.buf;
	int ret = 0;

	for (; len > 0 && !ret; nlh = NLMSG_NEXT(nlh, len)) {
		if (!NLMSG_OK(nlh, (unsigned int)len))
			return -EBADMSG;
		ret = talk_message(talk, nlh);
	}
	return ret;
}

static int talk_once(struct talk *talk)
{
	int ret;

	memset(&talk->genl->ack, 0, sizeof(talk->genl->ack));
	ret = genl_sock_send(&talk->genl->gs, talk->request);
	while (!ret) {
		ret = genl_sock_receive(&talk->genl->gs);
		if (ret >= 0)
			ret = talk_datagram(talk, ret);
	}
	if (ret < 0)
		return ret;
	if (talk->genl->ack.error)
		return talk->genl->ack.error;
	if (talk->reply_ret)
		return talk->reply_ret;
	return talk->interrupted ? -EINTR : 0;
}

/* A family that is not there is refused with ENOENT and no text. */
static bool family_moved(struct genl *genl, int *ret)
{
	uint16_t family = genl->gs.family;
	int err;

	if (*ret != -ENOENT || genl->ack.text[0])
		return false;
	err = genl_sock_resolve(&genl->gs);
	if (err)
		*ret = err;
	return !err && family != genl->gs.family;
}

int genl_talk(struct genl *genl, struct nl_msg *msg,
	      int (*reply)(const struct nlmsghdr *nlh, void *data), void *data,
	      size_t *bad)
{
	struct talk talk = {
		.genl = genl,
		.request = nlmsg_hdr(msg),
		.reply = reply,
		.data = data,
	};
	int ret;

	ret = talk_once(&talk);
	if (family_moved(genl, &ret))
		ret = talk_once(&talk);
	if (bad && ret && genl->ack.has_offset)
		*bad = flowmsg_index(talk.request, genl->ack.offset);
	nlmsg_free(msg);
	return finish(genl, ret);
}

int genl_no_request(struct genl *genl, int ret)
{
	memset(&genl->ack, 0, sizeof(genl->ack));
	return finish(genl, ret);
}

int genl_talk_plain(struct genl *genl, int cmd, int flags,
		    int (*reply)(const struct nlmsghdr *nlh, void *data),
		    void *data)
{
	struct nl_msg *msg = genl_request_new(genl, cmd, flags, 0);

	if (!msg)
		return genl_no_request(genl, -ENOMEM);
	return genl_talk(genl, msg, reply, data, NULL);
}
