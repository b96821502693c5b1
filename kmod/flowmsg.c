// SPDX-License-Identifier: GPL-2.0
#include "flowmsg.h"

#include "flow.h"
#include "mark.h"
#include "pernet.h"
#include "sampler.h"

#include <scitag/label.h>
#include <scitag/option.h>

#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <net/ipv6.h>
#include <net/netlink.h>

#define MARK_FLAGS (SCITAG_MARK_LABEL | SCITAG_MARK_HBH | SCITAG_MARK_DO)

#define TIMEOUT_MAX_S 31536000

#define SNAPSHOT_INTERVAL_MIN_MS 10
#define SNAPSHOT_INTERVAL_MAX_MS 86400000

#define SNAPSHOT_ON (SCITAG_SNAPSHOT_TRIGGER_STATE |	\
		     SCITAG_SNAPSHOT_TRIGGER_RTO |	\
		     SCITAG_SNAPSHOT_TRIGGER_RTT |	\
		     SCITAG_SNAPSHOT_TRIGGER_CWND)

#define SNAPSHOT_FACTOR_MIN 110
#define SNAPSHOT_FACTOR_MAX 10000
#define SNAPSHOT_FACTOR_DEFAULT 200

/* What an attribute that has to be there is called in a refusal. */
static const struct {
	int attr;
	const char *missing;
} key_attrs[] = {
	{ SCITAG_FLOW_A_PROTOCOL, "Flow without a protocol" },
	{ SCITAG_FLOW_A_SRC, "Flow without a source address" },
	{ SCITAG_FLOW_A_DST, "Flow without a destination address" },
	{ SCITAG_FLOW_A_SPORT, "Flow without a source port" },
	{ SCITAG_FLOW_A_DPORT, "Flow without a destination port" },
}, mark_attrs[] = {
	{ SCITAG_FLOW_A_EXPERIMENT, "Flow without an experiment" },
	{ SCITAG_FLOW_A_ACTIVITY, "Flow without an activity" },
	{ SCITAG_FLOW_A_MARK, "Flow without a mark" },
};

/* Refuse with a text that is not a literal at the place of refusal. */
static int flowmsg_refuse(struct netlink_ext_ack *extack,
			  const struct nlattr *attr, const char *text, int err)
{
	if (extack) {
		extack->_msg = text;
		extack->bad_attr = attr;
	}
	return err;
}

int scitag_flowmsg_parse_address(struct in6_addr *addr,
				 const struct nlattr *attr,
				 struct netlink_ext_ack *extack)
{
	switch (nla_len(attr)) {
	case sizeof(struct in_addr):
		ipv6_addr_set_v4mapped(nla_get_in_addr(attr), addr);
		return 0;
	case sizeof(struct in6_addr):
		*addr = nla_get_in6_addr(attr);
		if (!ipv6_addr_v4mapped(addr))
			return 0;
		NL_SET_ERR_MSG_ATTR(extack, attr,
				    "IPv4-mapped address: give the IPv4 address in 4 octets");
		return -EINVAL;
	}
	NL_SET_ERR_MSG_ATTR(extack, attr, "Address must have 4 or 16 octets");
	return -EINVAL;
}

static bool address_is(const struct in6_addr *addr, bool multicast)
{
	__be32 ipv4 = addr->s6_addr32[3];

	if (ipv6_addr_v4mapped(addr))
		return multicast ? ipv4_is_multicast(ipv4) : !ipv4;
	return multicast ? ipv6_addr_is_multicast(addr) : ipv6_addr_any(addr);
}

/* Refuse what no packet can have: better a word now than a flow at 0. */
static int check_addresses(const struct scitag_flow_key *key,
			   struct nlattr *const *attrs,
			   struct netlink_ext_ack *extack)
{
	const struct nlattr *dst = attrs[SCITAG_FLOW_A_DST];

	if (ipv6_addr_v4mapped(&key->src) != ipv6_addr_v4mapped(&key->dst))
		return flowmsg_refuse(extack, dst,
				      "One address is IPv4, the other IPv6",
				      -EINVAL);
	if (address_is(&key->src, true) || address_is(&key->src, false))
		return flowmsg_refuse(extack, attrs[SCITAG_FLOW_A_SRC],
				      "Source address must be a unicast address",
				      -EINVAL);
	if (address_is(&key->dst, false))
		return flowmsg_refuse(extack, dst,
				      "Destination address is unspecified",
				      -EINVAL);
	if (key->protocol == IPPROTO_TCP && address_is(&key->dst, true))
		return flowmsg_refuse(extack, dst,
				      "Destination address of TCP must be a unicast address",
				      -EINVAL);
	return 0;
}

static int parse_key(const struct nlattr *nest, struct nlattr *const *attrs,
		     struct scitag_flow_key *key,
		     struct netlink_ext_ack *extack)
{
	int i, err;

	for (i = 0; i < ARRAY_SIZE(key_attrs); i++)
		if (!attrs[key_attrs[i].attr])
			return flowmsg_refuse(extack, nest,
					      key_attrs[i].missing, -EINVAL);

	memset(key, 0, sizeof(*key));
	key->protocol = nla_get_u8(attrs[SCITAG_FLOW_A_PROTOCOL]);
	if (key->protocol != IPPROTO_TCP && key->protocol != IPPROTO_UDP)
		return flowmsg_refuse(extack, attrs[SCITAG_FLOW_A_PROTOCOL],
				      "Protocol must be TCP (6) or UDP (17)",
				      -EINVAL);
	err = scitag_flowmsg_parse_address(&key->src, attrs[SCITAG_FLOW_A_SRC],
					   extack);
	if (!err)
		err = scitag_flowmsg_parse_address(&key->dst,
						   attrs[SCITAG_FLOW_A_DST],
						   extack);
	if (err)
		return err;

	key->sport = nla_get_be16(attrs[SCITAG_FLOW_A_SPORT]);
	if (!key->sport)
		return flowmsg_refuse(extack, attrs[SCITAG_FLOW_A_SPORT],
				      "Source port is 0", -EINVAL);
	key->dport = nla_get_be16(attrs[SCITAG_FLOW_A_DPORT]);
	if (!key->dport)
		return flowmsg_refuse(extack, attrs[SCITAG_FLOW_A_DPORT],
				      "Destination port is 0", -EINVAL);
	return check_addresses(key, attrs, extack);
}

/* Are the ids to be written as a label, anywhere? */
static bool spec_needs_label(const struct scitag_mark_spec *spec)
{
	if (spec->flags & SCITAG_MARK_LABEL)
		return true;
	return (spec->flags & (SCITAG_MARK_HBH | SCITAG_MARK_DO)) &&
	       (spec->layout == SCITAG_LAYOUT_LABEL ||
		spec->layout == SCITAG_LAYOUT_LABEL4);
}

static int check_ids(const struct scitag_mark_spec *spec,
		     struct nlattr *const *attrs,
		     struct netlink_ext_ack *extack)
{
	if (!spec_needs_label(spec))
		return 0;
	if (spec->experiment > SCITAG_LABEL_EXPERIMENT_MAX)
		return flowmsg_refuse(extack, attrs[SCITAG_FLOW_A_EXPERIMENT],
				      "A label holds experiments 0 to 511: use mark hbh or do with layout ids",
				      -ERANGE);
	if (spec->activity > SCITAG_LABEL_ACTIVITY_MAX)
		return flowmsg_refuse(extack, attrs[SCITAG_FLOW_A_ACTIVITY],
				      "A label holds activities 0 to 63: use mark hbh or do with layout ids",
				      -ERANGE);
	return 0;
}

u8 scitag_flowmsg_layout(const struct scitag_mark_spec *spec)
{
	if (spec->layout != SCITAG_MARK_LAYOUT_DEFAULT)
		return spec->layout;
	if (spec->protocol == IPPROTO_TCP && (spec->flags & SCITAG_MARK_DO))
		return SCITAG_LAYOUT_SAFE;
	return SCITAG_LAYOUT_IDS;
}

static int parse_option(struct nlattr *const *attrs,
			struct scitag_mark_spec *spec,
			struct netlink_ext_ack *extack)
{
	const struct nlattr *layout = attrs[SCITAG_FLOW_A_LAYOUT];
	const struct nlattr *type = attrs[SCITAG_FLOW_A_OPTION_TYPE];

	spec->layout = SCITAG_MARK_LAYOUT_DEFAULT;
	if (layout) {
		spec->layout = nla_get_u8(layout);
		if (spec->layout > SCITAG_LAYOUT_SAFE)
			return flowmsg_refuse(extack, layout,
					      "Layout must be ids (0), label (1), label4 (2) or safe (3)",
					      -EINVAL);
	}
	spec->option_type = type ? nla_get_u8(type) :
				   scitag_option_default_type(spec->layout);
	if (!scitag_option_type_ok(spec->option_type))
		return flowmsg_refuse(extack, type,
				      "Option type must be below 0x20 (skip if unknown, no change) and not assigned by IANA",
				      -EINVAL);
	return 0;
}

static int parse_ways(struct nlattr *const *attrs,
		      struct scitag_mark_spec *spec,
		      struct netlink_ext_ack *extack)
{
	const struct nlattr *entropy = attrs[SCITAG_FLOW_A_ENTROPY];
	const struct nlattr *oversize = attrs[SCITAG_FLOW_A_OVERSIZE];

	spec->entropy = entropy ? nla_get_u8(entropy) : SCITAG_ENTROPY_CONSTANT;
	if (spec->entropy > SCITAG_ENTROPY_HASH)
		return flowmsg_refuse(extack, entropy,
				      "Entropy must be constant (0), none (1) or hash (2)",
				      -EINVAL);
	spec->oversize = oversize ? nla_get_u8(oversize) : SCITAG_OVERSIZE_SKIP;
	if (spec->oversize > SCITAG_OVERSIZE_EMSGSIZE)
		return flowmsg_refuse(extack, oversize,
				      "Oversize must be skip (0), fragment (1) or emsgsize (2)",
				      -EINVAL);
	return 0;
}

static int parse_mark(const struct nlattr *nest, struct nlattr *const *attrs,
		      struct scitag_mark_spec *spec,
		      struct netlink_ext_ack *extack)
{
	int i, err;

	for (i = 0; i < ARRAY_SIZE(mark_attrs); i++)
		if (!attrs[mark_attrs[i].attr])
			return flowmsg_refuse(extack, nest,
					      mark_attrs[i].missing, -EINVAL);

	spec->experiment = nla_get_u16(attrs[SCITAG_FLOW_A_EXPERIMENT]);
	spec->activity = nla_get_u8(attrs[SCITAG_FLOW_A_ACTIVITY]);
	spec->flags = nla_get_u32(attrs[SCITAG_FLOW_A_MARK]);
	if (!spec->flags || (spec->flags & ~MARK_FLAGS))
		return flowmsg_refuse(extack, attrs[SCITAG_FLOW_A_MARK],
				      "Mark must be one or more of label (1), hbh (2) and do (4)",
				      -EINVAL);
	err = parse_option(attrs, spec, extack);
	if (!err)
		err = parse_ways(attrs, spec, extack);
	if (err)
		return err;
	return check_ids(spec, attrs, extack);
}

static int parse_seconds(u32 *seconds, const struct nlattr *attr,
			 struct netlink_ext_ack *extack)
{
	*seconds = attr ? nla_get_u32(attr) : 0;
	if (*seconds > TIMEOUT_MAX_S)
		return flowmsg_refuse(extack, attr,
				      "Timeout must be at most 31536000 seconds (a year)",
				      -ERANGE);
	return 0;
}

static int parse_lifetime(struct nlattr *const *attrs,
			  struct scitag_flow_spec *spec,
			  struct netlink_ext_ack *extack)
{
	const struct nlattr *close = attrs[SCITAG_FLOW_A_END_ON_CLOSE];
	int err;

	err = parse_seconds(&spec->idle_s, attrs[SCITAG_FLOW_A_IDLE_TIMEOUT],
			    extack);
	if (!err)
		err = parse_seconds(&spec->hard_s,
				    attrs[SCITAG_FLOW_A_HARD_TIMEOUT], extack);
	if (err || !close)
		return err;
	if (nla_get_u8(close) > 1)
		return flowmsg_refuse(extack, close,
				      "End on close must be 0 or 1", -EINVAL);
	spec->end_on_close = nla_get_u8(close);
	return 0;
}

static int parse_sample(struct nlattr *const *attrs,
			struct scitag_sample_spec *spec,
			struct netlink_ext_ack *extack)
{
	const struct nlattr *interval = attrs[SCITAG_FLOW_A_SNAPSHOT_INTERVAL];
	const struct nlattr *on = attrs[SCITAG_FLOW_A_SNAPSHOT_ON];
	const struct nlattr *factor = attrs[SCITAG_FLOW_A_SNAPSHOT_FACTOR];

	spec->interval_ms = interval ? nla_get_u32(interval) : 0;
	if (spec->interval_ms &&
	    (spec->interval_ms < SNAPSHOT_INTERVAL_MIN_MS ||
	     spec->interval_ms > SNAPSHOT_INTERVAL_MAX_MS))
		return flowmsg_refuse(extack, interval,
				      "Snapshot interval must be 0 or 10 to 86400000 milliseconds (a day)",
				      -ERANGE);
	spec->on = on ? nla_get_u32(on) : 0;
	if (spec->on & ~SNAPSHOT_ON)
		return flowmsg_refuse(extack, on,
				      "Snapshots can be asked for on state (2), rto (4), rtt (8) and cwnd (16)",
				      -EINVAL);
	spec->factor = factor ? nla_get_u32(factor) : SNAPSHOT_FACTOR_DEFAULT;
	if (spec->factor < SNAPSHOT_FACTOR_MIN ||
	    spec->factor > SNAPSHOT_FACTOR_MAX)
		return flowmsg_refuse(extack, factor,
				      "Snapshot factor must be 110 to 10000 percent",
				      -ERANGE);
	return 0;
}

static int parse_wanted(const struct nlattr *nest, struct nlattr *const *attrs,
			struct scitag_flow_spec *spec,
			struct netlink_ext_ack *extack)
{
	int err = parse_mark(nest, attrs, &spec->mark, extack);

	if (!err)
		err = parse_lifetime(attrs, spec, extack);
	return err ? err : parse_sample(attrs, &spec->sample, extack);
}

int scitag_flowmsg_parse_spec(const struct nlattr *nest,
			      struct scitag_flow_spec *spec,
			      struct netlink_ext_ack *extack)
{
	struct nlattr *attrs[SCITAG_FLOW_A_MAX + 1];
	int err;

	memset(spec, 0, sizeof(*spec));
	/* Validated with the request: no policy, here and below. */
	err = nla_parse_nested(attrs, SCITAG_FLOW_A_MAX, nest, NULL, extack);
	if (!err)
		err = parse_key(nest, attrs, &spec->key, extack);
	if (!err)
		err = parse_wanted(nest, attrs, spec, extack);
	if (err)
		return err;

	if (spec->end_on_close && spec->key.protocol != IPPROTO_TCP)
		return flowmsg_refuse(extack, attrs[SCITAG_FLOW_A_END_ON_CLOSE],
				      "Only TCP connections close: give UDP flows an idle timeout",
				      -EINVAL);
	spec->mark.protocol = spec->key.protocol;
	spec->mark.layout = scitag_flowmsg_layout(&spec->mark);
	if (scitag_flow_is_ipv4(&spec->key)) {
		spec->mark.flags = 0;
		NL_SET_ERR_MSG_ATTR(extack, nest,
				    "IPv4 flows can't be marked: entered without a mark");
	}
	return 0;
}

int scitag_flowmsg_parse_rule(const struct nlattr *nest,
			      struct scitag_flow_spec *spec,
			      struct netlink_ext_ack *extack)
{
	struct nlattr *attrs[SCITAG_FLOW_A_MAX + 1];
	int err;

	memset(spec, 0, sizeof(*spec));
	err = nla_parse_nested(attrs, SCITAG_FLOW_A_MAX, nest, NULL, extack);
	return err ? err : parse_wanted(nest, attrs, spec, extack);
}

int scitag_flowmsg_find(struct scitag_net *snet, const struct nlattr *nest,
			struct scitag_flow **flow,
			struct netlink_ext_ack *extack)
{
	struct nlattr *attrs[SCITAG_FLOW_A_MAX + 1];
	struct scitag_flow_key key;
	int i, err;

	err = nla_parse_nested(attrs, SCITAG_FLOW_A_MAX, nest, NULL, extack);
	if (err)
		return err;

	if (attrs[SCITAG_FLOW_A_ID]) {
		for (i = 0; i < ARRAY_SIZE(key_attrs); i++)
			if (attrs[key_attrs[i].attr])
				return flowmsg_refuse(extack, nest,
						      "Name a flow by its id or by its 5-tuple, not by both",
						      -EINVAL);
		*flow = scitag_flow_find_id(snet,
					    nla_get_u32(attrs[SCITAG_FLOW_A_ID]));
	} else {
		err = parse_key(nest, attrs, &key, extack);
		if (err)
			return err;
		*flow = scitag_flow_find(snet, &key);
	}
	if (!*flow)
		return flowmsg_refuse(extack, nest, "No such flow", -ENOENT);
	return 0;
}

int scitag_flowmsg_put_address(struct sk_buff *skb, int attr,
			       const struct in6_addr *addr)
{
	if (ipv6_addr_v4mapped(addr))
		return nla_put_in_addr(skb, attr, addr->s6_addr32[3]);
	return nla_put_in6_addr(skb, attr, addr);
}

static int put_key(struct sk_buff *skb, const struct scitag_flow *flow)
{
	const struct scitag_flow_key *key = &flow->key;

	return nla_put_u32(skb, SCITAG_FLOW_A_ID, flow->id) ||
	       nla_put_u8(skb, SCITAG_FLOW_A_PROTOCOL, key->protocol) ||
	       scitag_flowmsg_put_address(skb, SCITAG_FLOW_A_SRC, &key->src) ||
	       scitag_flowmsg_put_address(skb, SCITAG_FLOW_A_DST, &key->dst) ||
	       nla_put_be16(skb, SCITAG_FLOW_A_SPORT, key->sport) ||
	       nla_put_be16(skb, SCITAG_FLOW_A_DPORT, key->dport);
}

static int put_mark(struct sk_buff *skb, const struct scitag_mark_spec *spec)
{
	return nla_put_u16(skb, SCITAG_FLOW_A_EXPERIMENT, spec->experiment) ||
	       nla_put_u8(skb, SCITAG_FLOW_A_ACTIVITY, spec->activity) ||
	       nla_put_u32(skb, SCITAG_FLOW_A_MARK, spec->flags) ||
	       (spec->layout != SCITAG_MARK_LAYOUT_DEFAULT &&
		nla_put_u8(skb, SCITAG_FLOW_A_LAYOUT, spec->layout)) ||
	       nla_put_u8(skb, SCITAG_FLOW_A_OPTION_TYPE, spec->option_type) ||
	       nla_put_u8(skb, SCITAG_FLOW_A_ENTROPY, spec->entropy) ||
	       nla_put_u8(skb, SCITAG_FLOW_A_OVERSIZE, spec->oversize);
}

static int put_timeouts(struct sk_buff *skb, u32 idle_s, u32 hard_s)
{
	return nla_put_u32(skb, SCITAG_FLOW_A_IDLE_TIMEOUT, idle_s) ||
	       nla_put_u32(skb, SCITAG_FLOW_A_HARD_TIMEOUT, hard_s);
}

/* Nothing of what nobody asked for. */
static int put_sample(struct sk_buff *skb,
		      const struct scitag_sample_spec *spec)
{
	if (!spec->interval_ms && !spec->on)
		return 0;
	return nla_put_u32(skb, SCITAG_FLOW_A_SNAPSHOT_INTERVAL,
			   spec->interval_ms) ||
	       nla_put_u32(skb, SCITAG_FLOW_A_SNAPSHOT_ON, spec->on) ||
	       nla_put_u32(skb, SCITAG_FLOW_A_SNAPSHOT_FACTOR, spec->factor);
}

static int put_label(struct sk_buff *skb, const struct scitag_flow *flow,
		     const struct scitag_mark *mark)
{
	if (!spec_needs_label(&mark->spec))
		return 0;
	return nla_put_u32(skb, SCITAG_FLOW_A_LABEL,
			   scitag_mark_label(mark, flow->entropy));
}

static int put_lifetime(struct sk_buff *skb, const struct scitag_flow *flow)
{
	unsigned long idle = jiffies - READ_ONCE(flow->used);
	u64 age = div_u64(ktime_get_ns() - flow->born, NSEC_PER_MSEC);

	if ((long)idle < 0)
		idle = 0;
	return put_timeouts(skb, READ_ONCE(flow->idle_s),
			    READ_ONCE(flow->hard_s)) ||
	       nla_put_u8(skb, SCITAG_FLOW_A_END_ON_CLOSE,
			  READ_ONCE(flow->end_on_close)) ||
	       (flow->rule &&
		nla_put_u32(skb, SCITAG_FLOW_A_RULE, flow->rule)) ||
	       nla_put_u64_64bit(skb, SCITAG_FLOW_A_AGE, age,
				 SCITAG_FLOW_A_PAD) ||
	       nla_put_u64_64bit(skb, SCITAG_FLOW_A_IDLE,
				 (u64)idle * MSEC_PER_SEC / HZ,
				 SCITAG_FLOW_A_PAD);
}

static int put_counters(struct sk_buff *skb, const struct scitag_flow *flow)
{
	/* In this order: packets that leave meanwhile count as marked. */
	u64 unmarked = atomic64_read(&flow->unmarked);
	u64 packets = atomic64_read(&flow->packets);

	return nla_put_u64_64bit(skb, SCITAG_FLOW_A_PACKETS,
				 packets, SCITAG_FLOW_A_PAD) ||
	       nla_put_u64_64bit(skb, SCITAG_FLOW_A_BYTES,
				 atomic64_read(&flow->bytes),
				 SCITAG_FLOW_A_PAD) ||
	       nla_put_u64_64bit(skb, SCITAG_FLOW_A_MARKED,
				 packets - min(packets, unmarked),
				 SCITAG_FLOW_A_PAD);
}

int scitag_flowmsg_put(struct sk_buff *skb, const struct scitag_flow *flow,
		       const void *tcp_info, size_t tcp_info_len)
{
	struct scitag_sample_spec sample;
	const struct scitag_mark *mark;
	struct nlattr *nest;

	scitag_sampler_spec(flow, &sample);
	nest = nla_nest_start(skb, SCITAG_A_FLOW);
	if (!nest)
		return -EMSGSIZE;
	/* Either of the two protections of the contract keeps the mark. */
	mark = rcu_dereference_check(flow->mark, true);
	if (put_key(skb, flow) || put_mark(skb, &mark->spec) ||
	    put_label(skb, flow, mark) || put_counters(skb, flow) ||
	    put_lifetime(skb, flow) || put_sample(skb, &sample) ||
	    (tcp_info && nla_put(skb, SCITAG_FLOW_A_TCP_INFO, tcp_info_len,
				 tcp_info))) {
		nla_nest_cancel(skb, nest);
		return -EMSGSIZE;
	}
	nla_nest_end(skb, nest);
	return 0;
}

int scitag_flowmsg_put_rule(struct sk_buff *skb,
			    const struct scitag_flow_spec *spec)
{
	struct nlattr *nest = nla_nest_start(skb, SCITAG_RULE_A_FLOW);

	if (!nest || put_mark(skb, &spec->mark) ||
	    put_timeouts(skb, spec->idle_s, spec->hard_s) ||
	    put_sample(skb, &spec->sample))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}
