/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Snapshots: a flow and its TCP connection at a moment, as a netlink attribute.
 */
#ifndef SCITAG_SNAPSHOT_H
#define SCITAG_SNAPSHOT_H

#include <linux/tcp.h>
#include <linux/types.h>

#include <uapi/linux/scitag.h>

struct nlattr;
struct scitag_closed;
struct scitag_flow;
struct sk_buff;
struct sock;

/* Enough for a snapshot in a message with other attributes. */
#define SCITAG_SNAPSHOT_SIZE (256 + sizeof(struct tcp_info))

/**
 * scitag_snapshot_put - take a snapshot and write it into a message
 * @skb: netlink message
 * @flow: flow
 * @sk: its socket, which has not closed, or NULL
 * @trigger: bits of enum scitag_snapshot_trigger
 *
 * Context: process, may sleep for as long as the owner of the socket keeps it
 * locked.
 * Return: 0 or -EMSGSIZE, with @skb as it was.
 */
int scitag_snapshot_put(struct sk_buff *skb, const struct scitag_flow *flow,
			struct sock *sk, u32 trigger);

/**
 * scitag_snapshot_final - take the last snapshot of a connection
 * @flow: flow
 * @sk: its socket, which has not closed, or NULL
 * @closed: or what was taken from it as it closed, with its socket, or NULL
 *
 * Context: as scitag_snapshot_put().
 * Return: the attribute, to be freed with kfree(), or NULL without memory.
 */
struct nlattr *scitag_snapshot_final(const struct scitag_flow *flow,
				     struct sock *sk,
				     const struct scitag_closed *closed);

/**
 * scitag_snapshot_close - take what will soon be gone from a socket that closes
 * @closed: where to; its socket stays until scitag_snapshot_closed_put()
 * @sk: TCP socket, locked, with the state that it had before
 *
 * Context: process or softirq, with preemption off: nothing is allocated, which
 * a PREEMPT_RT kernel could not do here.
 */
void scitag_snapshot_close(struct scitag_closed *closed, struct sock *sk);

/**
 * scitag_snapshot_closed_put - let go of a socket that has closed
 * @closed: from scitag_snapshot_close(); nothing happens if it has no socket
 */
void scitag_snapshot_closed_put(struct scitag_closed *closed);

#endif /* SCITAG_SNAPSHOT_H */
