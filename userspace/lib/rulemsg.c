// SPDX-License-Identifier: GPL-2.0
#include "rulemsg.h"

#include <errno.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <string.h>

#include "attr.h"
#include "flowmsg.h"

static int put_prefix(struct nl_msg *msg, int type, int len_type,
		      const struct prefix *prefix)
{
	size_t size = prefix->addr.family == AF_INET ? 4 : 16;

	if (!prefix->addr.family)
		return 0;
	return nla_put(msg, type, size, prefix->addr.octets) ||
	       nla_put_u8(msg, len_type, prefix->len);
}

static int put_ports(struct nl_msg *msg, int min_type, int max_type,
		     const struct port_range *range)
{
	if (!range->max)
		return 0;
	return nla_put_u16(msg, min_type, range->min) ||
	       nla_put_u16(msg, max_type, range->max);
}

/* What stands in the headers of a packet. */
static int put_packet(struct nl_msg *msg, const struct rule_spec *spec)
{
	if (spec->protocol &&
	    nla_put_u8(msg, SCITAG_RULE_A_PROTOCOL, spec->protocol))
		return -EMSGSIZE;
	if (put_prefix(msg, SCITAG_RULE_A_SRC, SCITAG_RULE_A_SRC_LEN,
		       &spec->src) ||
	    put_prefix(msg, SCITAG_RULE_A_DST, SCITAG_RULE_A_DST_LEN,
		       &spec->dst) ||
	    put_ports(msg, SCITAG_RULE_A_SPORT_MIN, SCITAG_RULE_A_SPORT_MAX,
		      &spec->sport) ||
	    put_ports(msg, SCITAG_RULE_A_DPORT_MIN, SCITAG_RULE_A_DPORT_MAX,
		      &spec->dport) ||
	    put_ports(msg, SCITAG_RULE_A_PORT_MIN, SCITAG_RULE_A_PORT_MAX,
		      &spec->port))
		return -EMSGSIZE;
	return 0;
}

/* Where it comes from and where it goes. */
static int put_place(struct nl_msg *msg, const struct rule_spec *spec)
{
	if (spec->has_uid &&
	    (nla_put_u32(msg, SCITAG_RULE_A_UID_MIN, spec->uid_min) ||
	     nla_put_u32(msg, SCITAG_RULE_A_UID_MAX, spec->uid_max)))
		return -EMSGSIZE;
	if (spec->cgroup[0] &&
	    nla_put_string(msg, SCITAG_RULE_A_CGROUP, spec->cgroup))
		return -EMSGSIZE;
	if (spec->has_fwmark &&
	    (nla_put_u32(msg, SCITAG_RULE_A_FWMARK, spec->fwmark) ||
	     nla_put_u32(msg, SCITAG_RULE_A_FWMASK, spec->fwmask)))
		return -EMSGSIZE;
	if (spec->oif[0] && nla_put_string(msg, SCITAG_RULE_A_OIF, spec->oif))
		return -EMSGSIZE;
	return 0;
}

int rulemsg_put(struct nl_msg *msg, const struct rule_spec *spec)
{
	struct nlattr *nest = nla_nest_start(msg, SCITAG_A_RULE | NLA_F_NESTED);
	int ret;

	if (!nest || put_packet(msg, spec) || put_place(msg, spec))
		return -EMSGSIZE;
	if (spec->priority &&
	    nla_put_u32(msg, SCITAG_RULE_A_PRIORITY, spec->priority))
		return -EMSGSIZE;
	if (spec->exclude)
		ret = nla_put_flag(msg, SCITAG_RULE_A_EXCLUDE);
	else
		ret = flowmsg_put_template(msg, SCITAG_RULE_A_FLOW,
					   &spec->flow);
	return ret || nla_nest_end(msg, nest) ? -EMSGSIZE : 0;
}

static int get_prefix(const struct nlattr *attr, const struct nlattr *len,
		      struct prefix *prefix)
{
	if (!attr)
		return 0;
	if (nla_len(attr) != 4 && nla_len(attr) != 16)
		return -EBADMSG;
	prefix->addr.family = nla_len(attr) == 4 ? AF_INET : AF_INET6;
	memcpy(prefix->addr.octets, nla_data(attr), nla_len(attr));
	prefix->len = 8 * nla_len(attr);
	if (attr_u8(len, &prefix->len) || prefix->len > 8 * nla_len(attr))
		return -EBADMSG;
	return 0;
}

static int get_ports(const struct nlattr *min, const struct nlattr *max,
		     struct port_range *range)
{
	if (attr_u16(min, &range->min))
		return -EBADMSG;
	range->max = range->min;
	return attr_u16(max, &range->max);
}

static int get_packet(const struct nlattr *const *attrs, struct rule_spec *spec)
{
	if (attr_u8(attrs[SCITAG_RULE_A_PROTOCOL], &spec->protocol) ||
	    get_prefix(attrs[SCITAG_RULE_A_SRC], attrs[SCITAG_RULE_A_SRC_LEN],
		       &spec->src) ||
	    get_prefix(attrs[SCITAG_RULE_A_DST], attrs[SCITAG_RULE_A_DST_LEN],
		       &spec->dst) ||
	    get_ports(attrs[SCITAG_RULE_A_SPORT_MIN],
		      attrs[SCITAG_RULE_A_SPORT_MAX], &spec->sport) ||
	    get_ports(attrs[SCITAG_RULE_A_DPORT_MIN],
		      attrs[SCITAG_RULE_A_DPORT_MAX], &spec->dport) ||
	    get_ports(attrs[SCITAG_RULE_A_PORT_MIN],
		      attrs[SCITAG_RULE_A_PORT_MAX], &spec->port))
		return -EBADMSG;
	return 0;
}

static int get_place(const struct nlattr *const *attrs, struct rule_spec *spec)
{
	spec->has_uid = attrs[SCITAG_RULE_A_UID_MIN];
	spec->has_fwmark = attrs[SCITAG_RULE_A_FWMARK];
	spec->fwmask = UINT32_MAX;
	if (attr_u32(attrs[SCITAG_RULE_A_UID_MIN], &spec->uid_min))
		return -EBADMSG;
	spec->uid_max = spec->uid_min;
	if (attr_u32(attrs[SCITAG_RULE_A_UID_MAX], &spec->uid_max) ||
	    attr_u32(attrs[SCITAG_RULE_A_FWMARK], &spec->fwmark) ||
	    attr_u32(attrs[SCITAG_RULE_A_FWMASK], &spec->fwmask) ||
	    attr_string(attrs[SCITAG_RULE_A_CGROUP], spec->cgroup,
			sizeof(spec->cgroup)) ||
	    attr_string(attrs[SCITAG_RULE_A_OIF], spec->oif, sizeof(spec->oif)))
		return -EBADMSG;
	return 0;
}

int rulemsg_get(struct rule_state *state, const struct nlattr *nest)
{
	const struct nlattr *attrs[SCITAG_RULE_A_MAX + 1];

	memset(state, 0, sizeof(*state));
	if (attr_parse_nested(attrs, SCITAG_RULE_A_MAX, nest) ||
	    !attrs[SCITAG_RULE_A_ID] ||
	    attr_u32(attrs[SCITAG_RULE_A_ID], &state->id) ||
	    attr_u32(attrs[SCITAG_RULE_A_PRIORITY], &state->spec.priority) ||
	    get_packet(attrs, &state->spec) || get_place(attrs, &state->spec) ||
	    attr_u64(attrs[SCITAG_RULE_A_FLOWS], &state->flows))
		return -EBADMSG;
	state->spec.exclude = attrs[SCITAG_RULE_A_EXCLUDE];
	if (state->spec.exclude)
		return 0;
	if (!attrs[SCITAG_RULE_A_FLOW])
		return -EBADMSG;
	return flowmsg_get_template(&state->spec.flow,
				    attrs[SCITAG_RULE_A_FLOW]);
}
