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
#ifndef SCITAG_ROOM_H
#define SCITAG_ROOM_H

#include <linux/types.h>

struct scitag_flow;
struct scitag_net;
struct scitag_packet;
struct sk_buff;
struct sock;

/**
 * scitag_room_there - is there room for headers in this packet?
 * @skb: TCP packet
 * @packet: what was read from it
 * @flow: its flow, or NULL if it has none yet
 * @octets: length of the headers
 *
 * If the socket has no room yet, or makes packets of BIG TCP with a header of
 * their own, asks for it to be made. A packet that is
 * sent by something other than a TCP socket (a raw socket, a copy that
 * netfilter made) has no MSS to account it in, and room as far as this goes.
 *
 * Context: softirq or process, under RCU. Never assumes the socket lock.
 * Return: true if it has no payload, or its socket has room.
 */
bool scitag_room_there(const struct sk_buff *skb,
		       const struct scitag_packet *packet,
		       struct scitag_flow *flow, int octets);

/**
 * scitag_room_make - make the room in a socket what its flow wants now
 * @flow: flow; the caller has a reference or is under RCU
 * @sk: its TCP socket, locked by the caller
 * @state: state that the socket is in, or about to be in
 *
 * Context: softirq or process.
 */
void scitag_room_make(struct scitag_flow *flow, struct sock *sk, int state);

/**
 * scitag_room_reserve - change the room in a socket
 * @sk: TCP socket, locked by the caller
 * @state: state that the socket is in, or about to be in
 * @before: octets that are reserved in it for us
 * @octets: octets that are to be reserved
 *
 * Context: softirq or process.
 */
void scitag_room_reserve(struct sock *sk, int state, int before, int octets);

/**
 * scitag_room_settle - bring a flow's socket in line with the flow's mark
 * @flow: flow; the caller holds a reference
 *
 * Queues the work and returns: it takes the socket's lock, which an
 * unprivileged owner of the socket can hold for long.
 *
 * Context: process.
 */
void scitag_room_settle(struct scitag_flow *flow);

/**
 * scitag_room_flush - wait until what was asked for in a namespace is done
 * @snet: namespace; nothing asks for more
 *
 * Waits for no other namespace: there, the owner of a socket may be keeping
 * its lock. In one that ends there is no such owner left.
 *
 * Context: process, may sleep.
 */
void scitag_room_flush(struct scitag_net *snet);

/**
 * scitag_room_init - get ready, at module init
 *
 * Return: 0 or -ENOMEM.
 */
int scitag_room_init(void);

/**
 * scitag_room_exit - undo scitag_room_init(), when all flows are gone
 */
void scitag_room_exit(void);

#endif /* SCITAG_ROOM_H */
