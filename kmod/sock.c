// SPDX-License-Identifier: GPL-2.0
#include "sock.h"

#include "flow.h"
#include "packet.h"
#include "pernet.h"

#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <linux/wait_bit.h>
#include <linux/workqueue.h>
#include <net/inet6_hashtables.h>
#include <net/inet_connection_sock.h>
#include <net/inet_hashtables.h>
#include <net/ipv6.h>
#include <net/sock.h>

static struct workqueue_struct *sock_wq;

/*
 * The connected socket that a packet comes from, or NULL. SYN-ACK, RST and
 * the ACK of a TIME_WAIT have none that is full; the packet of a tunnel may
 * still carry the socket of what is inside.
 */
static struct sock *sock_of_packet(const struct sk_buff *skb,
				   const struct scitag_flow_key *key)
{
	struct sock *sk = skb->sk;

	if (!sk || !sk_fullsock(sk) || sk->sk_protocol != IPPROTO_TCP ||
	    sk->sk_family != AF_INET6 || sk->sk_state == TCP_LISTEN)
		return NULL;
	if (inet_sk(sk)->inet_sport != key->sport ||
	    inet_sk(sk)->inet_dport != key->dport ||
	    !ipv6_addr_equal(&sk->sk_v6_daddr, &key->dst))
		return NULL;
	return sk;
}

/* Hand a socket and the flow to the work, unless one is there already. */
static void sock_ask_for_room(struct scitag_flow *flow, struct sock *sk)
{
	if (READ_ONCE(flow->room_sk))
		return;
	/* The packet holds the socket's memory, not its reference count. */
	if (!refcount_inc_not_zero(&sk->sk_refcnt))
		return;
	if (!scitag_flow_hold(flow)) {
		sock_put(sk);
		return;
	}
	if (cmpxchg(&flow->room_sk, NULL, sk))
		sock_put(sk);
	scitag_sock_settle(flow);
	scitag_flow_put(flow);
}

bool scitag_sock_has_room(const struct sk_buff *skb,
			  const struct scitag_packet *packet,
			  struct scitag_flow *flow, int octets)
{
	struct sock *sk = sock_of_packet(skb, &packet->key);
	bool room;

	/*
	 * The kernel writes the field with the socket locked and in a u16; it
	 * is wiped by a few socket options, so it is looked at for each packet.
	 */
	room = sk && READ_ONCE(inet_csk(sk)->icsk_ext_hdr_len) >= octets;
	if (sk && !room)
		sock_ask_for_room(flow, sk);
	return room || !packet->payload_len;
}

/* What the socket's own options take, which our octets come on top of. */
static int sock_own_headers(const struct sock *sk)
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

/* Change what a socket has reserved for us; it is locked. */
static void sock_reserve(struct sock *sk, int before, int octets)
{
	struct inet_connection_sock *icsk = inet_csk(sk);
	int own, reserved;

	if ((1 << sk->sk_state) & (TCPF_CLOSE | TCPF_LISTEN | TCPF_TIME_WAIT))
		return;
	own = sock_own_headers(sk);
	reserved = icsk->icsk_ext_hdr_len - own;
	/* Less than before only if the reservation is surely ours. */
	if (reserved >= octets && (reserved != before || before <= octets))
		return;
	WRITE_ONCE(icsk->icsk_ext_hdr_len, own + octets);
	icsk->icsk_sync_mss(sk, icsk->icsk_pmtu_cookie);
}

static int flow_octets(struct scitag_flow *flow)
{
	int octets;

	if (READ_ONCE(flow->dead))
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
static void sock_work_done(struct scitag_flow *flow)
{
	atomic_t *works = &flow->snet->room_works;

	scitag_flow_put(flow);
	if (atomic_dec_and_test(works))
		wake_up_var(works);
}

/*
 * One at a time for each flow. That a flow is dead is looked at with the
 * socket locked, and its last work is queued after that was set: whatever ran
 * before, the last one gives the room back.
 */
static void sock_work(struct work_struct *work)
{
	struct scitag_flow *flow =
		container_of(work, struct scitag_flow, room_work);
	struct sock *sk = xchg(&flow->room_sk, NULL);
	int octets;

	if (!sk)
		sk = scitag_sock_lookup(flow->snet->net, &flow->key);
	if (sk) {
		lock_sock(sk);
		octets = flow_octets(flow);
		sock_reserve(sk, flow->room, octets);
		flow->room = octets;
		release_sock(sk);
		sock_put(sk);
	}
	sock_work_done(flow);
}

void scitag_sock_settle(struct scitag_flow *flow)
{
	if (flow->key.protocol != IPPROTO_TCP || scitag_flow_is_ipv4(&flow->key))
		return;
	refcount_inc(&flow->refs);
	atomic_inc(&flow->snet->room_works);
	if (!queue_work(sock_wq, &flow->room_work))
		sock_work_done(flow);
}

static struct sock *sock_lookup_ipv4(struct net *net,
				     const struct scitag_flow_key *key)
{
	return __inet_lookup_established(net, key->dst.s6_addr32[3],
					 key->dport, key->src.s6_addr32[3],
					 ntohs(key->sport), 0, 0);
}

static struct sock *sock_lookup_ipv6(struct net *net,
				     const struct scitag_flow_key *key)
{
	return __inet6_lookup_established(net, &key->dst, key->dport,
					  &key->src, ntohs(key->sport), 0, 0);
}

struct sock *scitag_sock_lookup(struct net *net,
				const struct scitag_flow_key *key)
{
	struct sock *sk;

	rcu_read_lock();
	if (scitag_flow_is_ipv4(key))
		sk = sock_lookup_ipv4(net, key);
	else
		sk = sock_lookup_ipv6(net, key);
	rcu_read_unlock();

	if (sk && !sk_fullsock(sk)) {
		sock_gen_put(sk);
		sk = NULL;
	}
	return sk;
}

void scitag_sock_flow_init(struct scitag_flow *flow)
{
	INIT_WORK(&flow->room_work, sock_work);
}

void scitag_sock_flush(struct scitag_net *snet)
{
	wait_var_event(&snet->room_works, !atomic_read(&snet->room_works));
}

int scitag_sock_init(void)
{
	sock_wq = alloc_workqueue("scitag", WQ_UNBOUND, 0);
	return sock_wq ? 0 : -ENOMEM;
}

void scitag_sock_exit(void)
{
	destroy_workqueue(sock_wq);
}
