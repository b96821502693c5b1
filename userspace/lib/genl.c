// SPDX-License-Identifier: GPL-2.0
#include "genl.h"

#include <errno.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "extack.h"
#include "flowmsg.h"
#include "genl_reply.h"
#include "genl_sock.h"

/* A request with this many flows; headers and some air. */
#define REQUEST_SIZE(n) (NLMSG_HDRLEN + GENL_HDRLEN + 64 + (n)*FLOWMSG_SIZE)

struct genl {
	struct genl_sock gs;
	struct extack ack; /* the last answer */
	char error[EXTACK_TEXT_MAX];
	char warning[EXTACK_TEXT_MAX];
};

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

const char *genl_strerror(int error)
{
	switch (error < 0 ? -error : error) {
	case ENOPROTOOPT:
		return "the kernel module is not loaded: modprobe scitag";
	case EPERM:
		return "not permitted: CAP_NET_ADMIN is needed";
	case EINTR:
		return "the table changed while it was read";
	case EBADMSG:
		return "the kernel module sent something malformed";
	default:
		return strerror(error < 0 ? -error : error);
	}
}

int genl_new(struct genl **out)
{
	struct genl *genl;
	int ret;

	genl = calloc(1, sizeof(*genl));
	if (!genl)
		return -ENOMEM;
	ret = genl_sock_init(&genl->gs);
	if (ret) {
		genl_free(genl);
		return ret;
	}
	genl_sock_grow(&genl->gs, SO_SNDBUF, 2 * REQUEST_SIZE(GENL_BATCH_MAX));
	*out = genl;
	return 0;
}

void genl_free(struct genl *genl)
{
	if (!genl)
		return;
	genl_sock_exit(&genl->gs);
	free(genl);
}

const char *genl_error(const struct genl *genl)
{
	return genl->error;
}

const char *genl_warning(const struct genl *genl)
{
	return genl->warning;
}

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

/* A request without attributes as yet. flags: 0 or NLM_F_DUMP. */
static struct nl_msg *request_new(struct genl *genl, int cmd, int flags,
				  size_t n_flows)
{
	struct nl_msg *msg = nlmsg_alloc_size(REQUEST_SIZE(n_flows));

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

/*
 * Send msg, which is freed, and read the answer. Puts the index of the flow
 * that the kernel complains about into *bad, if that is not NULL.
 */
static int talk(struct genl *genl, struct nl_msg *msg,
		int (*reply)(const struct nlmsghdr *nlh, void *data),
		void *data, size_t *bad)
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

/* A request that could not even be made. */
static int no_request(struct genl *genl, int ret)
{
	memset(&genl->ack, 0, sizeof(genl->ack));
	return finish(genl, ret);
}

/* A request with flags (0 or NLM_F_DUMP) and no flow in it. */
static int talk_plain(struct genl *genl, int cmd, int flags,
		      int (*reply)(const struct nlmsghdr *nlh, void *data),
		      void *data)
{
	struct nl_msg *msg = request_new(genl, cmd, flags, 0);

	if (!msg)
		return no_request(genl, -ENOMEM);
	return talk(genl, msg, reply, data, NULL);
}

static int flow_set(struct genl *genl, int cmd, const struct flow_spec *specs,
		    size_t n, size_t *bad)
{
	struct nl_msg *msg;
	size_t i;

	*bad = n;
	if (!n)
		return no_request(genl, 0);
	if (n > GENL_BATCH_MAX)
		return no_request(genl, -E2BIG);
	msg = request_new(genl, cmd, 0, n);
	if (!msg)
		return no_request(genl, -ENOMEM);
	for (i = 0; i < n; i++) {
		if (flowmsg_put_spec(msg, &specs[i])) {
			nlmsg_free(msg);
			return no_request(genl, -EMSGSIZE);
		}
	}
	return talk(genl, msg, NULL, NULL, bad);
}

int genl_flow_add(struct genl *genl, const struct flow_spec *specs, size_t n,
		  size_t *bad)
{
	return flow_set(genl, SCITAG_CMD_FLOW_ADD, specs, n, bad);
}

int genl_flow_replace(struct genl *genl, const struct flow_spec *specs,
		      size_t n, size_t *bad)
{
	return flow_set(genl, SCITAG_CMD_FLOW_REPLACE, specs, n, bad);
}

/* A request about one flow, which is named by key or, if that is NULL, id. */
static int talk_named(struct genl *genl, int cmd, const struct flow_key *key,
		      uint32_t id,
		      int (*reply)(const struct nlmsghdr *nlh, void *data),
		      void *data)
{
	struct nl_msg *msg = request_new(genl, cmd, 0, 1);
	int ret;

	if (!msg)
		return no_request(genl, -ENOMEM);
	ret = key ? flowmsg_put_key(msg, key) : flowmsg_put_id(msg, id);
	if (ret) {
		nlmsg_free(msg);
		return no_request(genl, ret);
	}
	return talk(genl, msg, reply, data, NULL);
}

int genl_flow_del(struct genl *genl, const struct flow_key *key)
{
	return talk_named(genl, SCITAG_CMD_FLOW_DEL, key, 0, NULL, NULL);
}

int genl_flow_del_id(struct genl *genl, uint32_t id)
{
	return talk_named(genl, SCITAG_CMD_FLOW_DEL, NULL, id, NULL, NULL);
}

int genl_flow_flush(struct genl *genl)
{
	return talk_plain(genl, SCITAG_CMD_FLOW_FLUSH, 0, NULL, NULL);
}

/* The one reply to a request, and if it came. */
struct one {
	void *value;
	bool there;
};

/* An acknowledgement alone is no answer to a question. */
static int check_one(struct genl *genl, int ret, const struct one *one)
{
	if (!ret && !one->there)
		return no_request(genl, -EBADMSG);
	return ret;
}

static int on_flow(const struct nlmsghdr *nlh, void *data)
{
	struct one *one = data;

	one->there = true;
	return genl_reply_flow(one->value, nlh);
}

int genl_flow_get(struct genl *genl, const struct flow_key *key,
		  struct flow_state *state)
{
	struct one one = { .value = state };
	int ret;

	ret = talk_named(genl, SCITAG_CMD_FLOW_GET, key, 0, on_flow, &one);
	return check_one(genl, ret, &one);
}

int genl_flow_get_id(struct genl *genl, uint32_t id, struct flow_state *state)
{
	struct one one = { .value = state };
	int ret;

	ret = talk_named(genl, SCITAG_CMD_FLOW_GET, NULL, id, on_flow, &one);
	return check_one(genl, ret, &one);
}

struct dump {
	genl_flow_cb cb;
	void *data;
};

static int on_dump(const struct nlmsghdr *nlh, void *data)
{
	struct dump *dump = data;
	struct flow_state state;
	int ret;

	ret = genl_reply_flow(&state, nlh);
	return ret ? ret : dump->cb(&state, dump->data);
}

int genl_flow_dump(struct genl *genl, genl_flow_cb cb, void *data)
{
	struct dump dump = { .cb = cb, .data = data };

	return talk_plain(genl, SCITAG_CMD_FLOW_GET, NLM_F_DUMP, on_dump,
			  &dump);
}

static int on_stats(const struct nlmsghdr *nlh, void *data)
{
	struct one *one = data;

	one->there = true;
	return genl_reply_stats(one->value, nlh);
}

int genl_stats_get(struct genl *genl, struct genl_stats *stats)
{
	struct one one = { .value = stats };
	int ret;

	ret = talk_plain(genl, SCITAG_CMD_STATS_GET, 0, on_stats, &one);
	return check_one(genl, ret, &one);
}

static int on_status(const struct nlmsghdr *nlh, void *data)
{
	struct one *one = data;

	one->there = true;
	return genl_reply_status(one->value, nlh);
}

int genl_status_get(struct genl *genl, struct genl_status *status)
{
	struct one one = { .value = status };
	int ret;

	ret = talk_plain(genl, SCITAG_CMD_STATUS_GET, 0, on_status, &one);
	return check_one(genl, ret, &one);
}
