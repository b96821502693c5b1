// SPDX-License-Identifier: GPL-2.0
/*
 * What is used and nothing in compat supplies, all of it in Linux 5.3 and RHEL
 * 8.3: attributes are checked with what is nested in them and unknown ones
 * refused (5.2), dumps are refused with a text (4.20), and a namespace says
 * that it is about to end (5.3).
 */
#include <net/genetlink.h>
#include <net/net_namespace.h>

static const struct nla_policy probe_nested[2] = {
	[1] = { .type = NLA_REJECT },
};

const struct nla_policy probe_policy[2] = {
	[1] = NLA_POLICY_NESTED(probe_nested),
};

static inline int probe(struct netlink_callback *cb,
			struct pernet_operations *ops)
{
	ops->pre_exit = NULL;
	NL_SET_ERR_MSG(cb->extack, "no");
	return __nla_validate(NULL, 0, 1, probe_policy, NL_VALIDATE_STRICT,
			      cb->extack);
}
