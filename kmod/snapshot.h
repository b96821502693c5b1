/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Snapshots of a flow's TCP connection.
 */
#ifndef SCITAG_SNAPSHOT_H
#define SCITAG_SNAPSHOT_H

#include <linux/types.h>

struct net;
struct scitag_flow_key;
struct tcp_info;

/**
 * scitag_snapshot_take - the tcp_info of a flow's socket, as it is now
 * @net: namespace
 * @key: key of the flow
 * @info: filled, as by getsockopt(TCP_INFO)
 *
 * Context: process; sleeps, as it takes the socket's lock. Hold no lock that
 * others need: the owner of the socket may keep us waiting.
 * Return: false if the flow is not TCP or has no connected socket.
 */
bool scitag_snapshot_take(struct net *net, const struct scitag_flow_key *key,
			  struct tcp_info *info);

#endif /* SCITAG_SNAPSHOT_H */
