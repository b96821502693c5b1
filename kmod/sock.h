/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Room for extension headers in the segments of a TCP socket.
 *
 * A header that the socket does not know of makes its full segments larger
 * than the path takes, and the too-big messages that come back tell TCP
 * nothing new: a black hole. So the socket's MSS gives up the octets first
 * (icsk_ext_hdr_len, which the kernel itself uses for the same), and a segment
 * with payload is given headers only if its socket has done so.
 */
#ifndef SCITAG_SOCK_H
#define SCITAG_SOCK_H

#include <linux/types.h>

struct net;
struct scitag_flow;
struct scitag_flow_key;
struct scitag_net;
struct scitag_packet;
struct sk_buff;
struct sock;

/**
 * scitag_sock_has_room - may this packet get headers?
 * @skb: TCP packet
 * @packet: what was read from it
 * @flow: its flow
 * @octets: length of the headers
 *
 * If the socket has no room yet, asks for it to be made.
 *
 * Context: softirq or process, under RCU. Never assumes the socket lock.
 * Return: true if it has no payload, or its socket has room.
 */
bool scitag_sock_has_room(const struct sk_buff *skb,
			  const struct scitag_packet *packet,
			  struct scitag_flow *flow, int octets);

/**
 * scitag_sock_settle - bring a flow's socket in line with the flow's mark
 * @flow: flow; the caller holds a reference
 *
 * Queues the work and returns: it takes the socket's lock, which an
 * unprivileged owner of the socket can hold for long.
 *
 * Context: any.
 */
void scitag_sock_settle(struct scitag_flow *flow);

/**
 * scitag_sock_lookup - the connected TCP socket of a flow
 * @net: namespace
 * @key: key of the flow, as in the packets that leave
 *
 * Sockets that are bound to a device are not found.
 *
 * Context: process or softirq.
 * Return: a full socket with a reference (sock_put()), or NULL.
 */
struct sock *scitag_sock_lookup(struct net *net,
				const struct scitag_flow_key *key);

/**
 * scitag_sock_flow_init - prepare a new flow for the functions above
 * @flow: flow
 */
void scitag_sock_flow_init(struct scitag_flow *flow);

/**
 * scitag_sock_flush - wait until what was asked for in a namespace is done
 * @snet: namespace; nothing asks for more
 *
 * Waits for no other namespace: there, the owner of a socket may be keeping
 * its lock. In one that ends there is no such owner left.
 *
 * Context: process, may sleep.
 */
void scitag_sock_flush(struct scitag_net *snet);

/**
 * scitag_sock_init - get ready, at module init
 *
 * Return: 0 or -ENOMEM.
 */
int scitag_sock_init(void);

/**
 * scitag_sock_exit - undo scitag_sock_init(), when all flows are gone
 */
void scitag_sock_exit(void);

#endif /* SCITAG_SOCK_H */
