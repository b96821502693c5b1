/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The generic netlink family (docs/netlink/scitag.yaml).
 */
#ifndef SCITAG_NETLINK_H
#define SCITAG_NETLINK_H

struct genl_family;

/* Indices of the multicast groups of the family. */
enum scitag_netlink_group {
	SCITAG_NETLINK_EVENTS,
};

extern struct genl_family scitag_netlink_family;

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
