/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The netfilter hooks that see every packet that leaves the namespace.
 */
#ifndef SCITAG_HOOK_H
#define SCITAG_HOOK_H

#include <linux/types.h>

struct scitag_net;

/* The hook of IPv6 [0] and that of IPv4 [1]. */
#define SCITAG_HOOKS 2

/**
 * scitag_hook_init - make the hooks of a new namespace
 * @snet: namespace
 *
 * Context: process, may sleep.
 * Return: 0 or -ENOMEM.
 */
int scitag_hook_init(struct scitag_net *snet);

/**
 * scitag_hook_exit - free the hooks of a namespace
 * @snet: namespace; a grace period has passed since scitag_hook_stop()
 */
void scitag_hook_exit(struct scitag_net *snet);

/**
 * scitag_hook_get - say that a hook is needed in a namespace
 * @snet: namespace
 * @ipv4: that for IPv4, or that for IPv6?
 *
 * The first one who needs it has it registered.
 *
 * Context: process, may sleep, @snet->lock held.
 * Return: 0 or -errno.
 */
int scitag_hook_get(struct scitag_net *snet, bool ipv4);

/**
 * scitag_hook_put - say that it is no longer needed
 * @snet: namespace
 * @ipv4: as for scitag_hook_get()
 *
 * The last one has it unregistered. That does not wait: the hook may still
 * run until a grace period has passed.
 *
 * Context: process, may sleep, @snet->lock held.
 */
void scitag_hook_put(struct scitag_net *snet, bool ipv4);

/**
 * scitag_hook_stop - unregister the hooks of a namespace, needed or not
 * @snet: namespace that ends
 *
 * Context: process, may sleep, @snet->lock held.
 */
void scitag_hook_stop(struct scitag_net *snet);

#endif /* SCITAG_HOOK_H */
