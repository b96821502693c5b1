// SPDX-License-Identifier: GPL-2.0
#include "rulecmd.h"

#include "event.h"
#include "netlink.h"
#include "pernet.h"
#include "rule.h"
#include "rulemsg.h"

#include <linux/sort.h>
#include <net/genetlink.h>

static int rule_compare(const void *a, const void *b)
{
	const struct scitag_rule *x = a, *y = b;

	if (x->priority != y->priority)
		return x->priority < y->priority ? -1 : 1;
	return x->id < y->id ? -1 : 1;
}

/*
 * Read all rules of a request; until they are installed, their ids number them
 * in the order that they were given in.
 */
static int rules_parse(struct scitag_ruleset *set, struct genl_info *info)
{
	const struct nlattr *attr;
	int rem, err;
	u32 i = 0;

	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, rem) {
		set->rules[i].id = i;
		err = scitag_rulemsg_parse(attr, &set->rules[i], info->extack);
		if (err)
			return err;
		i++;
	}
	sort(set->rules, set->count, sizeof(*set->rules), rule_compare, NULL);
	return 0;
}

int scitag_rulecmd_set(struct sk_buff *skb, struct genl_info *info)
{
	struct scitag_net *snet = scitag_pernet(genl_info_net(info));
	struct scitag_ruleset *set = NULL;
	const struct nlattr *attr;
	u32 count = 0;
	int rem, err = 0;

	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, rem)
		count++;
	if (count > scitag_rule_max()) {
		NL_SET_ERR_MSG(info->extack,
			       "Too many rules: join some or raise the module's max_rules");
		return -ENOSPC;
	}
	if (count) {
		set = scitag_ruleset_alloc(count);
		if (!set)
			return -ENOMEM;
		err = rules_parse(set, info);
	}
	if (!err) {
		mutex_lock(&snet->lock);
		err = scitag_ruleset_install(snet, set);
		if (!err)
			scitag_event_status(snet);
		mutex_unlock(&snet->lock);
	}
	if (err)
		scitag_ruleset_free(set);
	return err;
}

static int rule_dump_one(struct sk_buff *skb, struct netlink_callback *cb,
			 const struct scitag_rule *rule)
{
	void *hdr;

	hdr = genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
			  &scitag_netlink_family, NLM_F_MULTI,
			  SCITAG_CMD_RULE_GET);
	if (!hdr)
		return -EMSGSIZE;
	genl_dump_check_consistent(cb, hdr);
	if (scitag_rulemsg_put(skb, rule)) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

/* In their order, from where the last piece ended: cb->args[0]. */
int scitag_rulecmd_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct scitag_net *snet = scitag_pernet(sock_net(cb->skb->sk));
	const struct scitag_ruleset *set;

	mutex_lock(&snet->lock);
	cb->seq = snet->last_rule_id ?: 1; /* 0 would mean "don't check" */
	set = rcu_dereference_protected(snet->rules,
					lockdep_is_held(&snet->lock));
	for (; set && cb->args[0] < set->count; cb->args[0]++)
		if (rule_dump_one(skb, cb, &set->rules[cb->args[0]]))
			break;
	mutex_unlock(&snet->lock);
	return skb->len;
}
