/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What devices do with packets that have extension headers.
 *
 * NETIF_F_IPV6_CSUM means checksums and segmentation of plain TCP and UDP over
 * IPv6 (include/linux/skbuff.h, "Checksumming on output"). Kernels that know
 * (Linux 6.17, and older ones that it was brought to) do in software what such
 * a device can't; the others let it send segments with wrong checksums.
 */
#ifndef SCITAG_OFFLOAD_H
#define SCITAG_OFFLOAD_H

#include "stats.h"

struct net_device;
struct sk_buff;

/**
 * scitag_offload_check - may a packet get extension headers for this device?
 * @skb: packet
 * @out: device that it leaves through
 *
 * Computes its checksum if the device couldn't any more.
 *
 * Context: softirq or process.
 * Warning: may reallocate the packet's head; re-read pointers into it.
 * Return: SCITAG_STAT_MARKED if it may, or why not.
 */
enum scitag_stat scitag_offload_check(struct sk_buff *skb,
				      const struct net_device *out);

/**
 * scitag_offload_init - find out what the kernel knows, at module init
 */
void scitag_offload_init(void);

#endif /* SCITAG_OFFLOAD_H */
