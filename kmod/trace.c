// SPDX-License-Identifier: GPL-2.0
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "trace.h"

#include "flow.h"
#include "lifetime.h"
#include "pernet.h"
#include "room.h"
#include "rule.h"
#include "sampler.h"
#include "sock.h"

#include <linux/string.h>
#include <linux/tracepoint.h>
#include <net/net_namespace.h>
#include <net/sock.h>
#include <net/tcp.h>

/* Its symbol is not for modules, so it is looked for by name. */
static struct tracepoint *trace_point;

/* How a connection came to be closed that was in some state before. */
static enum scitag_end_reason trace_end_reason(const struct sock *sk, int before)
{
	switch (READ_ONCE(sk->sk_err)) {
	case 0:
		break;
	case ETIMEDOUT:
	case EHOSTUNREACH:
	case ENETUNREACH:
		return SCITAG_END_REASON_TIMED_OUT;
	default:
		return SCITAG_END_REASON_RESET;
	}
	/* Both sides have said FIN, and ours was acknowledged. */
	if ((1 << before) & (TCPF_LAST_ACK | TCPF_CLOSING | TCPF_FIN_WAIT2 |
			     TCPF_TIME_WAIT))
		return SCITAG_END_REASON_CLOSED;
	return SCITAG_END_REASON_RESET;
}

/* A connection that will be a flow when its first packet has left. */
static void trace_reserve(struct scitag_net *snet, struct sock *sk, int state,
			  const struct scitag_flow_key *key)
{
	const struct dst_entry *dst = __sk_dst_get(sk);
	const struct scitag_ruleset *set = rcu_dereference(snet->rules);
	struct scitag_rule_packet packet = {
		.key = key,
		.sk = sk,
		.fwmark = READ_ONCE(sk->sk_mark),
		.out = dst ? dst->dev : NULL,
	};
	const struct scitag_rule *rule;

	rule = set ? scitag_rule_match(set, &packet) : NULL;
	if (rule)
		scitag_room_reserve(sk, state, 0,
				    scitag_rule_mark(rule, key)->headers_len);
}

static void trace_opened(struct scitag_net *snet, struct sock *sk, int state,
			 const struct scitag_flow_key *key,
			 struct scitag_flow *flow)
{
	if (scitag_flow_is_ipv4(key))
		return;
	if (flow)
		scitag_room_make(flow, sk, state);
	else
		trace_reserve(snet, sk, state, key);
}

/*
 * Two sockets can have the name of one connection for a moment: that whose
 * connect() finds it taken, and that which comes second when two CPUs make the
 * socket of a handshake. What the kernel's table finds is the connection.
 */
static bool trace_is_second(const struct scitag_flow *flow,
			    const struct sock *sk, int before)
{
	struct sock *first;

	if (!((1 << before) & (TCPF_SYN_SENT | TCPF_SYN_RECV)))
		return false;
	first = scitag_sock_lookup(flow);
	if (first)
		sock_put(first);
	return first && first != sk;
}

/*
 * The socket is locked, by this process or in this softirq; under RCU. Its own
 * state is still the one before.
 */
static void trace_state(struct scitag_net *snet, struct sock *sk, int before,
			int now)
{
	struct scitag_flow_key key;
	struct scitag_flow *flow;

	scitag_sock_key(sk, &key);
	flow = scitag_flow_find(snet, &key);
	if (flow)
		scitag_sampler_state(flow);
	if (now == TCP_SYN_SENT || now == TCP_ESTABLISHED)
		trace_opened(snet, sk, now, &key, flow);
	else if (now == TCP_CLOSE && flow && !trace_is_second(flow, sk, before))
		scitag_lifetime_closed(flow, sk, trace_end_reason(sk, before));
}

static void trace_set_state(void *data, const struct sock *sk, const int before,
			    const int now)
{
	struct net *net = sock_net(sk);
	struct scitag_net *snet;

	if (sk->sk_protocol != IPPROTO_TCP || sk->sk_type != SOCK_STREAM ||
	    now == TCP_LISTEN)
		return;

	rcu_read_lock();
	/*
	 * The kernel's own sockets may outlive our part of a namespace. One
	 * that is still in use here stays until this is over.
	 */
	if (check_net(net)) {
		snet = scitag_pernet(net);
		/* NULL: in a namespace that is still being set up. */
		if (snet && (READ_ONCE(snet->hooked[0]) ||
			     READ_ONCE(snet->hooked[1])))
			trace_state(snet, (struct sock *)sk, before, now);
	}
	rcu_read_unlock();
}

static void trace_find(struct tracepoint *tp, void *priv)
{
	if (!strcmp(tp->name, "inet_sock_set_state"))
		trace_point = tp;
}

bool scitag_trace_active(void)
{
	return trace_point;
}

int scitag_trace_init(void)
{
	for_each_kernel_tracepoint(trace_find, NULL);
	if (!trace_point) {
		pr_warn("kernel without the tracepoint inet_sock_set_state: flows do not end with their connection, and its first packets may have no headers\n");
		return 0;
	}
	return tracepoint_probe_register(trace_point, trace_set_state, NULL);
}

void scitag_trace_exit(void)
{
	if (!trace_point)
		return;
	tracepoint_probe_unregister(trace_point, trace_set_state, NULL);
	tracepoint_synchronize_unregister();
}
