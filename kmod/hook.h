/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The netfilter hook that sees every IPv6 packet that leaves the namespace.
 */
#ifndef SCITAG_HOOK_H
#define SCITAG_HOOK_H

struct scitag_net;

/**
 * scitag_hook_enable - register the hook in a namespace
 * @snet: namespace, not hooked
 *
 * Context: process, may sleep, @snet->lock held.
 * Return: 0 or -errno.
 */
int scitag_hook_enable(struct scitag_net *snet);

/**
 * scitag_hook_disable - unregister the hook, if it is registered
 * @snet: namespace
 *
 * Does not wait: the hook may still run until a grace period has passed.
 *
 * Context: process, may sleep, @snet->lock held.
 */
void scitag_hook_disable(struct scitag_net *snet);

#endif /* SCITAG_HOOK_H */
