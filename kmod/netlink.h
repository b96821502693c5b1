/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The generic netlink family (docs/netlink/scitag.yaml).
 */
#ifndef SCITAG_NETLINK_H
#define SCITAG_NETLINK_H

struct genl_family;
struct genl_info;
struct scitag_flow;
struct scitag_net;

/* Indices of the multicast groups of the family. */
enum scitag_netlink_group {
	SCITAG_NETLINK_EVENTS,
	SCITAG_NETLINK_SNAPSHOTS,
};

extern struct genl_family scitag_netlink_family;

/**
 * scitag_netlink_find_one - find the one flow that a request names
 * @snet: namespace
 * @info: request
 * @flow: set to the flow, with a reference
 *
 * Context: process, may sleep.
 * Return: 0 or -errno, with a text in the extended ACK.
 */
int scitag_netlink_find_one(struct scitag_net *snet, struct genl_info *info,
			    struct scitag_flow **flow);

/**
 * scitag_netlink_init - register the family; requests may come from now on
 *
 * Context: process, at module init, when all else is ready.
 * Return: 0 or -errno.
 */
int scitag_netlink_init(void);

/**
 * scitag_netlink_exit - unregister it, and wait for requests under way
 */
void scitag_netlink_exit(void);

#endif /* SCITAG_NETLINK_H */
