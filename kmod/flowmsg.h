/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Flows as netlink attributes (the nest SCITAG_A_FLOW), both ways.
 */
#ifndef SCITAG_FLOWMSG_H
#define SCITAG_FLOWMSG_H

#include <uapi/linux/scitag.h>

#include <linux/types.h>
#include <net/netlink.h>

struct in6_addr;
struct netlink_ext_ack;
struct scitag_flow;
struct scitag_flow_spec;
struct scitag_mark_spec;
struct scitag_net;
struct sk_buff;

/*
 * What requests to add and replace take, what those to name a flow do, and
 * what a rule says of its flows.
 */
extern const struct nla_policy scitag_flowmsg_spec_policy[SCITAG_FLOW_A_MAX + 1];
extern const struct nla_policy scitag_flowmsg_name_policy[SCITAG_FLOW_A_MAX + 1];
extern const struct nla_policy scitag_flowmsg_rule_policy[SCITAG_FLOW_A_MAX + 1];

/**
 * scitag_flowmsg_parse_spec - read a flow that is to be added
 * @nest: flow attribute, validated against scitag_flowmsg_spec_policy
 * @spec: filled; no marks if it is an IPv4 flow
 * @extack: gets a text and the attribute on an error, and a warning for IPv4
 *
 * Return: 0 or -EINVAL, -ERANGE or -EAFNOSUPPORT.
 */
int scitag_flowmsg_parse_spec(const struct nlattr *nest,
			      struct scitag_flow_spec *spec,
			      struct netlink_ext_ack *extack);

/**
 * scitag_flowmsg_parse_rule - read what the flows of a rule are to be
 * @nest: flow attribute of a rule, validated against scitag_flowmsg_rule_policy
 * @spec: filled but for key, protocol and, if it is not given, layout
 * @extack: gets a text and the attribute on an error
 *
 * Return: 0 or -EINVAL or -ERANGE.
 */
int scitag_flowmsg_parse_rule(const struct nlattr *nest,
			      struct scitag_flow_spec *spec,
			      struct netlink_ext_ack *extack);

/**
 * scitag_flowmsg_layout - the layout of a mark
 * @spec: spec whose layout may be SCITAG_MARK_LAYOUT_DEFAULT
 *
 * Return: its layout, or the default for its protocol.
 */
u8 scitag_flowmsg_layout(const struct scitag_mark_spec *spec);

/**
 * scitag_flowmsg_parse_address - read an address
 * @addr: filled; IPv4 in its IPv4-mapped form
 * @attr: attribute of 4 or 16 octets
 * @extack: gets a text and the attribute on an error
 *
 * Return: 0 or -EINVAL.
 */
int scitag_flowmsg_parse_address(struct in6_addr *addr,
				 const struct nlattr *attr,
				 struct netlink_ext_ack *extack);

/**
 * scitag_flowmsg_put_address - write an address
 * @skb: netlink message
 * @attr: attribute
 * @addr: address; IPv4 in its IPv4-mapped form is written in 4 octets
 *
 * Return: 0 or -EMSGSIZE.
 */
int scitag_flowmsg_put_address(struct sk_buff *skb, int attr,
			       const struct in6_addr *addr);

/**
 * scitag_flowmsg_put_rule - write what the flows of a rule are to be
 * @skb: netlink message, within a rule
 * @spec: what they are
 *
 * Return: 0 or -EMSGSIZE.
 */
int scitag_flowmsg_put_rule(struct sk_buff *skb,
			    const struct scitag_flow_spec *spec);

/**
 * scitag_flowmsg_find - find the flow that a request names
 * @snet: namespace
 * @nest: flow attribute, validated against scitag_flowmsg_name_policy
 * @flow: set to the flow
 * @extack: gets a text and the attribute on an error
 *
 * Context: under RCU or @snet->lock, which also keeps the flow there.
 * Return: 0, -ENOENT or -EINVAL.
 */
int scitag_flowmsg_find(struct scitag_net *snet, const struct nlattr *nest,
			struct scitag_flow **flow,
			struct netlink_ext_ack *extack);

/* Enough for a flow without tcp_info in a message of its own. */
#define SCITAG_FLOWMSG_SIZE 416

/**
 * scitag_flowmsg_put - write a flow into a message
 * @skb: netlink message
 * @flow: flow
 * @tcp_info: snapshot of its socket, or NULL
 * @tcp_info_len: octets of it
 *
 * Context: under RCU or the lock of the flow's namespace.
 * Return: 0 or -EMSGSIZE, with @skb as it was.
 */
int scitag_flowmsg_put(struct sk_buff *skb, const struct scitag_flow *flow,
		       const void *tcp_info, size_t tcp_info_len);

#endif /* SCITAG_FLOWMSG_H */
