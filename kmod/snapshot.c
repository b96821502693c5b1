// SPDX-License-Identifier: GPL-2.0
#include "snapshot.h"

#include "flow.h"

#include <linux/ktime.h>
#include <linux/skbuff.h>
#include <linux/slab.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include <linux/timekeeping.h>
#include <net/inet_connection_sock.h>
#include <net/netlink.h>
#include <net/sock.h>

/*
 * A socket gives its congestion control up after it has become closed, and the
 * module of that can go only when all readers have.
 */
static void snapshot_cong(struct scitag_cong *cong, struct sock *sk)
{
	const struct tcp_congestion_ops *ops;

	memset(cong, 0, sizeof(*cong));
	rcu_read_lock();
	ops = READ_ONCE(inet_csk(sk)->icsk_ca_ops);
	if (ops && READ_ONCE(sk->sk_state) != TCP_CLOSE) {
		memcpy(cong->name, ops->name, sizeof(cong->name));
		if (ops->get_info)
			cong->len = ops->get_info(sk, ~0U, &cong->kind,
						  &cong->info);
	}
	rcu_read_unlock();
}

static int put_cong(struct sk_buff *skb, const struct scitag_cong *cong)
{
	if (!cong->name[0])
		return 0;
	if (nla_put_string(skb, SCITAG_SNAPSHOT_A_CONG, cong->name))
		return -EMSGSIZE;
	if (!cong->len)
		return 0;
	return nla_put_u32(skb, SCITAG_SNAPSHOT_A_CONG_KIND, cong->kind) ||
	       nla_put(skb, SCITAG_SNAPSHOT_A_CONG_INFO, cong->len,
		       &cong->info);
}

static int put_socket(struct sk_buff *skb, struct sock *sk,
		      const struct scitag_cong *cong,
		      const struct tcp_info *info)
{
	return nla_put_u8(skb, SCITAG_SNAPSHOT_A_STATE, info->tcpi_state) ||
	       nla_put(skb, SCITAG_SNAPSHOT_A_TCP_INFO, sizeof(*info), info) ||
	       put_cong(skb, cong) ||
	       sock_diag_put_meminfo(sk, skb, SCITAG_SNAPSHOT_A_MEMINFO);
}

static int put_open(struct sk_buff *skb, struct sock *sk)
{
	struct scitag_cong cong;
	struct tcp_info info;
	int tries = 3;

	/*
	 * In this order: one that closes meanwhile is not shown as open. And
	 * tcp_get_info() reads the state before it has the socket's lock: not
	 * that of the numbers, if a FIN was waiting for the lock, too.
	 */
	do {
		snapshot_cong(&cong, sk);
		tcp_get_info(sk, &info);
	} while (info.tcpi_state != inet_sk_state_load(sk) && --tries);
	return put_socket(skb, sk, &cong, &info);
}

static int put_closed(struct sk_buff *skb, const struct scitag_closed *closed)
{
	struct tcp_info info;

	tcp_get_info(closed->sk, &info);
	/* Disconnected: it may be another connection's by now. */
	if (info.tcpi_bytes_acked < closed->bytes_acked)
		return 0;
	return put_socket(skb, closed->sk, &closed->cong, &info) ||
	       nla_put_u8(skb, SCITAG_SNAPSHOT_A_CLOSED_FROM, closed->state);
}

static int put_flow(struct sk_buff *skb, const struct scitag_flow *flow,
		    u32 trigger)
{
	/* In this order: packets that leave meanwhile count as marked. */
	u64 unmarked = atomic64_read(&flow->unmarked);
	u64 packets = atomic64_read(&flow->packets);

	return nla_put_u32(skb, SCITAG_SNAPSHOT_A_FLOW_ID, flow->id) ||
	       nla_put_u32(skb, SCITAG_SNAPSHOT_A_TRIGGER, trigger) ||
	       nla_put_u64_64bit(skb, SCITAG_SNAPSHOT_A_TIME,
				 ktime_get_real_ns(), SCITAG_SNAPSHOT_A_PAD) ||
	       nla_put_u64_64bit(skb, SCITAG_SNAPSHOT_A_AGE,
				 ktime_get_ns() - flow->born,
				 SCITAG_SNAPSHOT_A_PAD) ||
	       nla_put_u64_64bit(skb, SCITAG_SNAPSHOT_A_PACKETS, packets,
				 SCITAG_SNAPSHOT_A_PAD) ||
	       nla_put_u64_64bit(skb, SCITAG_SNAPSHOT_A_BYTES,
				 atomic64_read(&flow->bytes),
				 SCITAG_SNAPSHOT_A_PAD) ||
	       nla_put_u64_64bit(skb, SCITAG_SNAPSHOT_A_MARKED,
				 packets - min(packets, unmarked),
				 SCITAG_SNAPSHOT_A_PAD);
}

/* Its socket is open, or closed, or there is none. */
static int snapshot_put(struct sk_buff *skb, const struct scitag_flow *flow,
			struct sock *sk, const struct scitag_closed *closed,
			u32 trigger)
{
	struct nlattr *nest = nla_nest_start(skb, SCITAG_A_SNAPSHOT);

	if (!nest)
		return -EMSGSIZE;
	if (put_flow(skb, flow, trigger) ||
	    (sk && put_open(skb, sk)) || (closed && put_closed(skb, closed))) {
		nla_nest_cancel(skb, nest);
		return -EMSGSIZE;
	}
	nla_nest_end(skb, nest);
	return 0;
}

int scitag_snapshot_put(struct sk_buff *skb, const struct scitag_flow *flow,
			struct sock *sk, u32 trigger)
{
	return snapshot_put(skb, flow, sk, NULL, trigger);
}

struct nlattr *scitag_snapshot_final(const struct scitag_flow *flow,
				     struct sock *sk,
				     const struct scitag_closed *closed)
{
	struct sk_buff *skb = alloc_skb(SCITAG_SNAPSHOT_SIZE, GFP_KERNEL);
	struct nlattr *final = NULL;

	if (!skb)
		return NULL;
	if (!WARN_ON_ONCE(snapshot_put(skb, flow, sk, closed,
				       SCITAG_SNAPSHOT_TRIGGER_END)))
		final = kmemdup(skb->data, skb->len, GFP_KERNEL);
	kfree_skb(skb);
	return final;
}

void scitag_snapshot_close(struct scitag_closed *closed, struct sock *sk)
{
	if (!refcount_inc_not_zero(&sk->sk_refcnt)) {
		closed->sk = NULL;
		return;
	}
	closed->sk = sk;
	closed->bytes_acked = tcp_sk(sk)->bytes_acked;
	closed->state = sk->sk_state;
	/* On its way to TIME_WAIT: the other end's FIN has come. */
	if (sock_flag(sk, SOCK_DONE) &&
	    ((1 << sk->sk_state) & (TCPF_FIN_WAIT1 | TCPF_FIN_WAIT2)))
		closed->state = TCP_TIME_WAIT;
	snapshot_cong(&closed->cong, sk);
}

void scitag_snapshot_closed_put(struct scitag_closed *closed)
{
	if (closed->sk)
		sock_put(closed->sk);
	closed->sk = NULL;
}
