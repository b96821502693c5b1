/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The request for snapshots: snapshot-get.
 */
#ifndef SCITAG_SNAPCMD_H
#define SCITAG_SNAPCMD_H

struct genl_info;
struct netlink_callback;
struct sk_buff;

/**
 * scitag_snapcmd_get - take a snapshot of a flow
 * @skb: request
 * @info: what was parsed of it
 *
 * Context: process, may sleep.
 * Return: 0 or -errno, with a text in the extended ACK.
 */
int scitag_snapcmd_get(struct sk_buff *skb, struct genl_info *info);

/**
 * scitag_snapcmd_dump - take snapshots of all flows, as many as fit
 * @skb: message
 * @cb: state of the dump
 *
 * Context: process, may sleep.
 * Return: octets in @skb, 0 at the end.
 */
int scitag_snapcmd_dump(struct sk_buff *skb, struct netlink_callback *cb);

#endif /* SCITAG_SNAPCMD_H */
