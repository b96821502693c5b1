/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Flows, and the table of them that each namespace has.
 */
#ifndef SCITAG_FLOW_H
#define SCITAG_FLOW_H

#include "mark.h"

#include <linux/atomic.h>
#include <linux/in6.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/rhashtable-types.h>
#include <linux/types.h>
#include <linux/workqueue.h>
#include <net/ipv6.h>

struct netlink_ext_ack;
struct scitag_net;
struct sock;

/**
 * struct scitag_flow_key - what identifies a flow in its namespace
 * @src: source address of its packets; IPv4 in its IPv4-mapped form
 * @dst: destination address
 * @sport: source port
 * @dport: destination port
 * @protocol: IPPROTO_TCP or IPPROTO_UDP
 * @zero: always 0; the key is hashed and compared as memory
 */
struct scitag_flow_key {
	struct in6_addr src;
	struct in6_addr dst;
	__be16 sport;
	__be16 dport;
	u8 protocol;
	u8 zero[3];
};

/**
 * struct scitag_flow - a flow
 * @node: in &scitag_net.table
 * @key: never changes
 * @mark: what its packets get; replaced under &scitag_net.lock, read under RCU
 * @packets: packets that left
 * @bytes: their octets
 * @marked: those that carry all marks
 * @snet: its namespace; not counted: it waits for the work of its flows
 * @id: number of the flow in its namespace
 * @entropy: entropy bits of its label, drawn once
 * @dead: has left the table; set before its last piece of work is queued
 * @room_sk: counted socket that the hook wants room in, or NULL
 * @room: octets that were last reserved; belongs to @room_work
 * @room_work: sees to the room for headers in the flow's socket; holds a
 *             reference on the flow while it is queued
 * @refs: the table and a queued @room_work hold one each
 * @rcu: for the grace period before it is freed
 */
struct scitag_flow {
	struct rhash_head node;
	struct scitag_flow_key key;
	struct scitag_mark __rcu *mark;

	atomic64_t packets ____cacheline_aligned_in_smp;
	atomic64_t bytes;
	atomic64_t marked;

	struct scitag_net *snet ____cacheline_aligned_in_smp;
	u32 id;
	u32 entropy;
	bool dead;
	struct sock *room_sk;
	int room;
	struct work_struct room_work;
	refcount_t refs;
	struct rcu_head rcu;
};

/**
 * scitag_flow_is_ipv4 - is it a flow over IPv4?
 * @key: key of the flow
 *
 * Return: true if so; such a flow is never marked.
 */
static inline bool scitag_flow_is_ipv4(const struct scitag_flow_key *key)
{
	return ipv6_addr_v4mapped(&key->src);
}

/**
 * scitag_flow_alloc - make a flow that is in no table yet
 * @snet: its namespace
 * @key: its key, checked
 * @spec: its mark, checked; no flags for a flow that is not to be marked
 *
 * Context: process, may sleep.
 * Return: a flow with one reference, or NULL.
 */
struct scitag_flow *scitag_flow_alloc(struct scitag_net *snet,
				      const struct scitag_flow_key *key,
				      const struct scitag_mark_spec *spec);

/**
 * scitag_flow_hold - take a reference on a flow found under RCU
 * @flow: flow
 *
 * Return: false if the last reference is gone already.
 */
static inline bool __must_check scitag_flow_hold(struct scitag_flow *flow)
{
	return refcount_inc_not_zero(&flow->refs);
}

/**
 * scitag_flow_put - give a reference back
 * @flow: flow, or NULL
 *
 * The last one frees the flow after a grace period.
 *
 * Context: any.
 */
void scitag_flow_put(struct scitag_flow *flow);

/**
 * scitag_flow_lookup - find a flow by its key
 * @snet: namespace
 * @key: key, with its zeros
 *
 * Context: under RCU or @snet->lock.
 * Return: the flow, valid as long as the caller's protection, or NULL.
 */
struct scitag_flow *scitag_flow_lookup(struct scitag_net *snet,
				       const struct scitag_flow_key *key);

/**
 * scitag_flow_lookup_id - find a flow by its id
 * @snet: namespace
 * @id: id
 *
 * Context: under RCU or @snet->lock.
 * Return: the flow, valid as long as the caller's protection, or NULL.
 */
struct scitag_flow *scitag_flow_lookup_id(struct scitag_net *snet, u32 id);

/**
 * scitag_flow_next - the flow with the lowest id from a number on
 * @snet: namespace
 * @id: where to start; set to the id of the flow that was found
 *
 * Context: under RCU or @snet->lock.
 * Return: the flow, valid as long as the caller's protection, or NULL.
 */
struct scitag_flow *scitag_flow_next(struct scitag_net *snet, int *id);

/**
 * scitag_flow_add - enter a flow into its namespace's table
 * @snet: namespace
 * @flow: from scitag_flow_alloc(); on success the table takes the reference
 * @extack: gets a text on an error
 *
 * The first flow that can be marked registers the hook.
 *
 * Context: process, may sleep, @snet->lock held.
 * Return: 0, -EEXIST, -ENOSPC, -ENOMEM or another error of registration.
 */
int scitag_flow_add(struct scitag_net *snet, struct scitag_flow *flow,
		    struct netlink_ext_ack *extack);

/**
 * scitag_flow_remark - give a flow the mark of another
 * @snet: namespace
 * @flow: flow in the table
 * @from: flow with the same key that is in no table; it loses its mark
 *
 * Entropy, id and counters of @flow stay.
 *
 * Context: process, @snet->lock held.
 */
void scitag_flow_remark(struct scitag_net *snet, struct scitag_flow *flow,
			struct scitag_flow *from);

/**
 * scitag_flow_del - take a flow out of the table
 * @snet: namespace
 * @flow: flow in the table; the table's reference passes to the caller
 *
 * The last flow that could be marked unregisters the hook.
 *
 * Context: process, @snet->lock held.
 */
void scitag_flow_del(struct scitag_net *snet, struct scitag_flow *flow);

/**
 * scitag_flow_max - as many flows as a namespace's table may hold
 *
 * Return: the module parameter max_flows.
 */
u32 scitag_flow_max(void);

/**
 * scitag_flow_table_init - make the table of a namespace
 * @snet: namespace
 *
 * Return: 0 or -errno.
 */
int scitag_flow_table_init(struct scitag_net *snet);

/**
 * scitag_flow_table_exit - delete all flows, wait for their work, free the table
 * @snet: namespace; its hook is gone and a grace period has passed since
 *
 * Context: process, may sleep.
 */
void scitag_flow_table_exit(struct scitag_net *snet);

#endif /* SCITAG_FLOW_H */
