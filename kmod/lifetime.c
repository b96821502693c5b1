// SPDX-License-Identifier: GPL-2.0
#include "lifetime.h"

#include "event.h"
#include "flow.h"
#include "pernet.h"
#include "sampler.h"
#include "snapshot.h"
#include "track.h"

#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/llist.h>
#include <linux/slab.h>
#include <linux/workqueue.h>
#include <net/sock.h>
#include <net/tcp.h>

/* Not that of the rooms, whose work may wait for the owners of sockets. */
static struct workqueue_struct *lifetime_wq;

/* Flows to be looked at in one go, with the lock of the namespace held. */
#define SWEEP_FLOWS 4096

/* When to look again at a socket that its owner has locked: in 10 ms. */
#define CLOSING_RETRY max(HZ / 100, 1)

/* The last packets of a connection are those that its TIME_WAIT answers. */
#define ENDED_STAY TCP_TIMEWAIT_LEN

static bool lifetime_is_over(const struct scitag_flow *flow)
{
	return test_bit(SCITAG_FLOW_ENDED, &flow->state) ||
	       test_bit(SCITAG_FLOW_DEAD, &flow->state);
}

static bool lifetime_has_closed(const struct scitag_flow *flow)
{
	return flow->end_reason != SCITAG_END_REASON_IDLE &&
	       flow->end_reason != SCITAG_END_REASON_EXPIRED;
}

/* The last snapshot of a flow, where somebody will want to see it. */
static struct nlattr *lifetime_final(struct scitag_net *snet,
				     struct scitag_flow *flow)
{
	struct scitag_closed *closed = &flow->closed;
	struct nlattr *final = NULL;

	if (!closed->sk) {
		scitag_sampler_last(snet, flow);
		return NULL;
	}
	if (!READ_ONCE(flow->end_on_close) || scitag_sampler_wanted(snet))
		final = scitag_snapshot_final(flow, NULL, closed);
	scitag_snapshot_closed_put(closed);
	return final;
}

/* A flow whose connection has closed, or whose time has come. */
static void lifetime_end(struct scitag_net *snet, struct scitag_flow *flow)
{
	bool closed = lifetime_has_closed(flow);

	if (closed && !READ_ONCE(flow->end_on_close)) {
		/* It stays, and another connection may close. */
		clear_bit_unlock(SCITAG_FLOW_CLOSING, &flow->state);
		return;
	}
	if (closed)
		scitag_flow_retire(snet, flow);
	else
		scitag_flow_del(snet, flow);
	scitag_event_flow(snet, SCITAG_CMD_FLOW_END_NTF, flow,
			  flow->end_reason);
	if (!closed)
		scitag_flow_put(flow);
}

/*
 * There may be notes of packets that left before a connection closed. They are
 * seen to when it is known that it has, or they would begin another flow.
 */
static void lifetime_end_one(struct scitag_net *snet, struct scitag_flow *flow)
{
	struct nlattr *final = lifetime_final(snet, flow);

	mutex_lock(&snet->lock);
	scitag_track_run(snet);
	if (lifetime_is_over(flow)) {
		kfree(final);
	} else {
		scitag_sampler_keep(snet, flow, final);
		lifetime_end(snet, flow);
	}
	mutex_unlock(&snet->lock);
	scitag_flow_put(flow);
}

/* One whose owner has its socket locked has to wait, but nobody with it. */
static void lifetime_end_closing(struct scitag_net *snet)
{
	struct llist_node *closing = llist_del_all(&snet->closing);
	struct scitag_flow *flow, *next;

	closing = llist_reverse_order(closing);
	llist_for_each_entry_safe(flow, next, closing, closing) {
		if (flow->closed.sk &&
		    sock_owned_by_user_nocheck(flow->closed.sk))
			llist_add(&flow->closing, &snet->closing);
		else
			lifetime_end_one(snet, flow);
		cond_resched();
	}
}

static void lifetime_drop_ended(struct scitag_net *snet)
{
	struct scitag_flow *flow, *next;

	list_for_each_entry_safe(flow, next, &snet->ended, link) {
		if (time_before(jiffies, flow->ended + ENDED_STAY))
			break;
		scitag_flow_del(snet, flow);
		scitag_flow_put(flow);
	}
}

/* Why a flow's time has come; 0 if it has not. */
static int lifetime_expired(const struct scitag_flow *flow)
{
	unsigned long idle = jiffies - READ_ONCE(flow->used);

	if (flow->hard_s &&
	    ktime_get_ns() - flow->born >= (u64)flow->hard_s * NSEC_PER_SEC)
		return SCITAG_END_REASON_EXPIRED;
	if (flow->idle_s && (long)idle > 0 && idle >= (u64)flow->idle_s * HZ)
		return SCITAG_END_REASON_IDLE;
	return 0;
}

/* Look at some flows; at all of them about once a second. */
static void lifetime_sweep(struct scitag_net *snet)
{
	struct scitag_flow *flow;
	int id = snet->sweep;
	int reason, n;

	if (time_before(jiffies, snet->sweep_at))
		return;
	for (n = 0; n < SWEEP_FLOWS; n++, id++) {
		flow = scitag_flow_next(snet, &id);
		if (!flow) {
			snet->sweep = 0;
			snet->sweep_at = jiffies + HZ;
			return;
		}
		reason = lifetime_expired(flow);
		if (reason)
			scitag_lifetime_closed(flow, NULL, reason);
	}
	snet->sweep = id;
	snet->sweep_at = jiffies + 1;
}

static void lifetime_work(struct work_struct *work)
{
	struct scitag_net *snet =
		container_of(work, struct scitag_net, lifetime.work);
	unsigned long delay = HZ;
	bool again;

	lifetime_end_closing(snet);
	mutex_lock(&snet->lock);
	scitag_track_run(snet);
	lifetime_drop_ended(snet);
	if (snet->timed) {
		lifetime_sweep(snet);
		delay = max(1L, (long)(snet->sweep_at - jiffies));
	}
	again = snet->timed || snet->ended_count;
	mutex_unlock(&snet->lock);

	if (!llist_empty(&snet->closing))
		delay = CLOSING_RETRY;
	else if (!again)
		return;
	queue_delayed_work(lifetime_wq, &snet->lifetime, delay);
}

void scitag_lifetime_closed(struct scitag_flow *flow, struct sock *sk,
			    enum scitag_end_reason reason)
{
	struct scitag_net *snet = flow->snet;

	if (lifetime_is_over(flow) ||
	    test_and_set_bit(SCITAG_FLOW_CLOSING, &flow->state))
		return;
	if (!scitag_flow_hold(flow))
		return;
	flow->end_reason = reason;
	if (sk)
		scitag_snapshot_close(&flow->closed, sk);
	else
		flow->closed.sk = NULL;
	if (llist_add(&flow->closing, &snet->closing))
		scitag_lifetime_kick(snet);
}

void scitag_lifetime_kick(struct scitag_net *snet)
{
	mod_delayed_work(lifetime_wq, &snet->lifetime, 0);
}

void scitag_lifetime_start(struct scitag_net *snet)
{
	INIT_DELAYED_WORK(&snet->lifetime, lifetime_work);
	snet->sweep_at = jiffies;
	init_llist_head(&snet->closing);
	init_llist_head(&snet->tracked);
}

void scitag_lifetime_stop(struct scitag_net *snet)
{
	struct scitag_flow *flow, *next;

	cancel_delayed_work_sync(&snet->lifetime);
	scitag_track_flush(snet);
	llist_for_each_entry_safe(flow, next, llist_del_all(&snet->closing),
				  closing) {
		scitag_snapshot_closed_put(&flow->closed);
		scitag_flow_put(flow);
	}
}

int scitag_lifetime_init(void)
{
	lifetime_wq = alloc_workqueue("scitag_lifetime", WQ_UNBOUND, 0);
	return lifetime_wq ? 0 : -ENOMEM;
}

void scitag_lifetime_exit(void)
{
	destroy_workqueue(lifetime_wq);
}
