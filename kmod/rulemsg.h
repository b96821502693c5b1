/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Rules as netlink attributes (the nest SCITAG_A_RULE), both ways.
 */
#ifndef SCITAG_RULEMSG_H
#define SCITAG_RULEMSG_H

#include <uapi/linux/scitag.h>

#include <net/netlink.h>

struct netlink_ext_ack;
struct scitag_rule;
struct sk_buff;

/* What a request to set rules takes. */
extern const struct nla_policy scitag_rulemsg_policy[SCITAG_RULE_A_MAX + 1];

/**
 * scitag_rulemsg_parse - read a rule
 * @nest: rule attribute, validated against scitag_rulemsg_policy
 * @rule: all 0; filled but for its id. It may hold references even on an error.
 * @extack: gets a text and the attribute on an error
 *
 * Context: process of the requester, whose user namespace uids are of.
 * Return: 0 or -errno.
 */
int scitag_rulemsg_parse(const struct nlattr *nest, struct scitag_rule *rule,
			 struct netlink_ext_ack *extack);

/**
 * scitag_rulemsg_put - write a rule into a message
 * @skb: netlink message
 * @rule: rule
 *
 * Context: process of the requester, lock of the rule's namespace held.
 * Return: 0 or -EMSGSIZE, with @skb as it was.
 */
int scitag_rulemsg_put(struct sk_buff *skb, const struct scitag_rule *rule);

#endif /* SCITAG_RULEMSG_H */
