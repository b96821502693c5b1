// SPDX-License-Identifier: GPL-2.0
#include "sock.h"

#include "flow.h"
#include "pernet.h"

#include <linux/netdevice.h>
#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <net/inet6_hashtables.h>
#include <net/inet_hashtables.h>
#include <net/inet_sock.h>
#include <net/ipv6.h>
#include <net/sock.h>

struct sock *scitag_sock_of_packet(const struct sk_buff *skb)
{
	struct sock *sk = skb->sk;

	/* Raw sockets can have the same protocol. */
	if (!sk || !sk_fullsock(sk) || sk->sk_protocol != IPPROTO_TCP ||
	    sk->sk_type != SOCK_STREAM || sk->sk_state == TCP_LISTEN)
		return NULL;
	return sk;
}

void scitag_sock_key(const struct sock *sk, struct scitag_flow_key *key)
{
	const struct inet_sock *inet = inet_sk(sk);

	memset(key, 0, sizeof(*key));
	key->protocol = IPPROTO_TCP;
	key->sport = inet->inet_sport;
	key->dport = inet->inet_dport;
	if (sk->sk_family == AF_INET6) {
		key->src = sk->sk_v6_rcv_saddr;
		key->dst = sk->sk_v6_daddr;
	} else {
		ipv6_addr_set_v4mapped(inet->inet_rcv_saddr, &key->src);
		ipv6_addr_set_v4mapped(inet->inet_daddr, &key->dst);
	}
}

static struct sock *sock_lookup(const struct scitag_flow *flow, int dif)
{
	const struct scitag_flow_key *key = &flow->key;
	struct net *net = flow->snet->net;

	if (scitag_flow_is_ipv4(key))
		return __inet_lookup_established(net, key->dst.s6_addr32[3],
						 key->dport,
						 key->src.s6_addr32[3],
						 ntohs(key->sport), dif, 0);
	return __inet6_lookup_established(net, &key->dst, key->dport,
					  &key->src, ntohs(key->sport), dif, 0);
}

/* A socket that is bound to a device is found under that device alone. */
static struct sock *sock_lookup_bound(const struct scitag_flow *flow)
{
	struct net_device *dev;
	struct sock *sk;

	for_each_netdev_rcu(flow->snet->net, dev) {
		sk = sock_lookup(flow, dev->ifindex);
		if (sk)
			return sk;
	}
	return NULL;
}

struct sock *scitag_sock_lookup(const struct scitag_flow *flow)
{
	struct sock *sk;

	if (flow->key.protocol != IPPROTO_TCP)
		return NULL;
	rcu_read_lock();
	sk = sock_lookup(flow, READ_ONCE(flow->bound_if));
	if (!sk)
		sk = sock_lookup_bound(flow);
	rcu_read_unlock();

	if (sk && !sk_fullsock(sk)) {
		sock_gen_put(sk);
		sk = NULL;
	}
	return sk;
}
