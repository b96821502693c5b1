// SPDX-License-Identifier: GPL-2.0
#include "rule.h"

#include "hook.h"
#include "param.h"
#include "pernet.h"

#include <linux/cgroup.h>
#include <linux/in.h>
#include <linux/netdevice.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <net/ipv6.h>
#include <net/sock.h>

static struct scitag_param max_rules =
	SCITAG_PARAM_INIT("max_rules", 64, 1, 1024);
scitag_param(max_rules);
MODULE_PARM_DESC(max_rules,
		 "Rules that a network namespace may have; a packet of no flow may be compared with all of them, 1 to 1024 (default 64)");

u32 scitag_rule_max(void)
{
	return READ_ONCE(max_rules.value);
}

static bool address_is_multicast(const struct in6_addr *addr)
{
	if (ipv6_addr_v4mapped(addr))
		return ipv4_is_multicast(addr->s6_addr32[3]);
	return ipv6_addr_is_multicast(addr);
}

static bool port_in(const struct scitag_port_range *range, __be16 port)
{
	return ntohs(port) >= range->min && ntohs(port) <= range->max;
}

static bool match_addresses(const struct scitag_rule *rule,
			    const struct scitag_flow_key *key)
{
	if ((rule->conditions & SCITAG_RULE_DST) &&
	    !ipv6_prefix_equal(&key->dst, &rule->dst, rule->dst_len))
		return false;
	return !(rule->conditions & SCITAG_RULE_SRC) ||
	       ipv6_prefix_equal(&key->src, &rule->src, rule->src_len);
}

static bool match_ports(const struct scitag_rule *rule,
			const struct scitag_flow_key *key)
{
	if ((rule->conditions & SCITAG_RULE_SPORT) &&
	    !port_in(&rule->sport, key->sport))
		return false;
	if ((rule->conditions & SCITAG_RULE_DPORT) &&
	    !port_in(&rule->dport, key->dport))
		return false;
	return !(rule->conditions & SCITAG_RULE_PORT) ||
	       port_in(&rule->port, key->sport) ||
	       port_in(&rule->port, key->dport);
}

static bool match_socket(const struct scitag_rule *rule, const struct sock *sk)
{
	struct cgroup *cgroup;
	kuid_t uid;

	if (!(rule->conditions & (SCITAG_RULE_UID | SCITAG_RULE_CGROUP)))
		return true;
	if (!sk)
		return false;
	uid = READ_ONCE(sk->sk_uid);
	if ((rule->conditions & SCITAG_RULE_UID) &&
	    (uid_lt(uid, rule->uid_min) || uid_gt(uid, rule->uid_max)))
		return false;
	if (!(rule->conditions & SCITAG_RULE_CGROUP))
		return true;
	cgroup = sock_cgroup_ptr((struct sock_cgroup_data *)&sk->sk_cgrp_data);
	return cgroup_is_descendant(cgroup, rule->cgroup);
}

static bool match_rest(const struct scitag_rule *rule,
		       const struct scitag_rule_packet *packet)
{
	if ((rule->conditions & SCITAG_RULE_FWMARK) &&
	    (packet->fwmark & rule->fwmask) != rule->fwmark)
		return false;
	return !(rule->conditions & SCITAG_RULE_OIF) ||
	       (packet->out && !strcmp(packet->out->name, rule->oif));
}

static bool rule_matches(const struct scitag_rule *rule,
			 const struct scitag_rule_packet *packet, u32 family)
{
	if (rule->conditions & family)
		return false;
	if ((rule->conditions & SCITAG_RULE_PROTOCOL) &&
	    packet->key->protocol != rule->protocol)
		return false;
	return match_ports(rule, packet->key) &&
	       match_addresses(rule, packet->key) &&
	       match_rest(rule, packet) && match_socket(rule, packet->sk);
}

const struct scitag_rule *
scitag_rule_match(const struct scitag_ruleset *set,
		  const struct scitag_rule_packet *packet)
{
	const struct scitag_rule *rule = set->rules;
	const struct scitag_rule *end = rule + set->count;
	/* A short prefix of IPv6 would match the mapped form of IPv4, too. */
	u32 family = scitag_flow_is_ipv4(packet->key) ? SCITAG_RULE_NOT_IPV4 :
							SCITAG_RULE_NOT_IPV6;

	if ((packet->out && (packet->out->flags & IFF_LOOPBACK)) ||
	    address_is_multicast(&packet->key->dst))
		return NULL;
	for (; rule < end; rule++)
		if (rule_matches(rule, packet, family))
			return rule->exclude ? NULL : rule;
	return NULL;
}

struct scitag_ruleset *scitag_ruleset_alloc(u32 count)
{
	struct scitag_ruleset *set;

	set = kvzalloc(struct_size(set, rules, count), GFP_KERNEL_ACCOUNT);
	if (set)
		set->count = count;
	return set;
}

void scitag_ruleset_free(struct scitag_ruleset *set)
{
	struct scitag_rule *rule;
	u32 i, j;

	for (i = 0; set && i < set->count; i++) {
		rule = &set->rules[i];
		for (j = 0; j < SCITAG_RULE_MARKS; j++)
			scitag_mark_put(rule->marks[j]);
		if (rule->cgroup)
			cgroup_put(rule->cgroup);
		kfree(rule->cgroup_path);
	}
	kvfree(set);
}

/* Rules want the hooks of both IPv6 and IPv4; all or none. */
static int ruleset_hook(struct scitag_net *snet)
{
	int err;

	err = scitag_hook_get(snet, false);
	if (err)
		return err;
	err = scitag_hook_get(snet, true);
	if (err)
		scitag_hook_put(snet, false);
	return err;
}

static void ruleset_unhook(struct scitag_net *snet)
{
	scitag_hook_put(snet, true);
	scitag_hook_put(snet, false);
}

int scitag_ruleset_install(struct scitag_net *snet, struct scitag_ruleset *set)
{
	struct scitag_ruleset *old;
	int err;
	u32 i;

	lockdep_assert_held(&snet->lock);

	for (i = 0; set && i < set->count; i++)
		set->rules[i].id = ++snet->last_rule_id;
	if (set) {
		err = ruleset_hook(snet);
		if (err)
			return err;
	}
	old = rcu_replace_pointer(snet->rules, set,
				  lockdep_is_held(&snet->lock));
	if (old) {
		ruleset_unhook(snet);
		synchronize_rcu();
		scitag_ruleset_free(old);
	}
	return 0;
}

struct scitag_rule *scitag_rule_find(struct scitag_net *snet, u32 id)
{
	struct scitag_ruleset *set;
	u32 i;

	set = rcu_dereference_protected(snet->rules,
					lockdep_is_held(&snet->lock));
	for (i = 0; set && i < set->count; i++)
		if (set->rules[i].id == id)
			return &set->rules[i];
	return NULL;
}
