/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The requests about rules: rule-set and rule-get.
 */
#ifndef SCITAG_RULECMD_H
#define SCITAG_RULECMD_H

struct genl_info;
struct netlink_callback;
struct sk_buff;

/**
 * scitag_rulecmd_set - put the rules of a request in the place of all
 * @skb: the request
 * @info: its attributes, validated
 *
 * Return: 0 or -errno, with a text.
 */
int scitag_rulecmd_set(struct sk_buff *skb, struct genl_info *info);

/**
 * scitag_rulecmd_dump - write the rules, as many as fit, from where it ended
 * @skb: the answer
 * @cb: how far it has come
 *
 * Return: octets written; 0 at the end.
 */
int scitag_rulecmd_dump(struct sk_buff *skb, struct netlink_callback *cb);

#endif /* SCITAG_RULECMD_H */
