/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which socket belongs to which flow.
 */
#ifndef SCITAG_SOCK_H
#define SCITAG_SOCK_H

#include <linux/types.h>

struct net;
struct scitag_flow;
struct scitag_flow_key;
struct sk_buff;
struct sock;

/**
 * scitag_sock_of_packet - the connected TCP socket that a packet comes from
 * @skb: TCP packet
 *
 * SYN-ACK, RST and the ACK of a TIME_WAIT have none that is full. What is in
 * a tunnel is not asked about here: then the packet is not TCP.
 *
 * Context: any. The packet holds the memory of the socket, not a reference,
 * and whether it is locked can't be known.
 * Return: a full socket, IPv4 or IPv6, or NULL.
 */
struct sock *scitag_sock_of_packet(const struct sk_buff *skb);

/**
 * scitag_sock_key - the key of the flow that a TCP socket sends
 * @sk: full socket, bound and connected
 * @key: filled
 *
 * Context: any; the socket is locked, or nothing depends on the answer.
 */
void scitag_sock_key(const struct sock *sk, struct scitag_flow_key *key);

/**
 * scitag_sock_lookup - the connected TCP socket of a flow
 * @flow: flow
 *
 * Context: process or softirq.
 * Return: a full socket with a reference (sock_put()), or NULL.
 */
struct sock *scitag_sock_lookup(const struct scitag_flow *flow);

#endif /* SCITAG_SOCK_H */
