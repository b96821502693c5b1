// SPDX-License-Identifier: GPL-2.0
#include "room.h"

#include "flow.h"
#include "packet.h"
#include "pernet.h"
#include "sock.h"

#include <linux/skbuff.h>
#include <linux/slab.h>
#include <linux/tcp.h>
#include <linux/wait_bit.h>
#include <linux/workqueue.h>
#include <net/inet_connection_sock.h>
#include <net/ipv6.h>
#include <net/sock.h>
#include <net/tcp.h>

static struct workqueue_struct *room_wq;

/**
 * struct room_request - that a flow's socket be looked after
 * @work: does it
 * @flow: the flow, with a reference
 * @sk: its socket with a reference, or NULL if that has to be found
 */
struct room_request {
	struct work_struct work;
	struct scitag_flow *flow;
	struct sock *sk;
};

/* What the socket's own options take, which our octets come on top of. */
static int room_own_headers(const struct sock *sk)
{
	struct ipv6_txoptions *opt;
	int len = 0;

	rcu_read_lock();
	opt = rcu_dereference(inet6_sk(sk)->opt);
	if (opt)
		len = opt->opt_flen + opt->opt_nflen;
	rcu_read_unlock();
	return len;
}

/*
 * Packets that the kernel gives a header of its own for being larger than
 * 64 KiB can't have ours as well: the socket is to make none, and when
 * nothing is reserved any more, as many as its device takes.
 */
static void room_limit_gso(struct sock *sk, int octets)
{
	unsigned int max = ipv6_gso_plain_max();
	struct dst_entry *dst;

	if (max == UINT_MAX)
		return;
	if (octets) {
		if (sk->sk_gso_max_size > max)
			sk->sk_gso_max_size = max;
		return;
	}
	dst = sk_dst_get(sk);
	if (dst)
		sk_setup_caps(sk, dst);
}

void scitag_room_reserve(struct sock *sk, int state, int before, int octets)
{
	struct inet_connection_sock *icsk = inet_csk(sk);
	int own, reserved;

	if (sk->sk_family != AF_INET6 || ((1 << state) &
	    (TCPF_CLOSE | TCPF_LISTEN | TCPF_TIME_WAIT)))
		return;
	own = room_own_headers(sk);
	if (own) /* its packets have headers already, and get none of ours */
		octets = 0;
	if (octets || before)
		room_limit_gso(sk, octets);
	reserved = icsk->icsk_ext_hdr_len - own;
	/* Less than before only if the reservation is surely ours. */
	if (reserved >= octets && (reserved != before || before <= octets))
		return;
	WRITE_ONCE(icsk->icsk_ext_hdr_len, own + octets);
	/* Before the SYN there is no MSS yet; connect() makes it. */
	if (state != TCP_SYN_SENT)
		icsk->icsk_sync_mss(sk, icsk->icsk_pmtu_cookie);
}

/*
 * One that has ended takes nothing back: its socket is gone, and what is found
 * by its key is another connection's.
 */
static int room_wanted(struct scitag_flow *flow)
{
	int octets;

	if (test_bit(SCITAG_FLOW_DEAD, &flow->state) &&
	    !test_bit(SCITAG_FLOW_ENDED, &flow->state))
		return 0;
	rcu_read_lock();
	octets = rcu_dereference(flow->mark)->headers_len;
	rcu_read_unlock();
	return octets;
}

/*
 * The namespace may be gone as soon as the last piece of work is counted off;
 * waking up needs no more than the address.
 */
static void room_request_free(struct room_request *request)
{
	atomic_t *works = &request->flow->snet->works;

	if (request->sk)
		sock_put(request->sk);
	scitag_flow_put(request->flow);
	kfree(request);
	if (atomic_dec_and_test(works))
		wake_up_var(works);
}

void scitag_room_make(struct scitag_flow *flow, struct sock *sk, int state)
{
	int octets;

	WRITE_ONCE(flow->bound_if, sk->sk_bound_dev_if);
	do {
		octets = room_wanted(flow);
		scitag_room_reserve(sk, state, flow->room, octets);
		WRITE_ONCE(flow->room, octets);
		/* Pairs with the one in scitag_room_settle(). */
		smp_mb();
	} while (octets != room_wanted(flow));
}

/*
 * The mark is cleared with the socket locked: of requests that wait for the
 * lock there is never more than one for each flow.
 */
static void room_work(struct work_struct *work)
{
	struct room_request *request =
		container_of(work, struct room_request, work);
	struct scitag_flow *flow = request->flow;

	if (!request->sk)
		request->sk = scitag_sock_lookup(flow);
	if (request->sk)
		lock_sock(request->sk);
	clear_bit(SCITAG_FLOW_ROOM_ASKED, &flow->state);
	if (request->sk) {
		scitag_room_make(flow, request->sk, request->sk->sk_state);
		release_sock(request->sk);
	}
	room_request_free(request);
}

/* Takes over a reference to the socket, which may be NULL. */
static void room_request(struct scitag_flow *flow, struct sock *sk, gfp_t gfp)
{
	struct room_request *request = kmalloc(sizeof(*request), gfp);

	if (!request || !scitag_flow_hold(flow)) {
		/* Not now: the next packet asks again. */
		clear_bit(SCITAG_FLOW_ROOM_ASKED, &flow->state);
		kfree(request);
		if (sk)
			sock_put(sk);
		return;
	}
	INIT_WORK(&request->work, room_work);
	request->flow = flow;
	request->sk = sk;
	atomic_inc(&flow->snet->works);
	queue_work(room_wq, &request->work);
}

/* Hand a socket and its flow to the work, unless somebody has done so. */
static noinline void room_ask(struct scitag_flow *flow, struct sock *sk)
{
	if (test_and_set_bit(SCITAG_FLOW_ROOM_ASKED, &flow->state))
		return;
	/* The packet holds the socket's memory, not its reference count. */
	if (refcount_inc_not_zero(&sk->sk_refcnt))
		room_request(flow, sk, GFP_ATOMIC | __GFP_NOWARN);
	else
		clear_bit(SCITAG_FLOW_ROOM_ASKED, &flow->state);
}

bool scitag_room_there(const struct sk_buff *skb,
		       const struct scitag_packet *packet,
		       struct scitag_flow *flow, int octets)
{
	struct sock *sk = scitag_sock_of_packet(skb);

	if (!sk)
		return true;
	/*
	 * The kernel writes the field with the socket locked and in a u16; it
	 * is wiped by a few socket options, so it is looked at for each packet.
	 */
	if (likely(READ_ONCE(inet_csk(sk)->icsk_ext_hdr_len) >= octets &&
		   !packet->jumbo))
		return true;
	if (flow)
		room_ask(flow, sk);
	return !scitag_packet_has_payload(packet, skb);
}

void scitag_room_settle(struct scitag_flow *flow)
{
	if (flow->key.protocol != IPPROTO_TCP ||
	    scitag_flow_is_ipv4(&flow->key) ||
	    test_bit(SCITAG_FLOW_ENDED, &flow->state))
		return;
	/* The flow's new mark or end comes first: whoever makes room looks. */
	smp_mb();
	if (room_wanted(flow) != READ_ONCE(flow->room) &&
	    !test_and_set_bit(SCITAG_FLOW_ROOM_ASKED, &flow->state))
		room_request(flow, NULL, GFP_KERNEL);
}

void scitag_room_flush(struct scitag_net *snet)
{
	wait_var_event(&snet->works, !atomic_read(&snet->works));
}

int scitag_room_init(void)
{
	room_wq = alloc_workqueue("scitag", WQ_UNBOUND, 0);
	return room_wq ? 0 : -ENOMEM;
}

void scitag_room_exit(void)
{
	destroy_workqueue(room_wq);
}
