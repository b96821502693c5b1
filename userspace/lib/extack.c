// SPDX-License-Identifier: GPL-2.0
#include "extack.h"

#include <errno.h>
#include <linux/netlink.h>
#include <netlink/attr.h>
#include <stdio.h>
#include <string.h>

#include "attr.h"

/* No errno of the kernel is larger (its MAX_ERRNO). */
#define ERROR_MAX 4095

/*
 * Offset in the message at which the attributes begin, 0 if they would begin
 * behind the end. A refusal repeats the request if it is not told not to.
 */
static uint32_t attrs_offset(const struct nlmsghdr *nlh)
{
	const struct nlmsgerr *err = NLMSG_DATA(nlh);
	uint64_t offset;

	if (nlh->nlmsg_type == NLMSG_DONE)
		offset = NLMSG_SPACE(sizeof(int));
	else if (nlh->nlmsg_flags & NLM_F_CAPPED)
		offset = NLMSG_SPACE(sizeof(*err));
	else
		offset = NLMSG_SPACE(sizeof(err->error)) +
			 NLMSG_ALIGN((uint64_t)err->msg.nlmsg_len);
	return offset <= nlh->nlmsg_len ? offset : 0;
}

/* Cut at the end of attribute or buffer, whether there is a NUL or not. */
static void copy_text(struct extack *extack, const struct nlattr *attr)
{
	snprintf(extack->text, sizeof(extack->text), "%.*s", nla_len(attr),
		 (const char *)nla_data(attr));
}

static int parse_attrs(struct extack *extack, const struct nlmsghdr *nlh)
{
	const struct nlattr *attrs[NLMSGERR_ATTR_OFFS + 1];
	uint32_t offset = attrs_offset(nlh);
	int ret;

	if (!offset)
		return -EBADMSG;
	ret = attr_parse(attrs, NLMSGERR_ATTR_OFFS, (const char *)nlh + offset,
			 nlh->nlmsg_len - offset);
	if (ret)
		return ret;
	if (attrs[NLMSGERR_ATTR_MSG])
		copy_text(extack, attrs[NLMSGERR_ATTR_MSG]);
	extack->has_offset = attrs[NLMSGERR_ATTR_OFFS];
	return attr_u32(attrs[NLMSGERR_ATTR_OFFS], &extack->offset);
}

int extack_parse(struct extack *extack, const struct nlmsghdr *nlh)
{
	size_t least = nlh->nlmsg_type == NLMSG_DONE ? sizeof(int) :
						       sizeof(struct nlmsgerr);

	memset(extack, 0, sizeof(*extack));
	if (nlh->nlmsg_len < NLMSG_LENGTH(least))
		return -EBADMSG;
	/* Both begin with it. */
	memcpy(&extack->error, NLMSG_DATA(nlh), sizeof(extack->error));
	if (extack->error > 0 || extack->error < -ERROR_MAX)
		return -EBADMSG;
	if (!(nlh->nlmsg_flags & NLM_F_ACK_TLVS))
		return 0;
	return parse_attrs(extack, nlh);
}
