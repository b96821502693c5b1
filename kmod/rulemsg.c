// SPDX-License-Identifier: GPL-2.0
#include "rulemsg.h"

#include "flowmsg.h"
#include "rule.h"

#include <linux/cgroup.h>
#include <linux/cred.h>
#include <linux/slab.h>
#include <linux/uidgid.h>
#include <net/ipv6.h>

#define READ_ONLY { .type = NLA_REJECT, \
		    .reject_message = "Attribute is for replies only" }

#define CGROUP_PATH_MAX 255

const struct nla_policy scitag_rulemsg_policy[SCITAG_RULE_A_MAX + 1] = {
	[SCITAG_RULE_A_ID] = READ_ONLY,
	[SCITAG_RULE_A_PRIORITY] = { .type = NLA_U32 },
	[SCITAG_RULE_A_PROTOCOL] = { .type = NLA_U8 },
	[SCITAG_RULE_A_SRC] = { .type = NLA_BINARY },
	[SCITAG_RULE_A_SRC_LEN] = { .type = NLA_U8 },
	[SCITAG_RULE_A_DST] = { .type = NLA_BINARY },
	[SCITAG_RULE_A_DST_LEN] = { .type = NLA_U8 },
	[SCITAG_RULE_A_SPORT_MIN] = { .type = NLA_U16 },
	[SCITAG_RULE_A_SPORT_MAX] = { .type = NLA_U16 },
	[SCITAG_RULE_A_DPORT_MIN] = { .type = NLA_U16 },
	[SCITAG_RULE_A_DPORT_MAX] = { .type = NLA_U16 },
	[SCITAG_RULE_A_PORT_MIN] = { .type = NLA_U16 },
	[SCITAG_RULE_A_PORT_MAX] = { .type = NLA_U16 },
	[SCITAG_RULE_A_UID_MIN] = { .type = NLA_U32 },
	[SCITAG_RULE_A_UID_MAX] = { .type = NLA_U32 },
	[SCITAG_RULE_A_CGROUP] = { .type = NLA_NUL_STRING,
				   .len = CGROUP_PATH_MAX },
	[SCITAG_RULE_A_FWMARK] = { .type = NLA_U32 },
	[SCITAG_RULE_A_FWMASK] = { .type = NLA_U32 },
	[SCITAG_RULE_A_OIF] = { .type = NLA_NUL_STRING,
				.len = IFNAMSIZ - 1 },
	[SCITAG_RULE_A_EXCLUDE] = { .type = NLA_FLAG },
	[SCITAG_RULE_A_FLOW] = NLA_POLICY_NESTED(scitag_flowmsg_rule_policy),
	[SCITAG_RULE_A_FLOWS] = READ_ONLY,
	[SCITAG_RULE_A_PAD] = READ_ONLY,
};

/* Refuse with a text that is not a literal at the place of refusal. */
static int rulemsg_refuse(struct netlink_ext_ack *extack,
			  const struct nlattr *attr, const char *text, int err)
{
	if (extack) {
		extack->_msg = text;
		extack->bad_attr = attr;
	}
	return err;
}

static int parse_protocol(struct scitag_rule *rule, struct nlattr **attrs,
			  struct netlink_ext_ack *extack)
{
	const struct nlattr *attr = attrs[SCITAG_RULE_A_PROTOCOL];

	if (!attr)
		return 0;
	rule->protocol = nla_get_u8(attr);
	if (rule->protocol != IPPROTO_TCP && rule->protocol != IPPROTO_UDP)
		return rulemsg_refuse(extack, attr,
				      "Protocol must be TCP (6) or UDP (17)",
				      -EINVAL);
	rule->conditions |= SCITAG_RULE_PROTOCOL;
	return 0;
}

/* An address with its length; that of IPv4 comes behind 96 bits of mapping. */
static int parse_prefix(u32 *conditions, struct in6_addr *prefix, u8 *len,
			const struct nlattr *addr_attr,
			const struct nlattr *len_attr,
			struct netlink_ext_ack *extack)
{
	unsigned int bits = addr_attr ? nla_len(addr_attr) * 8 : 0;
	struct in6_addr masked;
	int err;

	if (!addr_attr)
		return rulemsg_refuse(extack, len_attr,
				      "Length of a prefix without its address",
				      -EINVAL);
	err = scitag_flowmsg_parse_address(prefix, addr_attr, extack);
	if (err)
		return err;
	*len = len_attr ? nla_get_u8(len_attr) : bits;
	if (*len > bits)
		return rulemsg_refuse(extack, len_attr,
				      "Prefix is longer than its address",
				      -ERANGE);
	*len += 128 - bits;
	*conditions |= bits == 128 ? SCITAG_RULE_NOT_IPV4 :
				     SCITAG_RULE_NOT_IPV6;
	ipv6_addr_prefix(&masked, prefix, *len);
	if (!ipv6_addr_equal(&masked, prefix))
		return rulemsg_refuse(extack, addr_attr,
				      "Address has bits beyond the length of its prefix",
				      -EINVAL);
	return 0;
}

static int parse_prefixes(struct scitag_rule *rule, struct nlattr **attrs,
			  struct netlink_ext_ack *extack)
{
	int err = 0;

	if (attrs[SCITAG_RULE_A_SRC] || attrs[SCITAG_RULE_A_SRC_LEN]) {
		rule->conditions |= SCITAG_RULE_SRC;
		err = parse_prefix(&rule->conditions, &rule->src,
				   &rule->src_len, attrs[SCITAG_RULE_A_SRC],
				   attrs[SCITAG_RULE_A_SRC_LEN], extack);
	}
	if (!err && (attrs[SCITAG_RULE_A_DST] ||
		     attrs[SCITAG_RULE_A_DST_LEN])) {
		rule->conditions |= SCITAG_RULE_DST;
		err = parse_prefix(&rule->conditions, &rule->dst,
				   &rule->dst_len, attrs[SCITAG_RULE_A_DST],
				   attrs[SCITAG_RULE_A_DST_LEN], extack);
	}
	if (!err && (rule->conditions & SCITAG_RULE_NOT_IPV4) &&
	    (rule->conditions & SCITAG_RULE_NOT_IPV6))
		return rulemsg_refuse(extack, attrs[SCITAG_RULE_A_DST],
				      "One prefix is IPv4, the other IPv6",
				      -EINVAL);
	return err;
}

static int parse_range(struct scitag_rule *rule, u32 condition,
		       struct scitag_port_range *range,
		       const struct nlattr *min, const struct nlattr *max,
		       struct netlink_ext_ack *extack)
{
	if (!min && !max)
		return 0;
	if (!min)
		return rulemsg_refuse(extack, max,
				      "Range of ports without a first one",
				      -EINVAL);
	range->min = nla_get_u16(min);
	range->max = max ? nla_get_u16(max) : range->min;
	if (range->min > range->max)
		return rulemsg_refuse(extack, max,
				      "Range of ports ends before it begins",
				      -ERANGE);
	rule->conditions |= condition;
	return 0;
}

static int parse_ports(struct scitag_rule *rule, struct nlattr **attrs,
		       struct netlink_ext_ack *extack)
{
	int err;

	err = parse_range(rule, SCITAG_RULE_SPORT, &rule->sport,
			  attrs[SCITAG_RULE_A_SPORT_MIN],
			  attrs[SCITAG_RULE_A_SPORT_MAX], extack);
	if (!err)
		err = parse_range(rule, SCITAG_RULE_DPORT, &rule->dport,
				  attrs[SCITAG_RULE_A_DPORT_MIN],
				  attrs[SCITAG_RULE_A_DPORT_MAX], extack);
	if (!err)
		err = parse_range(rule, SCITAG_RULE_PORT, &rule->port,
				  attrs[SCITAG_RULE_A_PORT_MIN],
				  attrs[SCITAG_RULE_A_PORT_MAX], extack);
	return err;
}

static int parse_uids(struct scitag_rule *rule, struct nlattr **attrs,
		      struct netlink_ext_ack *extack)
{
	const struct nlattr *min = attrs[SCITAG_RULE_A_UID_MIN];
	const struct nlattr *max = attrs[SCITAG_RULE_A_UID_MAX];

	if (!min && !max)
		return 0;
	if (!min)
		return rulemsg_refuse(extack, max,
				      "Range of users without a first one",
				      -EINVAL);
	rule->uid_min = make_kuid(current_user_ns(), nla_get_u32(min));
	rule->uid_max = max ? make_kuid(current_user_ns(), nla_get_u32(max)) :
			      rule->uid_min;
	if (!uid_valid(rule->uid_min) || !uid_valid(rule->uid_max))
		return rulemsg_refuse(extack, uid_valid(rule->uid_min) ? max :
									 min,
				      "No such user in this user namespace",
				      -EINVAL);
	if (uid_gt(rule->uid_min, rule->uid_max))
		return rulemsg_refuse(extack, max,
				      "Range of users ends before it begins",
				      -ERANGE);
	rule->conditions |= SCITAG_RULE_UID;
	return 0;
}

static int parse_cgroup(struct scitag_rule *rule, struct nlattr **attrs,
			struct netlink_ext_ack *extack)
{
	const struct nlattr *attr = attrs[SCITAG_RULE_A_CGROUP];
	struct cgroup *cgroup;

	if (!attr)
		return 0;
	rule->cgroup_path = kstrdup(nla_data(attr), GFP_KERNEL_ACCOUNT);
	if (!rule->cgroup_path)
		return -ENOMEM;
	cgroup = cgroup_get_from_path(rule->cgroup_path);
	if (IS_ERR(cgroup))
		return rulemsg_refuse(extack, attr,
				      "No such cgroup of version 2: give its path from the root of the hierarchy",
				      PTR_ERR(cgroup));
	rule->cgroup = cgroup;
	rule->conditions |= SCITAG_RULE_CGROUP;
	return 0;
}

static int parse_fwmark(struct scitag_rule *rule, struct nlattr **attrs,
			struct netlink_ext_ack *extack)
{
	const struct nlattr *value = attrs[SCITAG_RULE_A_FWMARK];
	const struct nlattr *mask = attrs[SCITAG_RULE_A_FWMASK];

	if (!value && !mask)
		return 0;
	if (!value)
		return rulemsg_refuse(extack, mask,
				      "Mask of a firewall mark without the mark",
				      -EINVAL);
	rule->fwmark = nla_get_u32(value);
	rule->fwmask = mask ? nla_get_u32(mask) : U32_MAX;
	if (rule->fwmark & ~rule->fwmask)
		return rulemsg_refuse(extack, value,
				      "Firewall mark has bits that its mask has not",
				      -EINVAL);
	rule->conditions |= SCITAG_RULE_FWMARK;
	return 0;
}

static int parse_oif(struct scitag_rule *rule, struct nlattr **attrs,
		     struct netlink_ext_ack *extack)
{
	const struct nlattr *attr = attrs[SCITAG_RULE_A_OIF];

	if (!attr)
		return 0;
	if (!*(const char *)nla_data(attr))
		return rulemsg_refuse(extack, attr, "Device without a name",
				      -EINVAL);
	memcpy(rule->oif, nla_data(attr), nla_len(attr));
	rule->conditions |= SCITAG_RULE_OIF;
	return 0;
}

/* The marks for both protocols, whatever the rule's conditions. */
static int make_marks(struct scitag_rule *rule)
{
	static const u8 protocols[SCITAG_RULE_MARKS] = { IPPROTO_TCP,
							 IPPROTO_UDP };
	struct scitag_mark_spec spec;
	int i;

	for (i = 0; i < SCITAG_RULE_MARKS; i++) {
		spec = rule->flow.mark;
		spec.protocol = protocols[i];
		spec.layout = scitag_flowmsg_layout(&spec);
		rule->marks[i] = scitag_mark_get(&spec);
		if (!rule->marks[i])
			return -ENOMEM;
	}
	return 0;
}

static int parse_action(struct scitag_rule *rule, const struct nlattr *nest,
			struct nlattr **attrs, struct netlink_ext_ack *extack)
{
	const struct nlattr *flow = attrs[SCITAG_RULE_A_FLOW];
	int err;

	rule->exclude = nla_get_flag(attrs[SCITAG_RULE_A_EXCLUDE]);
	if (rule->exclude == !!flow)
		return rulemsg_refuse(extack, nest,
				      "Rule must either exclude or say what its flows get",
				      -EINVAL);
	if (rule->exclude)
		return 0;
	err = scitag_flowmsg_parse_rule(flow, &rule->flow, extack);
	return err ? err : make_marks(rule);
}

int scitag_rulemsg_parse(const struct nlattr *nest, struct scitag_rule *rule,
			 struct netlink_ext_ack *extack)
{
	static int (*const parse[])(struct scitag_rule *rule,
				    struct nlattr **attrs,
				    struct netlink_ext_ack *extack) = {
		parse_protocol, parse_prefixes, parse_ports, parse_uids,
		parse_cgroup, parse_fwmark, parse_oif,
	};
	struct nlattr *attrs[SCITAG_RULE_A_MAX + 1];
	int i, err;

	/* Validated with the request. */
	err = nla_parse_nested(attrs, SCITAG_RULE_A_MAX, nest, NULL, extack);
	for (i = 0; !err && i < ARRAY_SIZE(parse); i++)
		err = parse[i](rule, attrs, extack);
	if (err)
		return err;
	if (attrs[SCITAG_RULE_A_PRIORITY])
		rule->priority = nla_get_u32(attrs[SCITAG_RULE_A_PRIORITY]);
	return parse_action(rule, nest, attrs, extack);
}

static int put_prefix(struct sk_buff *skb, int attr, int len_attr,
		      const struct in6_addr *prefix, u8 len)
{
	/* ::ffff:0:0/96 and longer were given as IPv4. */
	if (ipv6_addr_v4mapped(prefix))
		len -= 96;
	return scitag_flowmsg_put_address(skb, attr, prefix) ||
	       nla_put_u8(skb, len_attr, len);
}

static int put_range(struct sk_buff *skb, int min_attr,
		     const struct scitag_port_range *range)
{
	return nla_put_u16(skb, min_attr, range->min) ||
	       nla_put_u16(skb, min_attr + 1, range->max);
}

static int put_endpoints(struct sk_buff *skb, const struct scitag_rule *rule)
{
	u32 has = rule->conditions;

	return ((has & SCITAG_RULE_PROTOCOL) &&
		nla_put_u8(skb, SCITAG_RULE_A_PROTOCOL, rule->protocol)) ||
	       ((has & SCITAG_RULE_SRC) &&
		put_prefix(skb, SCITAG_RULE_A_SRC, SCITAG_RULE_A_SRC_LEN,
			   &rule->src, rule->src_len)) ||
	       ((has & SCITAG_RULE_DST) &&
		put_prefix(skb, SCITAG_RULE_A_DST, SCITAG_RULE_A_DST_LEN,
			   &rule->dst, rule->dst_len)) ||
	       ((has & SCITAG_RULE_SPORT) &&
		put_range(skb, SCITAG_RULE_A_SPORT_MIN, &rule->sport)) ||
	       ((has & SCITAG_RULE_DPORT) &&
		put_range(skb, SCITAG_RULE_A_DPORT_MIN, &rule->dport)) ||
	       ((has & SCITAG_RULE_PORT) &&
		put_range(skb, SCITAG_RULE_A_PORT_MIN, &rule->port));
}

static int put_local(struct sk_buff *skb, const struct scitag_rule *rule)
{
	struct user_namespace *ns = current_user_ns();
	u32 has = rule->conditions;

	return ((has & SCITAG_RULE_UID) &&
		(nla_put_u32(skb, SCITAG_RULE_A_UID_MIN,
			     from_kuid_munged(ns, rule->uid_min)) ||
		 nla_put_u32(skb, SCITAG_RULE_A_UID_MAX,
			     from_kuid_munged(ns, rule->uid_max)))) ||
	       ((has & SCITAG_RULE_CGROUP) &&
		nla_put_string(skb, SCITAG_RULE_A_CGROUP,
			       rule->cgroup_path)) ||
	       ((has & SCITAG_RULE_FWMARK) &&
		(nla_put_u32(skb, SCITAG_RULE_A_FWMARK, rule->fwmark) ||
		 nla_put_u32(skb, SCITAG_RULE_A_FWMASK, rule->fwmask))) ||
	       ((has & SCITAG_RULE_OIF) &&
		nla_put_string(skb, SCITAG_RULE_A_OIF, rule->oif));
}

static int put_action(struct sk_buff *skb, const struct scitag_rule *rule)
{
	if (rule->exclude)
		return nla_put_flag(skb, SCITAG_RULE_A_EXCLUDE);
	return scitag_flowmsg_put_rule(skb, &rule->flow);
}

int scitag_rulemsg_put(struct sk_buff *skb, const struct scitag_rule *rule)
{
	struct nlattr *nest = nla_nest_start(skb, SCITAG_A_RULE);

	if (!nest)
		return -EMSGSIZE;
	if (nla_put_u32(skb, SCITAG_RULE_A_ID, rule->id) ||
	    nla_put_u32(skb, SCITAG_RULE_A_PRIORITY, rule->priority) ||
	    put_endpoints(skb, rule) || put_local(skb, rule) ||
	    put_action(skb, rule) ||
	    nla_put_u64_64bit(skb, SCITAG_RULE_A_FLOWS, rule->flows,
			      SCITAG_RULE_A_PAD)) {
		nla_nest_cancel(skb, nest);
		return -EMSGSIZE;
	}
	nla_nest_end(skb, nest);
	return 0;
}
