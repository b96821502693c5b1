// SPDX-License-Identifier: GPL-2.0
#include "status.h"

#include "flow.h"
#include "pernet.h"
#include "rule.h"
#include "trace.h"

#include <net/netlink.h>

#include <uapi/linux/scitag.h>

int scitag_status_put(struct sk_buff *skb, const struct scitag_net *snet)
{
	struct nlattr *nest = nla_nest_start(skb, SCITAG_A_STATUS);
	const struct scitag_ruleset *set;
	u32 rules;

	rcu_read_lock();
	set = rcu_dereference(snet->rules);
	rules = set ? set->count : 0;
	rcu_read_unlock();

	if (!nest ||
	    nla_put_string(skb, SCITAG_STATUS_A_VERSION, SCITAG_VERSION) ||
	    nla_put_u32(skb, SCITAG_STATUS_A_FLOWS, READ_ONCE(snet->flows)) ||
	    nla_put_u32(skb, SCITAG_STATUS_A_MAX_FLOWS, scitag_flow_max()) ||
	    nla_put_u8(skb, SCITAG_STATUS_A_HOOKED,
		       READ_ONCE(snet->hooked[0]) ||
			       READ_ONCE(snet->hooked[1])) ||
	    nla_put_u32(skb, SCITAG_STATUS_A_RULES, rules) ||
	    nla_put_u32(skb, SCITAG_STATUS_A_MAX_RULES, scitag_rule_max()) ||
	    nla_put_u64_64bit(skb, SCITAG_STATUS_A_UNTRACKED,
			      atomic64_read(&snet->untracked),
			      SCITAG_STATUS_A_PAD) ||
	    nla_put_u8(skb, SCITAG_STATUS_A_TRACING, scitag_trace_active()))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}
