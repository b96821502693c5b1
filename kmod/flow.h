/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Flows, and the table of them that each namespace has.
 */
#ifndef SCITAG_FLOW_H
#define SCITAG_FLOW_H

#include "mark.h"

#include <linux/atomic.h>
#include <linux/bitops.h>
#include <linux/in6.h>
#include <linux/inet_diag.h>
#include <linux/list.h>
#include <linux/llist.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/rhashtable-types.h>
#include <linux/types.h>
#include <net/ipv6.h>
#include <net/tcp.h>

struct netlink_ext_ack;
struct scitag_net;
struct scitag_sample;

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
} __aligned(8);

/**
 * struct scitag_sample_spec - when snapshots of a flow are to be taken
 * @interval_ms: milliseconds from one to the next, or 0
 * @on: on what else, bits of enum scitag_snapshot_trigger
 * @factor: by how much, in percent, what is watched has to change
 */
struct scitag_sample_spec {
	u32 interval_ms;
	u32 on;
	u32 factor;
};

/**
 * struct scitag_flow_spec - what a flow is to be
 * @key: its key; of no meaning for the flows of a rule
 * @mark: its mark; no flags if it is not to be marked
 * @idle_s: seconds without a packet after which it ends, or 0
 * @hard_s: seconds after which it ends, or 0
 * @rule: id of the rule that makes it, or 0
 * @end_on_close: does it end when its TCP connection does?
 * @sample: when snapshots of it are to be taken
 */
struct scitag_flow_spec {
	struct scitag_flow_key key;
	struct scitag_mark_spec mark;
	u32 idle_s;
	u32 hard_s;
	u32 rule;
	bool end_on_close;
	struct scitag_sample_spec sample;
};

/* Bits of &scitag_flow.state. */
enum scitag_flow_state {
	/* Has left the table; its socket needs no room any more. */
	SCITAG_FLOW_DEAD,
	/* Has ended, and stays for the last packets of its connection. */
	SCITAG_FLOW_ENDED,
	/* Its connection has closed, or its time has come: is in @closing. */
	SCITAG_FLOW_CLOSING,
	/* Somebody sees to the room in its socket already. */
	SCITAG_FLOW_ROOM_ASKED,
};

/**
 * struct scitag_cong - the congestion control of a connection
 * @name: its name; empty if it is not known
 * @kind: what @info is: INET_DIAG_VEGASINFO ...
 * @len: octets of @info; 0 if it tells nothing of itself
 * @info: what it tells
 */
struct scitag_cong {
	char name[TCP_CA_NAME_MAX];
	int kind;
	u32 len;
	union tcp_cc_info info;
};

/**
 * struct scitag_closed - what is taken from a connection as it closes
 * @sk: its socket, with a reference, or NULL
 * @bytes_acked: as it was; the kernel wipes the counters of some sockets
 * @cong: its congestion control, which the socket gives up
 * @state: that it closed from; TIME_WAIT if both ends have sent their FIN
 */
struct scitag_closed {
	struct sock *sk;
	u64 bytes_acked;
	struct scitag_cong cong;
	u8 state;
};

/**
 * struct scitag_flow - a flow
 * @node: in &scitag_net.table
 * @key: never changes
 * @mark: what its packets get; replaced under &scitag_net.lock, read under RCU
 * @entropy: entropy bits of its label; never change
 * @bound_if: device that its socket is bound to, or 0; written by whoever
 *            meets the socket, and always the same
 * @packets: packets that left
 * @bytes: their octets
 * @unmarked: those that do not carry all marks
 * @used: when the last one left, in jiffies
 * @state: bits of enum scitag_flow_state
 * @snet: its namespace; not counted: it waits for the work of its flows
 * @id: number of the flow in its namespace; 0 while it is in no table
 * @rule: id of the rule that made it, or 0
 * @sample: its snapshots, or NULL; set once, under &scitag_net.lock
 * @refs: the table holds one, and so does whoever works on it
 * @room: octets that were last reserved; under its socket's lock
 * @end_on_close: does it end when its TCP connection does?
 * @end_reason: enum scitag_end_reason; set before @closing is queued
 * @idle_s: seconds without a packet after which it ends, or 0
 * @hard_s: seconds after which it ends, or 0
 * @born: when it began, ktime_get_ns()
 * @ended: when it ended, in jiffies
 * @closed: until then, while it is in @closing: what its socket left
 * @link: in &scitag_net.ended; under &scitag_net.lock
 * @closing: in &scitag_net.closing, with a reference
 * @rcu: for the grace period before it is freed
 *
 * What a lookup reads is in the first cache line, what every packet of the
 * flow writes in the second.
 */
struct scitag_flow {
	struct rhash_head node;
	struct scitag_flow_key key;
	struct scitag_mark __rcu *mark;
	u32 entropy;
	int bound_if;

	atomic64_t packets;
	atomic64_t bytes;
	atomic64_t unmarked;
	unsigned long used;
	unsigned long state;
	struct scitag_net *snet;
	u32 id;
	u32 rule;
	struct scitag_sample *sample;

	refcount_t refs;
	u16 room;
	bool end_on_close;
	u8 end_reason;
	u32 idle_s;
	u32 hard_s;
	u64 born;
	union {
		unsigned long ended;
		struct scitag_closed closed;
	};
	struct list_head link;
	union {
		struct llist_node closing;
		struct rcu_head rcu;
	};
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
 * scitag_flow_entropy - the entropy bits of a flow
 * @snet: namespace
 * @key: key of the flow
 *
 * The same for each packet of a flow even when the table does not know it:
 * pseudo-random, with a secret that the namespace draws.
 *
 * Return: bits of SCITAG_LABEL_ENTROPY_MASK.
 */
u32 scitag_flow_entropy(const struct scitag_net *snet,
			const struct scitag_flow_key *key);

/**
 * scitag_flow_alloc - make a flow that is in no table yet
 * @snet: its namespace
 * @spec: what it is to be, checked
 *
 * Context: process, may sleep.
 * Return: a flow with one reference, or NULL.
 */
struct scitag_flow *scitag_flow_alloc(struct scitag_net *snet,
				      const struct scitag_flow_spec *spec);

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
 * scitag_flow_lookup - find a flow by its key, one that has ended included
 * @snet: namespace
 * @key: key, with its zeros
 *
 * Context: under RCU.
 * Return: the flow, valid as long as that, or NULL.
 */
struct scitag_flow *scitag_flow_lookup(struct scitag_net *snet,
				       const struct scitag_flow_key *key);

/**
 * scitag_flow_find - find a flow that has not ended by its key
 * @snet: namespace
 * @key: key, with its zeros
 *
 * Context: under RCU or @snet->lock.
 * Return: the flow, valid as long as the caller's protection, or NULL.
 */
struct scitag_flow *scitag_flow_find(struct scitag_net *snet,
				     const struct scitag_flow_key *key);

/**
 * scitag_flow_find_id - find a flow that has not ended by its id
 * @snet: namespace
 * @id: id
 *
 * Context: under RCU or @snet->lock.
 * Return: the flow, valid as long as the caller's protection, or NULL.
 */
struct scitag_flow *scitag_flow_find_id(struct scitag_net *snet, u32 id);

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
 * scitag_flow_next_get - the same with a reference, for those who will sleep
 * @snet: namespace
 * @id: where to start; set to the id of the flow that was found
 *
 * Context: process or softirq.
 * Return: the flow, or NULL.
 */
struct scitag_flow *scitag_flow_next_get(struct scitag_net *snet, int *id);

/**
 * scitag_flow_add - enter a flow into its namespace's table
 * @snet: namespace
 * @flow: from scitag_flow_alloc(); on success the table takes the reference
 * @extack: gets a text on an error, or NULL
 *
 * Takes the place of one with the same key that has ended.
 *
 * Context: process, may sleep, @snet->lock held.
 * Return: 0, -EEXIST, -ENOSPC, -ENOMEM or another error of registration.
 */
int scitag_flow_add(struct scitag_net *snet, struct scitag_flow *flow,
		    struct netlink_ext_ack *extack);

/**
 * scitag_flow_replace - give a flow the mark and the lifetime of another
 * @snet: namespace
 * @flow: flow in the table
 * @from: flow with the same key that is in no table
 *
 * Entropy, id, age and counters of @flow stay.
 *
 * Context: process, @snet->lock held.
 */
void scitag_flow_replace(struct scitag_net *snet, struct scitag_flow *flow,
			 struct scitag_flow *from);

/**
 * scitag_flow_del - take a flow out of the table
 * @snet: namespace
 * @flow: flow in the table; the table's reference passes to the caller
 *
 * Context: process, @snet->lock held.
 */
void scitag_flow_del(struct scitag_net *snet, struct scitag_flow *flow);

/**
 * scitag_flow_retire - leave a flow in the table for its last packets only
 * @snet: namespace
 * @flow: flow in the table; it is no longer found, counted or listed
 *
 * Context: process, @snet->lock held.
 */
void scitag_flow_retire(struct scitag_net *snet, struct scitag_flow *flow);

/**
 * scitag_flow_drop_ended - take all flows that have ended out of the table
 * @snet: namespace
 *
 * Context: process, @snet->lock held.
 */
void scitag_flow_drop_ended(struct scitag_net *snet);

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
 * scitag_flow_table_exit - delete all flows and free the table
 * @snet: namespace; its hooks are gone and a grace period has passed since
 *
 * Context: process, may sleep.
 */
void scitag_flow_table_exit(struct scitag_net *snet);

/**
 * scitag_flow_init - get ready, at module init
 *
 * Return: 0 or -ENOMEM.
 */
int scitag_flow_init(void);

/**
 * scitag_flow_exit - undo scitag_flow_init(), when all flows are freed
 */
void scitag_flow_exit(void);

#endif /* SCITAG_FLOW_H */
