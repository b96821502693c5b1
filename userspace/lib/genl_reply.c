// SPDX-License-Identifier: GPL-2.0
#include "genl_reply.h"

#include <errno.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <netlink/attr.h>
#include <string.h>

#include "attr.h"
#include "flowmsg.h"
#include "rulemsg.h"

/* The attributes of a message, and its command. */
static int parse(const struct nlmsghdr *nlh, const struct nlattr **attrs,
		 int *cmd)
{
	const struct genlmsghdr *header = NLMSG_DATA(nlh);

	if (nlh->nlmsg_len < NLMSG_LENGTH(GENL_HDRLEN))
		return -EBADMSG;
	*cmd = header->cmd;
	return attr_parse(attrs, SCITAG_A_MAX,
			  (const char *)header + GENL_HDRLEN,
			  nlh->nlmsg_len - NLMSG_LENGTH(GENL_HDRLEN));
}

/* The attribute that a reply to cmd consists of. */
static const struct nlattr *parse_one(const struct nlmsghdr *nlh, int cmd,
				      int type)
{
	const struct nlattr *attrs[SCITAG_A_MAX + 1];
	int got;

	if (parse(nlh, attrs, &got) || got != cmd)
		return NULL;
	return attrs[type];
}

int genl_reply_flow(struct flow_state *state, const struct nlmsghdr *nlh)
{
	const struct nlattr *nest;

	nest = parse_one(nlh, SCITAG_CMD_FLOW_GET, SCITAG_A_FLOW);
	return nest ? flowmsg_get_state(state, nest) : -EBADMSG;
}

int genl_reply_rule(struct rule_state *state, const struct nlmsghdr *nlh)
{
	const struct nlattr *nest;

	nest = parse_one(nlh, SCITAG_CMD_RULE_GET, SCITAG_A_RULE);
	return nest ? rulemsg_get(state, nest) : -EBADMSG;
}

int genl_reply_stats(struct genl_stats *stats, const struct nlmsghdr *nlh)
{
	const struct nlattr *attrs[SCITAG_STATS_A_MAX + 1];
	const struct nlattr *nest;

	memset(stats, 0, sizeof(*stats));
	nest = parse_one(nlh, SCITAG_CMD_STATS_GET, SCITAG_A_STATS);
	if (!nest || attr_parse_nested(attrs, SCITAG_STATS_A_MAX, nest) ||
	    attr_u64(attrs[SCITAG_STATS_A_MARKED], &stats->marked) ||
	    attr_u64(attrs[SCITAG_STATS_A_NO_ROOM], &stats->no_room) ||
	    attr_u64(attrs[SCITAG_STATS_A_TOO_BIG], &stats->too_big) ||
	    attr_u64(attrs[SCITAG_STATS_A_EXT_HEADER], &stats->ext_header) ||
	    attr_u64(attrs[SCITAG_STATS_A_JUMBO], &stats->jumbo) ||
	    attr_u64(attrs[SCITAG_STATS_A_OFFLOAD], &stats->offload) ||
	    attr_u64(attrs[SCITAG_STATS_A_NO_MEMORY], &stats->no_memory) ||
	    attr_u64(attrs[SCITAG_STATS_A_REFUSED], &stats->refused))
		return -EBADMSG;
	return 0;
}

int genl_reply_snapshot(struct flow_state *state, struct snapshot *snapshot,
			const struct nlmsghdr *nlh)
{
	const struct nlattr *attrs[SCITAG_A_MAX + 1];
	int cmd;

	if (parse(nlh, attrs, &cmd) || cmd != SCITAG_CMD_SNAPSHOT_GET ||
	    !attrs[SCITAG_A_FLOW] || !attrs[SCITAG_A_SNAPSHOT] ||
	    flowmsg_get_state(state, attrs[SCITAG_A_FLOW]))
		return -EBADMSG;
	return snapshot_get(snapshot, attrs[SCITAG_A_SNAPSHOT]);
}

static int get_status(struct genl_status *status, const struct nlattr *nest)
{
	const struct nlattr *attrs[SCITAG_STATUS_A_MAX + 1];
	uint8_t hooked = 0, tracing = 0;

	if (attr_parse_nested(attrs, SCITAG_STATUS_A_MAX, nest) ||
	    attr_string(attrs[SCITAG_STATUS_A_VERSION], status->version,
			sizeof(status->version)) ||
	    attr_u32(attrs[SCITAG_STATUS_A_FLOWS], &status->flows) ||
	    attr_u32(attrs[SCITAG_STATUS_A_MAX_FLOWS], &status->max_flows) ||
	    attr_u8(attrs[SCITAG_STATUS_A_HOOKED], &hooked) ||
	    attr_u32(attrs[SCITAG_STATUS_A_RULES], &status->rules) ||
	    attr_u32(attrs[SCITAG_STATUS_A_MAX_RULES], &status->max_rules) ||
	    attr_u64(attrs[SCITAG_STATUS_A_UNTRACKED], &status->untracked) ||
	    attr_u8(attrs[SCITAG_STATUS_A_TRACING], &tracing))
		return -EBADMSG;
	status->hooked = hooked;
	status->tracing = tracing;
	return 0;
}

int genl_reply_status(struct genl_status *status, const struct nlmsghdr *nlh)
{
	const struct nlattr *nest;

	memset(status, 0, sizeof(*status));
	nest = parse_one(nlh, SCITAG_CMD_STATUS_GET, SCITAG_A_STATUS);
	return nest ? get_status(status, nest) : -EBADMSG;
}

static int event_type(enum genl_event_type *type, int cmd)
{
	switch (cmd) {
	case SCITAG_CMD_FLOW_NEW_NTF:
		*type = GENL_FLOW_NEW;
		return 0;
	case SCITAG_CMD_FLOW_UPDATE_NTF:
		*type = GENL_FLOW_UPDATE;
		return 0;
	case SCITAG_CMD_FLOW_END_NTF:
		*type = GENL_FLOW_END;
		return 0;
	case SCITAG_CMD_STATUS_NTF:
		*type = GENL_STATUS;
		return 0;
	default:
		return -EBADMSG;
	}
}

static int get_flow_event(struct genl_event *event,
			  const struct nlattr *const *attrs)
{
	const struct nlattr *snapshot = attrs[SCITAG_A_SNAPSHOT];
	uint8_t reason = 0;

	if (!attrs[SCITAG_A_FLOW] ||
	    attr_u8(attrs[SCITAG_A_END_REASON], &reason) ||
	    flowmsg_get_state(&event->flow, attrs[SCITAG_A_FLOW]))
		return -EBADMSG;
	event->end_reason = reason;
	event->has_snapshot = snapshot;
	return snapshot ? snapshot_get(&event->snapshot, snapshot) : 0;
}

int genl_reply_event(struct genl_event *event, const struct nlmsghdr *nlh)
{
	const struct nlattr *attrs[SCITAG_A_MAX + 1];
	int cmd;

	memset(event, 0, sizeof(*event));
	if (parse(nlh, attrs, &cmd) || event_type(&event->type, cmd) ||
	    !attrs[SCITAG_A_EVENT_SEQ] ||
	    attr_u64(attrs[SCITAG_A_EVENT_SEQ], &event->seq))
		return -EBADMSG;
	if (event->type != GENL_STATUS)
		return get_flow_event(event, attrs);
	if (!attrs[SCITAG_A_STATUS])
		return -EBADMSG;
	return get_status(&event->status, attrs[SCITAG_A_STATUS]);
}

int genl_reply_snapshots(const struct nlmsghdr *nlh, genl_snapshot_cb cb,
			 void *data)
{
	const struct nlattr *attrs[SCITAG_A_MAX + 1];
	const struct nlattr *attr;
	struct snapshot snapshot;
	int cmd, rem, ret;
	uint64_t seq = 0;

	/* This has looked at the lengths of all attributes. */
	if (parse(nlh, attrs, &cmd) || cmd != SCITAG_CMD_SNAPSHOT_NTF ||
	    !attrs[SCITAG_A_SNAPSHOT_SEQ] ||
	    attr_u64(attrs[SCITAG_A_SNAPSHOT_SEQ], &seq))
		return -EBADMSG;
	attr = (const void *)((const char *)NLMSG_DATA(nlh) + GENL_HDRLEN);
	rem = nlh->nlmsg_len - NLMSG_LENGTH(GENL_HDRLEN);
	for (; rem > 0; attr = nla_next(attr, &rem)) {
		if (nla_type(attr) != SCITAG_A_SNAPSHOT)
			continue;
		ret = snapshot_get(&snapshot, attr);
		if (!ret)
			ret = cb(seq++, &snapshot, data);
		if (ret)
			return ret;
	}
	return 0;
}
