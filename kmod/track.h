/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Packets that a rule has matched, on their way to becoming flows.
 *
 * The hook marks such a packet by itself and leaves a note of it here; the
 * flow is made in process context, where memory can be waited for and events
 * are in order. The notes carry the numbers of their packets, so that none is
 * missing from the flow.
 */
#ifndef SCITAG_TRACK_H
#define SCITAG_TRACK_H

#include <linux/types.h>

struct scitag_net;
struct scitag_packet;
struct scitag_rule;
struct sk_buff;

/**
 * scitag_track_packet - see to it that a packet's connection becomes a flow
 * @snet: namespace
 * @skb: the packet
 * @packet: what was read from it, measured, before it was marked
 * @rule: rule that matched
 * @marked: does it carry all marks?
 *
 * Does nothing for packets that tell of no open connection: SYN-ACKs, of which
 * a flood of SYNs could make any number, RSTs, and the last ACK.
 *
 * Context: softirq or process, under RCU.
 */
void scitag_track_packet(struct scitag_net *snet, const struct sk_buff *skb,
			 const struct scitag_packet *packet,
			 const struct scitag_rule *rule, bool marked);

/**
 * scitag_track_run - make flows of the packets there are notes of
 * @snet: namespace
 *
 * Context: process, may sleep, @snet->lock held.
 */
void scitag_track_run(struct scitag_net *snet);

/**
 * scitag_track_flush - forget all notes
 * @snet: namespace; its hooks are gone and a grace period has passed since
 */
void scitag_track_flush(struct scitag_net *snet);

#endif /* SCITAG_TRACK_H */
