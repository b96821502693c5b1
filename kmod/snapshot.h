/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Snapshots of a flow's TCP connection.
 */
#ifndef SCITAG_SNAPSHOT_H
#define SCITAG_SNAPSHOT_H

#include <linux/types.h>

struct scitag_flow;
struct tcp_info;

/**
 * scitag_snapshot_take - the tcp_info of a flow's socket, as it is now
 * @flow: flow that the caller has a reference to
 * @info: filled, as by getsockopt(TCP_INFO)
 *
 * Context: process; sleeps, as it takes the socket's lock. Hold no lock that
 * others need: the owner of the socket may keep us waiting.
 * Return: false if the flow is not TCP or has no connected socket.
 */
bool scitag_snapshot_take(const struct scitag_flow *flow,
			  struct tcp_info *info);

#endif /* SCITAG_SNAPSHOT_H */
