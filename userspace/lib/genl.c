// SPDX-License-Identifier: GPL-2.0
#include "genl.h"

#include <errno.h>
#include <linux/netlink.h>
#include <netlink/msg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "flowmsg.h"
#include "genl_reply.h"
#include "genl_sock.h"
#include "genl_talk.h"

/* As much as the longest request with flows needs in the send buffer. */
#define SEND_BUFFER (2 * GENL_BATCH_MAX * FLOWMSG_SIZE)

const char *genl_strerror(int error)
{
	switch (error < 0 ? -error : error) {
	case ENOPROTOOPT:
		return "the kernel module is not loaded: modprobe scitag (if that is refused: secure-boot.md)";
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
	genl_sock_grow(&genl->gs, SO_SNDBUF, SEND_BUFFER);
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

static int flow_set(struct genl *genl, int cmd, const struct flow_spec *specs,
		    size_t n, size_t *bad)
{
	struct nl_msg *msg;
	size_t i;

	*bad = n;
	if (!n)
		return genl_no_request(genl, 0);
	if (n > GENL_BATCH_MAX)
		return genl_no_request(genl, -E2BIG);
	msg = genl_request_new(genl, cmd, 0, n * FLOWMSG_SIZE);
	if (!msg)
		return genl_no_request(genl, -ENOMEM);
	for (i = 0; i < n; i++) {
		if (flowmsg_put_spec(msg, &specs[i])) {
			nlmsg_free(msg);
			return genl_no_request(genl, -EMSGSIZE);
		}
	}
	return genl_talk(genl, msg, NULL, NULL, bad);
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
	struct nl_msg *msg = genl_request_new(genl, cmd, 0, FLOWMSG_SIZE);
	int ret;

	if (!msg)
		return genl_no_request(genl, -ENOMEM);
	ret = key ? flowmsg_put_key(msg, key) : flowmsg_put_id(msg, id);
	if (ret) {
		nlmsg_free(msg);
		return genl_no_request(genl, ret);
	}
	return genl_talk(genl, msg, reply, data, NULL);
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
	return genl_talk_plain(genl, SCITAG_CMD_FLOW_FLUSH, 0, NULL, NULL);
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
		return genl_no_request(genl, -EBADMSG);
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

	return genl_talk_plain(genl, SCITAG_CMD_FLOW_GET, NLM_F_DUMP, on_dump,
			       &dump);
}

struct flow_snapshot {
	struct flow_state *state;
	struct snapshot *snapshot;
};

static int on_snapshot(const struct nlmsghdr *nlh, void *data)
{
	struct one *one = data;
	struct flow_snapshot *value = one->value;

	one->there = true;
	return genl_reply_snapshot(value->state, value->snapshot, nlh);
}

static int snapshot_get_named(struct genl *genl, const struct flow_key *key,
			      uint32_t id, struct flow_state *state,
			      struct snapshot *snapshot)
{
	struct flow_snapshot value = { .state = state, .snapshot = snapshot };
	struct one one = { .value = &value };
	int ret;

	ret = talk_named(genl, SCITAG_CMD_SNAPSHOT_GET, key, id, on_snapshot,
			 &one);
	return check_one(genl, ret, &one);
}

int genl_snapshot_get(struct genl *genl, const struct flow_key *key,
		      struct flow_state *state, struct snapshot *snapshot)
{
	return snapshot_get_named(genl, key, 0, state, snapshot);
}

int genl_snapshot_get_id(struct genl *genl, uint32_t id,
			 struct flow_state *state, struct snapshot *snapshot)
{
	return snapshot_get_named(genl, NULL, id, state, snapshot);
}

struct snapshot_dump {
	genl_flow_snapshot_cb cb;
	void *data;
};

static int on_snapshot_dump(const struct nlmsghdr *nlh, void *data)
{
	struct snapshot_dump *dump = data;
	struct flow_state state;
	struct snapshot snapshot;
	int ret;

	ret = genl_reply_snapshot(&state, &snapshot, nlh);
	return ret ? ret : dump->cb(&state, &snapshot, dump->data);
}

int genl_snapshot_dump(struct genl *genl, genl_flow_snapshot_cb cb, void *data)
{
	struct snapshot_dump dump = { .cb = cb, .data = data };

	return genl_talk_plain(genl, SCITAG_CMD_SNAPSHOT_GET, NLM_F_DUMP,
			       on_snapshot_dump, &dump);
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

	ret = genl_talk_plain(genl, SCITAG_CMD_STATS_GET, 0, on_stats, &one);
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

	ret = genl_talk_plain(genl, SCITAG_CMD_STATUS_GET, 0, on_status, &one);
	return check_one(genl, ret, &one);
}
