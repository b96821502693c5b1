// SPDX-License-Identifier: GPL-2.0
#include "flowmsg.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netlink/attr.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>
#include <string.h>

#include "attr.h"

/* The kernel wants the flag; libnl sets it by itself from 3.5 on. */
static struct nlattr *nest_start(struct nl_msg *msg, int type)
{
	return nla_nest_start(msg, type | NLA_F_NESTED);
}

static size_t addr_size(const struct addr *a)
{
	return a->family == AF_INET ? 4 : 16;
}

static int put_addr(struct nl_msg *msg, int type, const struct addr *a)
{
	return nla_put(msg, type, addr_size(a), a->octets);
}

static int put_key(struct nl_msg *msg, const struct flow_key *key)
{
	return nla_put_u8(msg, SCITAG_FLOW_A_PROTOCOL, key->protocol) ||
	       put_addr(msg, SCITAG_FLOW_A_SRC, &key->src) ||
	       put_addr(msg, SCITAG_FLOW_A_DST, &key->dst) ||
	       nla_put_u16(msg, SCITAG_FLOW_A_SPORT, htons(key->sport)) ||
	       nla_put_u16(msg, SCITAG_FLOW_A_DPORT, htons(key->dport));
}

static int put_mark(struct nl_msg *msg, const struct flow_spec *spec)
{
	if (nla_put_u16(msg, SCITAG_FLOW_A_EXPERIMENT, spec->experiment) ||
	    nla_put_u8(msg, SCITAG_FLOW_A_ACTIVITY, spec->activity) ||
	    nla_put_u32(msg, SCITAG_FLOW_A_MARK, spec->mark))
		return -EMSGSIZE;
	if (spec->layout != FLOW_LAYOUT_DEFAULT &&
	    nla_put_u8(msg, SCITAG_FLOW_A_LAYOUT, spec->layout))
		return -EMSGSIZE;
	if (spec->option_type != FLOW_OPTION_TYPE_DEFAULT &&
	    nla_put_u8(msg, SCITAG_FLOW_A_OPTION_TYPE, spec->option_type))
		return -EMSGSIZE;
	return 0;
}

static int put_snapshot(struct nl_msg *msg, const struct flow_spec *spec)
{
	if (spec->snapshot_interval &&
	    nla_put_u32(msg, SCITAG_FLOW_A_SNAPSHOT_INTERVAL,
			spec->snapshot_interval))
		return -EMSGSIZE;
	if (spec->snapshot_on &&
	    nla_put_u32(msg, SCITAG_FLOW_A_SNAPSHOT_ON, spec->snapshot_on))
		return -EMSGSIZE;
	if (spec->snapshot_factor &&
	    nla_put_u32(msg, SCITAG_FLOW_A_SNAPSHOT_FACTOR,
			spec->snapshot_factor))
		return -EMSGSIZE;
	return 0;
}

/*
 * What there is no need to say is not said. An idle timeout of 0 is the default
 * of both: never for a flow, that of the module for those that a rule makes.
 */
static int put_rest(struct nl_msg *msg, const struct flow_spec *spec)
{
	if (spec->entropy &&
	    nla_put_u8(msg, SCITAG_FLOW_A_ENTROPY, spec->entropy))
		return -EMSGSIZE;
	if (spec->oversize &&
	    nla_put_u8(msg, SCITAG_FLOW_A_OVERSIZE, spec->oversize))
		return -EMSGSIZE;
	if (spec->idle_timeout > 0 &&
	    nla_put_u32(msg, SCITAG_FLOW_A_IDLE_TIMEOUT, spec->idle_timeout))
		return -EMSGSIZE;
	if (spec->hard_timeout &&
	    nla_put_u32(msg, SCITAG_FLOW_A_HARD_TIMEOUT, spec->hard_timeout))
		return -EMSGSIZE;
	return put_snapshot(msg, spec);
}

/* A flag as a number; flows of rules have none. */
static int put_end(struct nl_msg *msg, const struct flow_spec *spec)
{
	if (!spec->end_on_close)
		return 0;
	return nla_put_u8(msg, SCITAG_FLOW_A_END_ON_CLOSE, 1);
}

int flowmsg_put_spec(struct nl_msg *msg, const struct flow_spec *spec)
{
	struct nlattr *nest = nest_start(msg, SCITAG_A_FLOW);

	if (!nest || put_key(msg, &spec->key) || put_mark(msg, spec) ||
	    put_rest(msg, spec) || put_end(msg, spec))
		return -EMSGSIZE;
	return nla_nest_end(msg, nest) ? -EMSGSIZE : 0;
}

int flowmsg_put_template(struct nl_msg *msg, int type,
			 const struct flow_spec *spec)
{
	struct nlattr *nest = nest_start(msg, type);

	if (!nest || put_mark(msg, spec) || put_rest(msg, spec))
		return -EMSGSIZE;
	return nla_nest_end(msg, nest) ? -EMSGSIZE : 0;
}

int flowmsg_put_key(struct nl_msg *msg, const struct flow_key *key)
{
	struct nlattr *nest = nest_start(msg, SCITAG_A_FLOW);

	if (!nest || put_key(msg, key))
		return -EMSGSIZE;
	return nla_nest_end(msg, nest) ? -EMSGSIZE : 0;
}

int flowmsg_put_id(struct nl_msg *msg, uint32_t id)
{
	struct nlattr *nest = nest_start(msg, SCITAG_A_FLOW);

	if (!nest || nla_put_u32(msg, SCITAG_FLOW_A_ID, id))
		return -EMSGSIZE;
	return nla_nest_end(msg, nest) ? -EMSGSIZE : 0;
}

static int get_addr(const struct nlattr *attr, struct addr *a)
{
	switch (nla_len(attr)) {
	case 4:
		a->family = AF_INET;
		break;
	case 16:
		a->family = AF_INET6;
		break;
	default:
		return -EBADMSG;
	}
	memcpy(a->octets, nla_data(attr), nla_len(attr));
	return 0;
}

/* What every flow has. The values are checked one by one. */
static int check_required(const struct nlattr *const *attrs)
{
	static const int required[] = {
		SCITAG_FLOW_A_ID,	  SCITAG_FLOW_A_PROTOCOL,
		SCITAG_FLOW_A_SRC,	  SCITAG_FLOW_A_DST,
		SCITAG_FLOW_A_SPORT,	  SCITAG_FLOW_A_DPORT,
		SCITAG_FLOW_A_EXPERIMENT, SCITAG_FLOW_A_ACTIVITY,
	};
	size_t i;

	for (i = 0; i < sizeof(required) / sizeof(required[0]); i++)
		if (!attrs[required[i]])
			return -EBADMSG;
	return 0;
}

static int get_key(const struct nlattr *const *attrs, struct flow_key *key)
{
	if (attr_u8(attrs[SCITAG_FLOW_A_PROTOCOL], &key->protocol) ||
	    get_addr(attrs[SCITAG_FLOW_A_SRC], &key->src) ||
	    get_addr(attrs[SCITAG_FLOW_A_DST], &key->dst) ||
	    attr_be16(attrs[SCITAG_FLOW_A_SPORT], &key->sport) ||
	    attr_be16(attrs[SCITAG_FLOW_A_DPORT], &key->dport))
		return -EBADMSG;
	return key->src.family == key->dst.family ? 0 : -EBADMSG;
}

static int get_mark(const struct nlattr *const *attrs, struct flow_spec *spec)
{
	uint16_t experiment = 0;
	uint8_t activity = 0, layout = 0, option_type = 0;

	if (attr_u16(attrs[SCITAG_FLOW_A_EXPERIMENT], &experiment) ||
	    attr_u8(attrs[SCITAG_FLOW_A_ACTIVITY], &activity) ||
	    attr_u32(attrs[SCITAG_FLOW_A_MARK], &spec->mark) ||
	    attr_u8(attrs[SCITAG_FLOW_A_LAYOUT], &layout) ||
	    attr_u8(attrs[SCITAG_FLOW_A_OPTION_TYPE], &option_type))
		return -EBADMSG;
	spec->experiment = experiment;
	spec->activity = activity;
	spec->layout = attrs[SCITAG_FLOW_A_LAYOUT] ? layout :
						     FLOW_LAYOUT_DEFAULT;
	spec->option_type = attrs[SCITAG_FLOW_A_OPTION_TYPE] ?
				    option_type :
				    FLOW_OPTION_TYPE_DEFAULT;
	return 0;
}

static int get_rest(const struct nlattr *const *attrs, struct flow_spec *spec)
{
	uint8_t entropy = 0, oversize = 0, end_on_close = 0;
	uint32_t idle_timeout = 0;

	if (attr_u8(attrs[SCITAG_FLOW_A_ENTROPY], &entropy) ||
	    attr_u8(attrs[SCITAG_FLOW_A_OVERSIZE], &oversize) ||
	    attr_u32(attrs[SCITAG_FLOW_A_IDLE_TIMEOUT], &idle_timeout) ||
	    attr_u32(attrs[SCITAG_FLOW_A_HARD_TIMEOUT], &spec->hard_timeout) ||
	    attr_u8(attrs[SCITAG_FLOW_A_END_ON_CLOSE], &end_on_close) ||
	    attr_u32(attrs[SCITAG_FLOW_A_SNAPSHOT_INTERVAL],
		     &spec->snapshot_interval) ||
	    attr_u32(attrs[SCITAG_FLOW_A_SNAPSHOT_ON], &spec->snapshot_on) ||
	    attr_u32(attrs[SCITAG_FLOW_A_SNAPSHOT_FACTOR],
		     &spec->snapshot_factor))
		return -EBADMSG;
	spec->entropy = entropy;
	spec->oversize = oversize;
	spec->idle_timeout = FLOW_TIMEOUT_DEFAULT;
	if (attrs[SCITAG_FLOW_A_IDLE_TIMEOUT])
		spec->idle_timeout = idle_timeout;
	spec->end_on_close = end_on_close;
	return 0;
}

int flowmsg_get_template(struct flow_spec *spec, const struct nlattr *nest)
{
	const struct nlattr *attrs[SCITAG_FLOW_A_MAX + 1];

	memset(spec, 0, sizeof(*spec));
	if (attr_parse_nested(attrs, SCITAG_FLOW_A_MAX, nest) ||
	    !attrs[SCITAG_FLOW_A_EXPERIMENT] ||
	    !attrs[SCITAG_FLOW_A_ACTIVITY] || get_mark(attrs, spec) ||
	    get_rest(attrs, spec))
		return -EBADMSG;
	if (!spec->idle_timeout)
		spec->idle_timeout = FLOW_TIMEOUT_DEFAULT;
	return 0;
}

int flowmsg_get_state(struct flow_state *state, const struct nlattr *nest)
{
	const struct nlattr *attrs[SCITAG_FLOW_A_MAX + 1];

	memset(state, 0, sizeof(*state));
	if (attr_parse_nested(attrs, SCITAG_FLOW_A_MAX, nest) ||
	    check_required(attrs) || get_key(attrs, &state->spec.key) ||
	    get_mark(attrs, &state->spec) || get_rest(attrs, &state->spec) ||
	    attr_u32(attrs[SCITAG_FLOW_A_ID], &state->id) ||
	    attr_u32(attrs[SCITAG_FLOW_A_LABEL], &state->label) ||
	    attr_u64(attrs[SCITAG_FLOW_A_PACKETS], &state->packets) ||
	    attr_u64(attrs[SCITAG_FLOW_A_BYTES], &state->bytes) ||
	    attr_u64(attrs[SCITAG_FLOW_A_MARKED], &state->marked) ||
	    attr_u32(attrs[SCITAG_FLOW_A_RULE], &state->rule) ||
	    attr_u64(attrs[SCITAG_FLOW_A_AGE], &state->age_ms) ||
	    attr_u64(attrs[SCITAG_FLOW_A_IDLE], &state->idle_ms))
		return -EBADMSG;
	/* A flow that says nothing of it stays. */
	if (state->spec.idle_timeout == FLOW_TIMEOUT_DEFAULT)
		state->spec.idle_timeout = 0;
	state->has_tcp_info = attrs[SCITAG_FLOW_A_TCP_INFO];
	state->tcp_info_len = attr_octets(attrs[SCITAG_FLOW_A_TCP_INFO],
					  &state->tcp_info,
					  sizeof(state->tcp_info));
	return 0;
}

size_t flowmsg_index(const struct nlmsghdr *request, uint32_t offset)
{
	const struct genlmsghdr *header = nlmsg_data(request);
	const struct nlattr *attr = genlmsg_attrdata(header, 0);
	int rem = genlmsg_attrlen(header, 0);
	size_t found = SIZE_MAX;
	size_t i = 0;

	for (; nla_ok(attr, rem); attr = nla_next(attr, &rem)) {
		size_t start = (const char *)attr - (const char *)request;

		if (nla_type(attr) != SCITAG_A_FLOW &&
		    nla_type(attr) != SCITAG_A_RULE)
			continue;
		if (offset >= start && offset < start + attr->nla_len)
			found = i;
		i++;
	}
	return found < i ? found : i;
}
