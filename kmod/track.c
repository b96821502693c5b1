// SPDX-License-Identifier: GPL-2.0
#include "track.h"

#include "event.h"
#include "flow.h"
#include "lifetime.h"
#include "packet.h"
#include "param.h"
#include "pernet.h"
#include "rule.h"
#include "sock.h"

#include <linux/llist.h>
#include <linux/skbuff.h>
#include <linux/slab.h>
#include <net/sock.h>
#include <net/tcp_states.h>

static struct scitag_param tcp_idle =
	SCITAG_PARAM_INIT("tcp_idle", 7200, 1, 31536000);
scitag_param(tcp_idle);
MODULE_PARM_DESC(tcp_idle,
		 "Seconds without a packet after which a TCP flow of a rule ends, if the rule does not say, 1 to 31536000 (default 7200)");

static struct scitag_param udp_idle =
	SCITAG_PARAM_INIT("udp_idle", 60, 1, 31536000);
scitag_param(udp_idle);
MODULE_PARM_DESC(udp_idle,
		 "Seconds without a packet after which a UDP flow of a rule ends, if the rule does not say, 1 to 31536000 (default 60)");

/* Notes that may be waiting in a namespace: some 400 KB. */
#define TRACK_MAX 4096

/**
 * struct track_note - a packet that a rule has matched
 * @node: in &scitag_net.tracked
 * @key: its flow
 * @rule: id of the rule
 * @segments: packets that it was on the wire
 * @unmarked: those that were not marked
 * @bytes: their octets
 * @bound_if: device that its socket is bound to, or 0
 * @has_socket: can its socket be found by @key?
 */
struct track_note {
	struct llist_node node;
	struct scitag_flow_key key;
	u32 rule;
	u32 segments;
	u32 unmarked;
	u64 bytes;
	int bound_if;
	bool has_socket;
};

/* An eighth of the table is kept for flows that somebody enters. */
static bool track_full(const struct scitag_net *snet)
{
	u32 max = scitag_flow_max();

	return READ_ONCE(snet->flows) >= max - max / 8;
}

/* Does a packet tell of a connection that is open, or about to be? */
static bool track_wanted(const struct sk_buff *skb,
			 const struct scitag_packet *packet,
			 const struct sock *sk)
{
	if (packet->key.protocol == IPPROTO_UDP)
		return true;
	return sk && READ_ONCE(sk->sk_state) != TCP_CLOSE;
}

/* Is a socket known by the addresses of its packets, or is there NAT? */
static bool track_has_socket(const struct scitag_packet *packet,
			     const struct sock *sk)
{
	struct scitag_flow_key key;

	if (packet->key.protocol == IPPROTO_UDP)
		return false;
	scitag_sock_key(sk, &key);
	return !memcmp(&key, &packet->key, sizeof(key));
}

void scitag_track_packet(struct scitag_net *snet, const struct sk_buff *skb,
			 const struct scitag_packet *packet,
			 const struct scitag_rule *rule, bool marked)
{
	const struct sock *sk = scitag_sock_of_packet(skb);
	struct track_note *note = NULL;

	if (!track_wanted(skb, packet, sk))
		return;
	if (!track_full(snet) && atomic_read(&snet->tracked_count) < TRACK_MAX)
		note = kmalloc(sizeof(*note), GFP_ATOMIC | __GFP_NOWARN);
	if (!note) {
		atomic64_add(packet->segments, &snet->untracked);
		return;
	}

	note->key = packet->key;
	note->rule = rule->id;
	note->segments = packet->segments;
	note->unmarked = marked ? 0 : packet->segments;
	note->bytes = packet->bytes;
	note->bound_if = sk ? READ_ONCE(sk->sk_bound_dev_if) : 0;
	note->has_socket = track_has_socket(packet, sk);
	atomic_inc(&snet->tracked_count);
	if (llist_add(&note->node, &snet->tracked))
		scitag_lifetime_kick(snet);
}

static struct scitag_flow *track_flow_new(struct scitag_net *snet,
					  const struct track_note *note,
					  struct scitag_rule *rule)
{
	bool tcp = note->key.protocol == IPPROTO_TCP;
	struct scitag_flow_spec spec = rule->flow;
	struct scitag_flow *flow;

	spec.key = note->key;
	spec.mark = scitag_rule_mark(rule, &note->key)->spec;
	if (scitag_flow_is_ipv4(&note->key))
		spec.mark.flags = 0;
	if (!spec.idle_s)
		spec.idle_s = tcp ? READ_ONCE(tcp_idle.value) :
				    READ_ONCE(udp_idle.value);
	spec.rule = rule->id;
	spec.end_on_close = tcp;

	flow = scitag_flow_alloc(snet, &spec);
	if (!flow)
		return NULL;
	flow->bound_if = note->bound_if;
	if (scitag_flow_add(snet, flow, NULL)) {
		scitag_flow_put(flow);
		return NULL;
	}
	rule->flows++;
	return flow;
}

/*
 * If the connection closed while it was no flow, nobody has said so to the
 * flow: it ends now. From here on, somebody would.
 */
static void track_check_open(struct scitag_flow *flow)
{
	struct sock *sk = scitag_sock_lookup(flow);

	if (sk)
		sock_put(sk);
	else
		scitag_lifetime_closed(flow, NULL,
				       SCITAG_END_REASON_CLOSED);
}

static void track_note_run(struct scitag_net *snet,
			   const struct track_note *note)
{
	struct scitag_flow *flow = scitag_flow_find(snet, &note->key);
	struct scitag_rule *rule = scitag_rule_find(snet, note->rule);
	bool new = !flow;

	/* With other rules by now, the next packet will tell. */
	if (new && rule && !track_full(snet))
		flow = track_flow_new(snet, note, rule);
	if (!flow) {
		atomic64_add(note->segments, &snet->untracked);
		return;
	}
	atomic64_add(note->segments, &flow->packets);
	atomic64_add(note->bytes, &flow->bytes);
	atomic64_add(note->unmarked, &flow->unmarked);
	if (!new)
		return;
	scitag_event_flow(snet, SCITAG_CMD_FLOW_NEW_NTF, flow, 0);
	if (note->has_socket)
		track_check_open(flow);
}

void scitag_track_run(struct scitag_net *snet)
{
	struct llist_node *notes = llist_del_all(&snet->tracked);
	struct track_note *note, *next;

	lockdep_assert_held(&snet->lock);

	notes = llist_reverse_order(notes);
	llist_for_each_entry_safe(note, next, notes, node) {
		track_note_run(snet, note);
		atomic_dec(&snet->tracked_count);
		kfree(note);
	}
}

void scitag_track_flush(struct scitag_net *snet)
{
	struct llist_node *notes = llist_del_all(&snet->tracked);
	struct track_note *note, *next;

	llist_for_each_entry_safe(note, next, notes, node)
		kfree(note);
}
