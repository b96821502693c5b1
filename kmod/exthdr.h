/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Insertion of extension headers into a packet.
 */
#ifndef SCITAG_EXTHDR_H
#define SCITAG_EXTHDR_H

#include "stats.h"

struct net_device;
struct scitag_flow;
struct scitag_mark;
struct scitag_packet;
struct sk_buff;

/**
 * scitag_exthdr_insert - put a mark's headers into a packet, if that is safe
 * @skb: IPv6 packet at LOCAL_OUT
 * @packet: what was read from it, measured
 * @flow: its flow, or NULL if it has none yet
 * @mark: mark with headers
 * @label: label of the packet, host byte order
 * @out: device that it leaves through
 *
 * Context: softirq or process, under RCU.
 * Warning: may reallocate the packet's head; re-read pointers into it.
 * Return: SCITAG_STAT_MARKED, or why the packet is as it was;
 * SCITAG_STAT_REFUSED if the caller is to refuse it.
 */
enum scitag_stat scitag_exthdr_insert(struct sk_buff *skb,
				      const struct scitag_packet *packet,
				      struct scitag_flow *flow,
				      const struct scitag_mark *mark, u32 label,
				      const struct net_device *out);

#endif /* SCITAG_EXTHDR_H */
