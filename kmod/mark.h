/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a flow's packets are marked with, made once and written many times.
 */
#ifndef SCITAG_MARK_H
#define SCITAG_MARK_H

#include <linux/rcupdate.h>
#include <linux/types.h>

struct sk_buff;

/* A Hop-by-Hop Options header of 8 octets and a Destination one of 16. */
#define SCITAG_MARK_HEADERS_MAX 24

/**
 * struct scitag_mark_spec - what was asked for
 * @flags: bits of enum scitag_mark_flags
 * @experiment: experiment id
 * @activity: activity id
 * @layout: enum scitag_layout
 * @option_type: option type
 */
struct scitag_mark_spec {
	u32 flags;
	u16 experiment;
	u8 activity;
	u8 layout;
	u8 option_type;
};

/**
 * struct scitag_mark - what is written into packets
 * @rcu: for the grace period after a replacement
 * @spec: what it was made from
 * @label: flow label with entropy, 20 bits, network order
 * @headers_len: octets of @headers: 0, 8, 16 or 24
 * @first: next header value of the first of them
 * @headers: the extension headers; the last leads on to the flow's protocol
 *
 * Never changes once a packet could see it.
 */
struct scitag_mark {
	struct rcu_head rcu;
	struct scitag_mark_spec spec;
	__be32 label;
	u8 headers_len;
	u8 first;
	u8 headers[SCITAG_MARK_HEADERS_MAX];
};

/**
 * scitag_mark_init - make a mark
 * @mark: to be filled; nobody else may see it yet
 * @spec: what is asked for; checked already
 * @protocol: upper-layer protocol of the flow
 * @entropy: entropy of the flow
 */
void scitag_mark_init(struct scitag_mark *mark,
		      const struct scitag_mark_spec *spec, u8 protocol,
		      u32 entropy);

/**
 * scitag_mark_label - write the flow label, and nothing else
 * @skb: IPv6 packet with its network header set
 * @mark: with SCITAG_MARK_LABEL
 *
 * Version and traffic class (DSCP, ECN) stay as they are.
 *
 * Context: softirq or process, under RCU.
 * Warning: may reallocate the packet's head; re-read pointers into it.
 * Return: 0, or -ENOMEM with the packet as it was.
 */
int scitag_mark_label(struct sk_buff *skb, const struct scitag_mark *mark);

#endif /* SCITAG_MARK_H */
