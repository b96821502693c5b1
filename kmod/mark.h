/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What packets are marked with, made once and written many times. Flows that
 * are to be marked alike share a mark; the entropy of a label is the flow's.
 */
#ifndef SCITAG_MARK_H
#define SCITAG_MARK_H

#include <scitag/label.h>

#include <linux/ipv6.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/skbuff.h>
#include <linux/types.h>

/* A Hop-by-Hop Options header of 8 octets and a Destination one of 16. */
#define SCITAG_MARK_HEADERS_MAX 24

/* In a spec, until the protocol of the flow is known. */
#define SCITAG_MARK_LAYOUT_DEFAULT 0xff

/**
 * struct scitag_mark_spec - what was asked for
 * @flags: bits of enum scitag_mark_flags
 * @experiment: experiment id
 * @activity: activity id
 * @layout: enum scitag_layout
 * @option_type: option type
 * @entropy: enum scitag_entropy
 * @oversize: enum scitag_oversize
 * @protocol: upper-layer protocol that the headers lead on to
 *
 * Without holes: it is hashed and compared as memory.
 */
struct scitag_mark_spec {
	u32 flags;
	u16 experiment;
	u8 activity;
	u8 layout;
	u8 option_type;
	u8 entropy;
	u8 oversize;
	u8 protocol;
};

/**
 * struct scitag_mark - what is written into packets
 * @spec: what it was made from
 * @label: flow label without entropy, host byte order
 * @entropy_mask: bits of the label that are the flow's entropy
 * @headers_len: octets of @headers: 0, 8, 16 or 24
 * @first: next header value of the first of them
 * @label_at: where in @headers the label is, in up to two places; 0: nowhere
 * @headers: the extension headers; the last leads on to the protocol
 * @node: in the list of all marks, under its lock
 * @refs: flows and rules that have it
 * @rcu: for the grace period before it is freed
 *
 * Never changes once a packet could see it.
 */
struct scitag_mark {
	struct scitag_mark_spec spec;
	u32 label;
	u32 entropy_mask;
	u8 headers_len;
	u8 first;
	u8 label_at[2];
	u8 headers[SCITAG_MARK_HEADERS_MAX];

	struct hlist_node node;
	refcount_t refs;
	struct rcu_head rcu;
};

/**
 * scitag_mark_init - draw a secret, at module init
 */
void scitag_mark_init(void);

/**
 * scitag_mark_get - the mark for a spec
 * @spec: what is asked for; checked already
 *
 * Context: process, may sleep.
 * Return: a mark with a reference for the caller, or NULL without memory.
 */
struct scitag_mark *scitag_mark_get(const struct scitag_mark_spec *spec);

/**
 * scitag_mark_hold - take one more reference
 * @mark: mark that the caller has a reference to
 */
static inline void scitag_mark_hold(struct scitag_mark *mark)
{
	refcount_inc(&mark->refs);
}

/**
 * scitag_mark_put - give a reference back
 * @mark: mark, or NULL
 *
 * Readers under RCU may go on using it until they are done.
 *
 * Context: any but hard interrupts.
 */
void scitag_mark_put(struct scitag_mark *mark);

/**
 * scitag_mark_label - the flow label that packets get
 * @mark: mark
 * @entropy: entropy of their flow
 *
 * Return: a label of 20 bits in host byte order.
 */
static inline u32 scitag_mark_label(const struct scitag_mark *mark, u32 entropy)
{
	return mark->label | (entropy & mark->entropy_mask);
}

/**
 * scitag_mark_write_label - write a flow label, and nothing else
 * @skb: IPv6 packet with its network header set
 * @label: label, host byte order
 *
 * Version and traffic class (DSCP, ECN) stay as they are.
 *
 * Context: softirq or process, under RCU.
 * Warning: may reallocate the packet's head; re-read pointers into it.
 * Return: 0, or -ENOMEM with the packet as it was.
 */
static inline int scitag_mark_write_label(struct sk_buff *skb, u32 label)
{
	const __be32 mask = cpu_to_be32(SCITAG_LABEL_MASK);
	unsigned int end = skb_network_offset(skb) + sizeof(struct ipv6hdr);
	__be32 *word = (__be32 *)skb_network_header(skb);
	__be32 new = (*word & ~mask) | cpu_to_be32(label);

	if (*word == new)
		return 0;
	/* As a rule nobody else has a part in the headers of a new packet. */
	if (unlikely(skb_cloned(skb) && !skb_clone_writable(skb, end))) {
		if (skb_ensure_writable(skb, end))
			return -ENOMEM;
		word = (__be32 *)skb_network_header(skb);
	}
	*word = new;
	return 0;
}

#endif /* SCITAG_MARK_H */
