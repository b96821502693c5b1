/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the module keeps for each network namespace.
 */
#ifndef SCITAG_PERNET_H
#define SCITAG_PERNET_H

#include <linux/atomic.h>
#include <linux/idr.h>
#include <linux/mutex.h>
#include <linux/rhashtable.h>
#include <linux/types.h>

struct net;
struct scitag_stats;

/**
 * struct scitag_net - the module's state in one network namespace
 * @net: the namespace; not counted, it outlives this
 * @lock: serialises all changes of what is below
 * @table: flows by key; changed under @lock, read under RCU
 * @ids: flows by id; changed under @lock, read under RCU
 * @flows: how many flows @table holds; written under @lock
 * @hook_users: how many of them can be marked; under @lock
 * @hooked: is the netfilter hook registered? written under @lock
 * @generation: changes with every change of @table; written under @lock
 * @event_seq: number of the last notification; under @lock
 * @stats: counters of the namespace, one set for each CPU
 * @room_works: pieces of work that are queued for its flows
 */
struct scitag_net {
	struct net *net;
	struct mutex lock; /* of all changes to what is below */
	struct rhashtable table;
	struct idr ids;
	u32 flows;
	u32 hook_users;
	bool hooked;
	u32 generation;
	u64 event_seq;
	struct scitag_stats __percpu *stats;
	atomic_t room_works;
};

/**
 * scitag_pernet - the module's state in a namespace
 * @net: a namespace that is not past its exit
 *
 * Context: any.
 * Return: never NULL while the module is initialised.
 */
struct scitag_net *scitag_pernet(const struct net *net);

/**
 * scitag_pernet_init - set up every namespace, now and when one is made
 *
 * Context: process, at module init, after scitag_sock_init().
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
