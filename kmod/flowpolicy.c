// SPDX-License-Identifier: GPL-2.0
/*
 * Which attributes a flow may have in a request, by what it is there for.
 */
#include "flowmsg.h"

#include <net/netlink.h>

#define READ_ONLY { .type = NLA_REJECT, \
		    .reject_message = "Attribute is for replies only" }

const struct nla_policy scitag_flowmsg_spec_policy[SCITAG_FLOW_A_MAX + 1] = {
	[SCITAG_FLOW_A_ID] = { .type = NLA_REJECT,
			       .reject_message = "The kernel gives a new flow its id" },
	[SCITAG_FLOW_A_PROTOCOL] = { .type = NLA_U8 },
	[SCITAG_FLOW_A_SRC] = { .type = NLA_BINARY },
	[SCITAG_FLOW_A_DST] = { .type = NLA_BINARY },
	[SCITAG_FLOW_A_SPORT] = { .type = NLA_U16 },
	[SCITAG_FLOW_A_DPORT] = { .type = NLA_U16 },
	[SCITAG_FLOW_A_EXPERIMENT] = { .type = NLA_U16 },
	[SCITAG_FLOW_A_ACTIVITY] = { .type = NLA_U8 },
	[SCITAG_FLOW_A_MARK] = { .type = NLA_U32 },
	[SCITAG_FLOW_A_LAYOUT] = { .type = NLA_U8 },
	[SCITAG_FLOW_A_OPTION_TYPE] = { .type = NLA_U8 },
	[SCITAG_FLOW_A_LABEL] = READ_ONLY,
	[SCITAG_FLOW_A_PACKETS] = READ_ONLY,
	[SCITAG_FLOW_A_BYTES] = READ_ONLY,
	[SCITAG_FLOW_A_MARKED] = READ_ONLY,
	[SCITAG_FLOW_A_TCP_INFO] = READ_ONLY,
	[SCITAG_FLOW_A_PAD] = READ_ONLY,
	[SCITAG_FLOW_A_ENTROPY] = { .type = NLA_U8 },
	[SCITAG_FLOW_A_OVERSIZE] = { .type = NLA_U8 },
	[SCITAG_FLOW_A_IDLE_TIMEOUT] = { .type = NLA_U32 },
	[SCITAG_FLOW_A_HARD_TIMEOUT] = { .type = NLA_U32 },
	[SCITAG_FLOW_A_END_ON_CLOSE] = { .type = NLA_U8 },
	[SCITAG_FLOW_A_RULE] = READ_ONLY,
	[SCITAG_FLOW_A_AGE] = READ_ONLY,
	[SCITAG_FLOW_A_IDLE] = READ_ONLY,
	[SCITAG_FLOW_A_SNAPSHOT_INTERVAL] = { .type = NLA_U32 },
	[SCITAG_FLOW_A_SNAPSHOT_ON] = { .type = NLA_U32 },
	[SCITAG_FLOW_A_SNAPSHOT_FACTOR] = { .type = NLA_U32 },
};

#define NOT_A_NAME { .type = NLA_REJECT, \
		     .reject_message = "A flow is named by its id or its 5-tuple alone" }

const struct nla_policy scitag_flowmsg_name_policy[SCITAG_FLOW_A_MAX + 1] = {
	[SCITAG_FLOW_A_ID] = { .type = NLA_U32 },
	[SCITAG_FLOW_A_PROTOCOL] = { .type = NLA_U8 },
	[SCITAG_FLOW_A_SRC] = { .type = NLA_BINARY },
	[SCITAG_FLOW_A_DST] = { .type = NLA_BINARY },
	[SCITAG_FLOW_A_SPORT] = { .type = NLA_U16 },
	[SCITAG_FLOW_A_DPORT] = { .type = NLA_U16 },
	[SCITAG_FLOW_A_EXPERIMENT] = NOT_A_NAME,
	[SCITAG_FLOW_A_ACTIVITY] = NOT_A_NAME,
	[SCITAG_FLOW_A_MARK] = NOT_A_NAME,
	[SCITAG_FLOW_A_LAYOUT] = NOT_A_NAME,
	[SCITAG_FLOW_A_OPTION_TYPE] = NOT_A_NAME,
	[SCITAG_FLOW_A_LABEL] = NOT_A_NAME,
	[SCITAG_FLOW_A_PACKETS] = NOT_A_NAME,
	[SCITAG_FLOW_A_BYTES] = NOT_A_NAME,
	[SCITAG_FLOW_A_MARKED] = NOT_A_NAME,
	[SCITAG_FLOW_A_TCP_INFO] = NOT_A_NAME,
	[SCITAG_FLOW_A_PAD] = NOT_A_NAME,
	[SCITAG_FLOW_A_ENTROPY] = NOT_A_NAME,
	[SCITAG_FLOW_A_OVERSIZE] = NOT_A_NAME,
	[SCITAG_FLOW_A_IDLE_TIMEOUT] = NOT_A_NAME,
	[SCITAG_FLOW_A_HARD_TIMEOUT] = NOT_A_NAME,
	[SCITAG_FLOW_A_END_ON_CLOSE] = NOT_A_NAME,
	[SCITAG_FLOW_A_RULE] = NOT_A_NAME,
	[SCITAG_FLOW_A_AGE] = NOT_A_NAME,
	[SCITAG_FLOW_A_IDLE] = NOT_A_NAME,
	[SCITAG_FLOW_A_SNAPSHOT_INTERVAL] = NOT_A_NAME,
	[SCITAG_FLOW_A_SNAPSHOT_ON] = NOT_A_NAME,
	[SCITAG_FLOW_A_SNAPSHOT_FACTOR] = NOT_A_NAME,
};

#define NOT_OF_RULE { .type = NLA_REJECT, \
		      .reject_message = "A rule says what its flows get, not which they are" }

const struct nla_policy scitag_flowmsg_rule_policy[SCITAG_FLOW_A_MAX + 1] = {
	[SCITAG_FLOW_A_ID] = NOT_OF_RULE,
	[SCITAG_FLOW_A_PROTOCOL] = NOT_OF_RULE,
	[SCITAG_FLOW_A_SRC] = NOT_OF_RULE,
	[SCITAG_FLOW_A_DST] = NOT_OF_RULE,
	[SCITAG_FLOW_A_SPORT] = NOT_OF_RULE,
	[SCITAG_FLOW_A_DPORT] = NOT_OF_RULE,
	[SCITAG_FLOW_A_EXPERIMENT] = { .type = NLA_U16 },
	[SCITAG_FLOW_A_ACTIVITY] = { .type = NLA_U8 },
	[SCITAG_FLOW_A_MARK] = { .type = NLA_U32 },
	[SCITAG_FLOW_A_LAYOUT] = { .type = NLA_U8 },
	[SCITAG_FLOW_A_OPTION_TYPE] = { .type = NLA_U8 },
	[SCITAG_FLOW_A_LABEL] = READ_ONLY,
	[SCITAG_FLOW_A_PACKETS] = READ_ONLY,
	[SCITAG_FLOW_A_BYTES] = READ_ONLY,
	[SCITAG_FLOW_A_MARKED] = READ_ONLY,
	[SCITAG_FLOW_A_TCP_INFO] = READ_ONLY,
	[SCITAG_FLOW_A_PAD] = READ_ONLY,
	[SCITAG_FLOW_A_ENTROPY] = { .type = NLA_U8 },
	[SCITAG_FLOW_A_OVERSIZE] = { .type = NLA_U8 },
	[SCITAG_FLOW_A_IDLE_TIMEOUT] = { .type = NLA_U32 },
	[SCITAG_FLOW_A_HARD_TIMEOUT] = { .type = NLA_U32 },
	[SCITAG_FLOW_A_END_ON_CLOSE] = { .type = NLA_REJECT,
					 .reject_message = "Flows of a rule always end on close" },
	[SCITAG_FLOW_A_RULE] = READ_ONLY,
	[SCITAG_FLOW_A_AGE] = READ_ONLY,
	[SCITAG_FLOW_A_IDLE] = READ_ONLY,
	[SCITAG_FLOW_A_SNAPSHOT_INTERVAL] = { .type = NLA_U32 },
	[SCITAG_FLOW_A_SNAPSHOT_ON] = { .type = NLA_U32 },
	[SCITAG_FLOW_A_SNAPSHOT_FACTOR] = { .type = NLA_U32 },
};
