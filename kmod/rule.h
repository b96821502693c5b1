/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Rules: which connections become flows without anybody naming them.
 *
 * They are looked at one after the other, and only for packets that belong to
 * no flow: that costs at most max_rules comparisons, whatever the number of
 * flows, and a connection that matched once is a flow from then on.
 */
#ifndef SCITAG_RULE_H
#define SCITAG_RULE_H

#include "flow.h"

#include <linux/if.h>
#include <linux/in6.h>
#include <linux/rcupdate.h>
#include <linux/types.h>
#include <linux/uidgid.h>

struct cgroup;
struct net_device;
struct scitag_net;
struct sk_buff;
struct sock;

/* Conditions of a rule; those that are not set match everything. */
enum scitag_rule_conditions {
	SCITAG_RULE_PROTOCOL = BIT(0),
	SCITAG_RULE_SRC = BIT(1),
	SCITAG_RULE_DST = BIT(2),
	SCITAG_RULE_SPORT = BIT(3),
	SCITAG_RULE_DPORT = BIT(4),
	SCITAG_RULE_PORT = BIT(5),
	SCITAG_RULE_UID = BIT(6),
	SCITAG_RULE_CGROUP = BIT(7),
	SCITAG_RULE_FWMARK = BIT(8),
	SCITAG_RULE_OIF = BIT(9),
	/* Follow from the prefixes. */
	SCITAG_RULE_NOT_IPV4 = BIT(10),
	SCITAG_RULE_NOT_IPV6 = BIT(11),
};

/* The two protocols that flows can have, as places in &scitag_rule.marks. */
#define SCITAG_RULE_MARKS 2

/**
 * struct scitag_port_range - ports, host byte order
 * @min: first
 * @max: last
 */
struct scitag_port_range {
	u16 min;
	u16 max;
};

/**
 * struct scitag_rule - a rule
 * @conditions: bits of enum scitag_rule_conditions
 * @exclude: leave alone what matches, instead of making flows
 * @protocol: IPPROTO_TCP or IPPROTO_UDP
 * @src_len: bits of @src
 * @dst_len: bits of @dst
 * @src: prefix of the source address; IPv4 in its IPv4-mapped form
 * @dst: prefix of the destination address
 * @sport: source port
 * @dport: destination port
 * @port: either of the two
 * @uid_min: first of the users that the socket may belong to
 * @uid_max: last of them
 * @cgroup: where the socket was made, or below; with a reference
 * @fwmark: mark of the packet
 * @fwmask: bits of it that count
 * @oif: name of the device that the packet leaves through
 * @marks: what TCP [0] and UDP [1] get; NULL with @exclude
 * @flow: what flows are to be; its key and its mark are of no meaning
 * @id: number of the rule in its namespace
 * @priority: rules are in the order of these
 * @given: mark as it was given, with a layout that may be the default
 * @cgroup_path: path of @cgroup
 * @flows: flows made; under &scitag_net.lock
 */
struct scitag_rule {
	u32 conditions;
	bool exclude;
	u8 protocol;
	u8 src_len;
	u8 dst_len;
	struct in6_addr src;
	struct in6_addr dst;
	struct scitag_port_range sport;
	struct scitag_port_range dport;
	struct scitag_port_range port;
	kuid_t uid_min;
	kuid_t uid_max;
	struct cgroup *cgroup;
	u32 fwmark;
	u32 fwmask;
	char oif[IFNAMSIZ];

	struct scitag_mark *marks[SCITAG_RULE_MARKS];
	struct scitag_flow_spec flow;
	u32 id;
	u32 priority;
	char *cgroup_path;
	u64 flows;
};

/**
 * struct scitag_ruleset - all rules of a namespace
 * @rcu: for the grace period before it is freed
 * @count: how many
 * @rules: in the order in which they are looked at
 *
 * But for the numbers of flows made, never changes once a packet could see it.
 */
struct scitag_ruleset {
	struct rcu_head rcu;
	u32 count;
	struct scitag_rule rules[];
};

/**
 * struct scitag_rule_packet - what rules look at
 * @key: 5-tuple
 * @sk: full socket that it comes from, or NULL; a listener for a SYN-ACK
 * @fwmark: its mark
 * @out: device that it leaves through, or NULL if that is not known
 */
struct scitag_rule_packet {
	const struct scitag_flow_key *key;
	const struct sock *sk;
	u32 fwmark;
	const struct net_device *out;
};

/**
 * scitag_rule_match - find the rule for a packet
 * @set: rules
 * @packet: what they look at
 *
 * Context: any, under RCU.
 * Return: the first rule that matches, or NULL if there is none, if it
 * excludes the packet, or if that leaves through a loopback device or goes to
 * a multicast address.
 */
const struct scitag_rule *
scitag_rule_match(const struct scitag_ruleset *set,
		  const struct scitag_rule_packet *packet);

/**
 * scitag_rule_mark - what the packets of a rule's flows get
 * @rule: rule that does not exclude
 * @key: key of the flow
 *
 * Return: its mark.
 */
static inline struct scitag_mark *
scitag_rule_mark(const struct scitag_rule *rule,
		 const struct scitag_flow_key *key)
{
	return rule->marks[key->protocol != IPPROTO_TCP];
}

/**
 * scitag_ruleset_alloc - make a set with room for rules
 * @count: how many
 *
 * Context: process, may sleep.
 * Return: a set of so many rules that are all 0, or NULL.
 */
struct scitag_ruleset *scitag_ruleset_alloc(u32 count);

/**
 * scitag_ruleset_free - free a set with all that its rules hold
 * @set: set that no packet can see any more, or NULL
 *
 * Context: process, may sleep.
 */
void scitag_ruleset_free(struct scitag_ruleset *set);

/**
 * scitag_ruleset_install - put a set in the place of the one before
 * @snet: namespace
 * @set: set whose rules are in order, which gives them their ids; or NULL.
 *       On success it is the namespace's.
 *
 * Context: process, may sleep, @snet->lock held.
 * Return: 0, or an error of registering the hooks with nothing changed.
 */
int scitag_ruleset_install(struct scitag_net *snet, struct scitag_ruleset *set);

/**
 * scitag_rule_find - find a rule by its id
 * @snet: namespace
 * @id: id
 *
 * Context: @snet->lock held.
 * Return: the rule, or NULL if it is no longer in force.
 */
struct scitag_rule *scitag_rule_find(struct scitag_net *snet, u32 id);

/**
 * scitag_rule_max - as many rules as a namespace may have
 *
 * Return: the module parameter max_rules.
 */
u32 scitag_rule_max(void);

#endif /* SCITAG_RULE_H */
