/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the module keeps for each network namespace.
 */
#ifndef SCITAG_PERNET_H
#define SCITAG_PERNET_H

#include <linux/atomic.h>
#include <linux/idr.h>
#include <linux/list.h>
#include <linux/llist.h>
#include <linux/mutex.h>
#include <linux/rhashtable.h>
#include <linux/siphash.h>
#include <linux/timerqueue.h>
#include <linux/types.h>
#include <linux/workqueue.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>

struct nf_hook_ops;
struct scitag_ruleset;
struct scitag_stats;

/**
 * struct scitag_net - the module's state in one network namespace
 * @net: the namespace; not counted, it outlives this
 * @lock: serialises all changes of what is below, where nothing else is said
 * @table: flows by key; changed under @lock, read under RCU
 * @rules: the rules in force, or NULL; changed under @lock, read under RCU
 * @stats: counters of the namespace, one set for each CPU
 * @secret: what the entropy of flows is made of; never changes
 * @ids: flows by id, without those that have ended; changed under @lock,
 *       read under RCU
 * @flows: how many flows @ids holds; written under @lock
 * @ended: flows that have ended and are still in @table, oldest first
 * @ended_count: how many they are
 * @timed: how many flows in @ids have an idle or a hard timeout
 * @hooks: the hooks of IPv6 [0] and of IPv4 [1]; under @lock
 * @hook_users: how many flows and sets of rules want each of them
 * @hooked: are they registered? written under @lock
 * @generation: changes with every change of @ids; written under @lock
 * @event_seq: number of the last notification
 * @snapshot_lock: keeps snapshots in the order of their numbers
 * @snapshot_seq: number of the last snapshot; under @snapshot_lock
 * @sampler: takes snapshots when they are due
 * @sampler_rest: when it may go on, in jiffies; for @sampler alone
 * @due: flows by when their next snapshot is due; under @lock
 * @urgent: flows that something has happened to; for @sampler
 * @sampled: did anybody listen when @sampler looked last?
 * @last_rule_id: id that was given to a rule last
 * @works: pieces of work that are queued for sockets of its flows
 * @lifetime: ends flows when their time has come
 * @sweep: id of the flow where @lifetime goes on looking
 * @sweep_at: when, in jiffies
 * @closing: flows whose connection has closed; for @lifetime
 * @tracked: packets of connections that are no flows yet; for @lifetime
 * @tracked_count: how many they are
 * @untracked: packets of which no flow could be made
 */
struct scitag_net {
	struct net *net;
	struct mutex lock; /* of all changes to what is below */
	struct rhashtable table;
	struct scitag_ruleset __rcu *rules;
	struct scitag_stats __percpu *stats;
	hsiphash_key_t secret;

	struct idr ids;
	u32 flows;
	struct list_head ended;
	u32 ended_count;
	u32 timed;
	struct nf_hook_ops *hooks;
	u32 hook_users[2];
	bool hooked[2];
	u32 generation;
	u64 event_seq;
	u32 last_rule_id;

	struct mutex snapshot_lock; /* of the numbers of snapshots */
	u64 snapshot_seq;
	struct delayed_work sampler;
	unsigned long sampler_rest;
	struct timerqueue_head due;
	struct llist_head urgent;
	bool sampled;

	atomic_t works;
	struct delayed_work lifetime;
	int sweep;
	unsigned long sweep_at;
	struct llist_head closing;
	struct llist_head tracked;
	atomic_t tracked_count;
	atomic64_t untracked;
};

extern unsigned int scitag_pernet_id;

/**
 * scitag_pernet - the module's state in a namespace
 * @net: a namespace that is not past its exit
 *
 * Context: any.
 * Return: never NULL while the module is initialised.
 */
static inline struct scitag_net *scitag_pernet(const struct net *net)
{
	return net_generic(net, scitag_pernet_id);
}

/**
 * scitag_pernet_init - set up every namespace, now and when one is made
 *
 * Context: process, at module init, when flows, rooms and lifetimes are ready.
 * Return: 0 or -errno.
 */
int scitag_pernet_init(void);

/**
 * scitag_pernet_exit - unhook and empty every namespace
 *
 * Context: process, at module exit. May sleep. Afterwards flows may still
 * wait for a grace period: rcu_barrier() before the code goes away.
 */
void scitag_pernet_exit(void);

#endif /* SCITAG_PERNET_H */
