// SPDX-License-Identifier: GPL-2.0
#include "sampler.h"

#include "event.h"
#include "flow.h"
#include "pernet.h"
#include "snapshot.h"
#include "sock.h"

#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/llist.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/tcp.h>
#include <linux/timerqueue.h>
#include <linux/wait_bit.h>
#include <linux/workqueue.h>
#include <net/inet_connection_sock.h>
#include <net/netlink.h>
#include <net/sock.h>
#include <net/tcp.h>

/* Snapshots on what happens are no closer to the one before. */
#define SAMPLER_MIN_NS (10 * NSEC_PER_MSEC)

/*
 * As many messages in a row; then there is a rest of 10 ms. It is no more than
 * 102,400 snapshots in a second of a namespace, whatever its owner asks for.
 */
#define SAMPLER_MESSAGES 64
#define SAMPLER_REST (msecs_to_jiffies(10) + 1)

/* How often it is looked whether anybody listens again. */
#define SAMPLER_LOOK HZ

/* Bits of &scitag_sample.state. */
enum sample_state {
	/* Is on the list of the urgent ones. */
	SAMPLE_URGENT,
};

/**
 * struct scitag_sample - when snapshots of a flow are taken, and the last one
 * @flow: the flow
 * @spec: when; changed under &scitag_net.lock
 * @timer: in &scitag_net.due, if it is due at some time; under &scitag_net.lock
 * @next: when its interval is over; under &scitag_net.lock
 * @taken: when the last one was begun; under &scitag_net.lock
 * @triggers: what has happened since
 * @state: bits of enum sample_state
 * @urgent: in &scitag_net.urgent, with a reference to the flow
 * @rtt_us: round-trip time when it was last looked at; written by whoever looks
 * @cwnd: congestion window, in the same way
 * @loss: retransmission timeouts in a row, in the same way
 * @work: takes a snapshot whose socket is busy; has a reference to the flow
 * @final: the last snapshot, of a connection that is closed, or NULL; under
 *         &scitag_net.lock
 */
struct scitag_sample {
	struct scitag_flow *flow;
	struct scitag_sample_spec spec;
	struct timerqueue_node timer;
	ktime_t next;
	ktime_t taken;
	atomic_t triggers;
	unsigned long state;
	struct llist_node urgent;
	u32 rtt_us;
	u32 cwnd;
	u32 loss;
	struct work_struct work;
	struct nlattr *final;
};

/* Works through what is due, and never waits for the owner of a socket long. */
static struct workqueue_struct *sampler_wq;

/* Waits for owners of sockets, one flow in each work. */
static struct workqueue_struct *sampler_busy_wq;

static void sample_work(struct work_struct *work);

struct scitag_sample *scitag_sampler_new(struct scitag_flow *flow,
					 const struct scitag_sample_spec *spec)
{
	struct scitag_sample *sample;

	sample = kzalloc(sizeof(*sample), GFP_KERNEL_ACCOUNT);
	if (!sample)
		return NULL;
	sample->flow = flow;
	sample->spec = *spec;
	timerqueue_init(&sample->timer);
	INIT_WORK(&sample->work, sample_work);
	return sample;
}

void scitag_sampler_free(struct scitag_sample *sample)
{
	if (!sample)
		return;
	kfree(sample->final);
	kfree(sample);
}

void scitag_sampler_spec(const struct scitag_flow *flow,
			 struct scitag_sample_spec *spec)
{
	const struct scitag_sample *sample = READ_ONCE(flow->sample);

	memset(spec, 0, sizeof(*spec));
	if (!sample)
		return;
	spec->interval_ms = READ_ONCE(sample->spec.interval_ms);
	spec->on = READ_ONCE(sample->spec.on);
	spec->factor = READ_ONCE(sample->spec.factor);
}

/* Put a flow where it belongs among those that are due. */
static void sampler_queue(struct scitag_net *snet, struct scitag_sample *sample,
			  ktime_t when)
{
	if (!RB_EMPTY_NODE(&sample->timer.node))
		timerqueue_del(&snet->due, &sample->timer);
	sample->timer.expires = when;
	timerqueue_add(&snet->due, &sample->timer);
}

void scitag_sampler_start(struct scitag_net *snet, struct scitag_flow *flow)
{
	struct scitag_sample *sample = flow->sample;
	ktime_t now = ktime_get();
	u64 interval;

	lockdep_assert_held(&snet->lock);
	if (!sample)
		return;
	WRITE_ONCE(snet->sampled, scitag_event_snapshots_wanted(snet));
	interval = (u64)sample->spec.interval_ms * NSEC_PER_MSEC;
	if (!interval)
		return;
	/* At a random moment: flows that begin together are spread out. */
	sample->next = now + mul_u64_u32_shr(interval, get_random_u32(), 32);
	sampler_queue(snet, sample, sample->next);
	if (timerqueue_getnext(&snet->due) == &sample->timer)
		mod_delayed_work(sampler_wq, &snet->sampler, 0);
}

void scitag_sampler_stop(struct scitag_net *snet, struct scitag_flow *flow)
{
	struct scitag_sample *sample = flow->sample;

	lockdep_assert_held(&snet->lock);
	if (sample && !RB_EMPTY_NODE(&sample->timer.node))
		timerqueue_del(&snet->due, &sample->timer);
}

void scitag_sampler_replace(struct scitag_net *snet, struct scitag_flow *flow,
			    struct scitag_flow *from)
{
	struct scitag_sample_spec spec;

	lockdep_assert_held(&snet->lock);
	scitag_sampler_spec(from, &spec);
	if (flow->sample) {
		scitag_sampler_stop(snet, flow);
		WRITE_ONCE(flow->sample->spec.interval_ms, spec.interval_ms);
		WRITE_ONCE(flow->sample->spec.on, spec.on);
		WRITE_ONCE(flow->sample->spec.factor, spec.factor);
	} else if (from->sample) {
		from->sample->flow = flow;
		/* The hook may see it from now on. */
		smp_store_release(&flow->sample, from->sample);
		from->sample = NULL;
	}
	scitag_sampler_start(snet, flow);
}

/*
 * While nobody listens, the work looks once in a while and is not to be woken
 * more often.
 */
static void sampler_trigger(struct scitag_flow *flow,
			    struct scitag_sample *sample, u32 trigger)
{
	struct scitag_net *snet = flow->snet;

	atomic_or(trigger, &sample->triggers);
	if (test_and_set_bit(SAMPLE_URGENT, &sample->state))
		return;
	if (!scitag_flow_hold(flow)) {
		clear_bit(SAMPLE_URGENT, &sample->state);
		return;
	}
	if (!llist_add(&sample->urgent, &snet->urgent))
		return;
	if (READ_ONCE(snet->sampled))
		mod_delayed_work(sampler_wq, &snet->sampler, 0);
	else
		queue_delayed_work(sampler_wq, &snet->sampler, SAMPLER_LOOK);
}

void scitag_sampler_state(struct scitag_flow *flow)
{
	struct scitag_sample *sample = READ_ONCE(flow->sample);

	if (sample &&
	    READ_ONCE(sample->spec.on) & SCITAG_SNAPSHOT_TRIGGER_STATE)
		sampler_trigger(flow, sample, SCITAG_SNAPSHOT_TRIGGER_STATE);
}

/* Has a number changed by some percent? What it is now is what counts then. */
static bool sample_changed(u32 *before, u32 now, u32 percent)
{
	u32 then = READ_ONCE(*before);

	if (then && (u64)max(then, now) * 100 < (u64)min(then, now) * percent)
		return false;
	WRITE_ONCE(*before, now);
	return then && then != now;
}

/* Retransmission timeouts in a row: more than before? */
static bool sample_lost(struct scitag_sample *sample, const struct sock *sk)
{
	const struct inet_connection_sock *icsk = inet_csk(sk);
	u32 before = READ_ONCE(sample->loss);
	u32 now = 0;

	if (icsk->icsk_ca_state == TCP_CA_Loss)
		now = 1 + READ_ONCE(icsk->icsk_retransmits);
	if (now != before)
		WRITE_ONCE(sample->loss, now);
	return now > before;
}

void scitag_sampler_packet(struct scitag_flow *flow, const struct sk_buff *skb)
{
	struct scitag_sample *sample = READ_ONCE(flow->sample);
	u32 on = READ_ONCE(sample->spec.on);
	struct sock *sk;
	u32 factor, trigger = 0;

	if (!(on & ~SCITAG_SNAPSHOT_TRIGGER_STATE))
		return;
	sk = scitag_sock_of_packet(skb);
	if (!sk)
		return;
	factor = READ_ONCE(sample->spec.factor);
	if (on & SCITAG_SNAPSHOT_TRIGGER_RTO && sample_lost(sample, sk))
		trigger |= SCITAG_SNAPSHOT_TRIGGER_RTO;
	if (on & SCITAG_SNAPSHOT_TRIGGER_RTT &&
	    sample_changed(&sample->rtt_us,
			   READ_ONCE(tcp_sk(sk)->srtt_us) >> 3, factor))
		trigger |= SCITAG_SNAPSHOT_TRIGGER_RTT;
	if (on & SCITAG_SNAPSHOT_TRIGGER_CWND &&
	    sample_changed(&sample->cwnd, READ_ONCE(tcp_sk(sk)->snd_cwnd),
			   factor))
		trigger |= SCITAG_SNAPSHOT_TRIGGER_CWND;
	if (trigger)
		sampler_trigger(flow, sample, trigger);
}

/* Changes are from here on. */
static void sample_look(struct scitag_sample *sample, const struct sock *sk)
{
	WRITE_ONCE(sample->rtt_us, READ_ONCE(tcp_sk(sk)->srtt_us) >> 3);
	WRITE_ONCE(sample->cwnd, READ_ONCE(tcp_sk(sk)->snd_cwnd));
}

/* Take a snapshot and write it, if there is memory. Does it have a number? */
static bool sample_take(struct scitag_sample *sample, struct sk_buff *skb,
			struct sock *sk)
{
	u32 triggers = atomic_xchg(&sample->triggers, 0);

	/* One that waited for the socket was as good. */
	if (!triggers)
		return false;
	if (sk)
		sample_look(sample, sk);
	return !skb || !WARN_ON_ONCE(scitag_snapshot_put(skb, sample->flow, sk,
							 triggers));
}

/*
 * The namespace may be gone as soon as the last piece of work is counted off;
 * waking up needs no more than the address.
 */
static void sample_work(struct work_struct *work)
{
	struct scitag_sample *sample =
		container_of(work, struct scitag_sample, work);
	struct scitag_flow *flow = sample->flow;
	struct scitag_net *snet = flow->snet;
	struct sk_buff *skb = scitag_event_snapshots_new();
	struct sock *sk = scitag_sock_lookup(flow);
	atomic_t *works = &snet->works;

	if (sample_take(sample, skb, sk))
		scitag_event_snapshots_send(snet, skb, 1);
	else
		kfree_skb(skb);
	if (sk)
		sock_put(sk);
	scitag_flow_put(flow);
	if (atomic_dec_and_test(works))
		wake_up_var(works);
}

/* Have a flow sampled when its socket is free. Takes over a reference to it. */
static void sampler_wait(struct scitag_net *snet, struct scitag_flow *flow)
{
	atomic_inc(&snet->works);
	/* Not if it waits already. */
	if (queue_work(sampler_busy_wq, &flow->sample->work))
		return;
	atomic_dec(&snet->works);
	scitag_flow_put(flow);
}

/* Sample one of many. Takes over a reference to the flow. */
static bool sampler_sample(struct scitag_net *snet, struct scitag_flow *flow,
			   struct sk_buff *skb)
{
	struct sock *sk = scitag_sock_lookup(flow);
	bool taken;

	if (sk && sock_owned_by_user_nocheck(sk)) {
		sock_put(sk);
		sampler_wait(snet, flow);
		return false;
	}
	taken = sample_take(flow->sample, skb, sk);
	if (sk)
		sock_put(sk);
	scitag_flow_put(flow);
	return taken;
}

static bool sampler_is_over(const struct scitag_flow *flow)
{
	return test_bit(SCITAG_FLOW_ENDED, &flow->state) ||
	       test_bit(SCITAG_FLOW_DEAD, &flow->state);
}

/*
 * See to it that those to which something has happened are due soon. Not at
 * once: a socket that connects is found a moment after its state has changed.
 */
static void sampler_hurry(struct scitag_net *snet)
{
	ktime_t soon = ktime_get() + NSEC_PER_MSEC;
	struct scitag_sample *sample, *next;
	struct llist_node *urgent;
	ktime_t when;

	urgent = llist_del_all(&snet->urgent);
	llist_for_each_entry_safe(sample, next, urgent, urgent) {
		struct scitag_flow *flow = sample->flow;

		clear_bit(SAMPLE_URGENT, &sample->state);
		if (!snet->sampled) {
			atomic_set(&sample->triggers, 0);
		} else if (!sampler_is_over(flow)) {
			when = max(sample->taken + SAMPLER_MIN_NS, soon);
			if (RB_EMPTY_NODE(&sample->timer.node) ||
			    when < sample->timer.expires)
				sampler_queue(snet, sample, when);
		}
		scitag_flow_put(flow);
	}
}

/* A flow is due: when is it again? */
static void sampler_advance(struct scitag_net *snet,
			    struct scitag_sample *sample, ktime_t now)
{
	s64 interval = (u64)sample->spec.interval_ms * NSEC_PER_MSEC;

	timerqueue_del(&snet->due, &sample->timer);
	sample->taken = now;
	if (!interval)
		return;
	if (now >= sample->next) {
		atomic_or(SCITAG_SNAPSHOT_TRIGGER_INTERVAL, &sample->triggers);
		/* What was missed is not made up for. */
		sample->next += interval *
				(div64_s64(now - sample->next, interval) + 1);
	}
	sampler_queue(snet, sample, sample->next);
}

/* Flows that are due, with a reference to each. */
static unsigned int sampler_collect(struct scitag_net *snet,
				    struct scitag_flow **flows)
{
	ktime_t now = ktime_get();
	struct timerqueue_node *node;
	struct scitag_sample *sample;
	unsigned int n = 0;

	while (n < SCITAG_EVENT_SNAPSHOTS) {
		node = timerqueue_getnext(&snet->due);
		if (!node || node->expires > now)
			break;
		sample = container_of(node, struct scitag_sample, timer);
		sampler_advance(snet, sample, now);
		/* The table has one: this can't fail. */
		if (scitag_flow_hold(sample->flow))
			flows[n++] = sample->flow;
	}
	return n;
}

static void sampler_send(struct scitag_net *snet, struct scitag_flow **flows,
			 unsigned int n)
{
	struct sk_buff *skb;
	unsigned int i, count = 0;

	if (!n)
		return;
	skb = scitag_event_snapshots_new();
	for (i = 0; i < n; i++)
		count += sampler_sample(snet, flows[i], skb);
	scitag_event_snapshots_send(snet, skb, count);
}

/* Who wants it sooner has queued it already. */
static void sampler_again(struct scitag_net *snet)
{
	struct timerqueue_node *node = timerqueue_getnext(&snet->due);
	unsigned long ticks = SAMPLER_LOOK;
	ktime_t delay;

	if (!node)
		return;
	if (snet->sampled) {
		delay = node->expires - ktime_get();
		ticks = delay > 0 ? nsecs_to_jiffies(delay) + 1 : 0;
	}
	queue_delayed_work(sampler_wq, &snet->sampler, ticks);
}

static void sampler_work(struct work_struct *work)
{
	struct scitag_net *snet =
		container_of(work, struct scitag_net, sampler.work);
	struct scitag_flow *flows[SCITAG_EVENT_SNAPSHOTS];
	unsigned int n, messages = 0;

	if (time_before(jiffies, snet->sampler_rest)) {
		queue_delayed_work(sampler_wq, &snet->sampler,
				   snet->sampler_rest - jiffies);
		return;
	}
	do {
		mutex_lock(&snet->lock);
		WRITE_ONCE(snet->sampled, scitag_event_snapshots_wanted(snet));
		sampler_hurry(snet);
		n = snet->sampled ? sampler_collect(snet, flows) : 0;
		if (++messages == SAMPLER_MESSAGES)
			snet->sampler_rest = jiffies + SAMPLER_REST;
		if (n < SCITAG_EVENT_SNAPSHOTS || messages == SAMPLER_MESSAGES)
			sampler_again(snet);
		mutex_unlock(&snet->lock);
		sampler_send(snet, flows, n);
		cond_resched();
	} while (n == SCITAG_EVENT_SNAPSHOTS && messages < SAMPLER_MESSAGES);
}

static bool sampler_wants(const struct scitag_flow *flow)
{
	struct scitag_sample_spec spec;

	scitag_sampler_spec(flow, &spec);
	return spec.interval_ms || spec.on;
}

void scitag_sampler_keep(struct scitag_net *snet, struct scitag_flow *flow,
			 struct nlattr *final)
{
	static const struct scitag_sample_spec none;
	struct scitag_sample *sample = flow->sample;
	struct sk_buff *skb;

	lockdep_assert_held(&snet->lock);
	if (!final)
		return;
	if (!sample) {
		sample = scitag_sampler_new(flow, &none);
		if (!sample) {
			kfree(final);
			return;
		}
		/* The hook may see it from now on. */
		smp_store_release(&flow->sample, sample);
	}
	kfree(sample->final);
	sample->final = final;
	if (!sampler_wants(flow) || !scitag_event_snapshots_wanted(snet))
		return;
	skb = scitag_event_snapshots_new();
	if (skb && WARN_ON_ONCE(nla_put(skb, final->nla_type, nla_len(final),
					nla_data(final)))) {
		kfree_skb(skb);
		skb = NULL;
	}
	scitag_event_snapshots_send(snet, skb, 1);
}

/* What was kept is of another connection between the same ports. */
static void sampler_forget(struct scitag_flow *flow)
{
	if (!flow->sample)
		return;
	kfree(flow->sample->final);
	flow->sample->final = NULL;
}

const struct nlattr *scitag_sampler_final(const struct scitag_flow *flow)
{
	return flow->sample ? flow->sample->final : NULL;
}

bool scitag_sampler_wanted(struct scitag_net *snet)
{
	return scitag_event_wanted(snet) || scitag_event_snapshots_wanted(snet);
}

void scitag_sampler_last(struct scitag_net *snet, struct scitag_flow *flow)
{
	struct nlattr *final = NULL;
	struct sock *sk;

	if (!scitag_sampler_wanted(snet))
		return;
	mutex_lock(&snet->lock);
	sk = scitag_sock_lookup(flow);
	if (sk)
		sampler_forget(flow);
	mutex_unlock(&snet->lock);
	if (sk ? !sock_owned_by_user_nocheck(sk) :
		 flow->key.protocol == IPPROTO_UDP && sampler_wants(flow))
		final = scitag_snapshot_final(flow, sk, NULL);
	if (sk)
		sock_put(sk);
	mutex_lock(&snet->lock);
	/* It may have closed meanwhile: what was kept then is the last one. */
	if (scitag_sampler_final(flow))
		kfree(final);
	else
		scitag_sampler_keep(snet, flow, final);
	mutex_unlock(&snet->lock);
}

void scitag_sampler_net_init(struct scitag_net *snet)
{
	mutex_init(&snet->snapshot_lock);
	INIT_DELAYED_WORK(&snet->sampler, sampler_work);
	snet->sampler_rest = jiffies;
	timerqueue_init_head(&snet->due);
	init_llist_head(&snet->urgent);
}

void scitag_sampler_net_exit(struct scitag_net *snet)
{
	struct scitag_sample *sample, *next;

	cancel_delayed_work_sync(&snet->sampler);
	llist_for_each_entry_safe(sample, next, llist_del_all(&snet->urgent),
				  urgent)
		scitag_flow_put(sample->flow);
}

int scitag_sampler_init(void)
{
	sampler_wq = alloc_workqueue("scitag_sampler", WQ_UNBOUND, 0);
	if (!sampler_wq)
		return -ENOMEM;
	sampler_busy_wq = alloc_workqueue("scitag_sample", WQ_UNBOUND, 0);
	if (sampler_busy_wq)
		return 0;
	destroy_workqueue(sampler_wq);
	return -ENOMEM;
}

void scitag_sampler_exit(void)
{
	destroy_workqueue(sampler_busy_wq);
	destroy_workqueue(sampler_wq);
}
