/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The sampler: when snapshots of flows are taken.
 */
#ifndef SCITAG_SAMPLER_H
#define SCITAG_SAMPLER_H

#include <linux/types.h>

struct nlattr;
struct scitag_flow;
struct scitag_net;
struct scitag_sample;
struct scitag_sample_spec;
struct sk_buff;

/**
 * scitag_sampler_new - make what a flow needs to be sampled
 * @flow: flow
 * @spec: when it is to be sampled
 *
 * Context: process, may sleep.
 * Return: for &scitag_flow.sample, or NULL without memory.
 */
struct scitag_sample *scitag_sampler_new(struct scitag_flow *flow,
					 const struct scitag_sample_spec *spec);

/**
 * scitag_sampler_free - undo scitag_sampler_new(), when nobody sees the flow
 * @sample: what was made, or NULL
 */
void scitag_sampler_free(struct scitag_sample *sample);

/**
 * scitag_sampler_spec - when is a flow sampled?
 * @flow: flow
 * @spec: set; all 0 if it is not
 */
void scitag_sampler_spec(const struct scitag_flow *flow,
			 struct scitag_sample_spec *spec);

/**
 * scitag_sampler_start - begin to sample a flow that was entered
 * @snet: namespace
 * @flow: flow
 *
 * Context: process, @snet->lock held.
 */
void scitag_sampler_start(struct scitag_net *snet, struct scitag_flow *flow);

/**
 * scitag_sampler_stop - sample a flow no more
 * @snet: namespace
 * @flow: flow
 *
 * Context: process, @snet->lock held.
 */
void scitag_sampler_stop(struct scitag_net *snet, struct scitag_flow *flow);

/**
 * scitag_sampler_replace - sample a flow as another was to be
 * @snet: namespace
 * @flow: flow in the table
 * @from: flow in no table, from which its sample may be taken
 *
 * Context: process, @snet->lock held.
 */
void scitag_sampler_replace(struct scitag_net *snet, struct scitag_flow *flow,
			    struct scitag_flow *from);

/**
 * scitag_sampler_packet - see what a packet tells of its connection
 * @flow: its flow, which has a sample
 * @skb: packet that leaves
 *
 * Context: process or softirq, under RCU.
 */
void scitag_sampler_packet(struct scitag_flow *flow, const struct sk_buff *skb);

/**
 * scitag_sampler_state - the state of a flow's connection changes
 * @flow: flow
 *
 * Context: process or softirq, under RCU.
 */
void scitag_sampler_state(struct scitag_flow *flow);

/**
 * scitag_sampler_keep - keep the last snapshot of a connection with its flow
 * @snet: namespace
 * @flow: flow
 * @final: from scitag_snapshot_final(), which is taken over; or NULL
 *
 * Who listens to snapshots of the flow is sent it as well.
 *
 * Context: process, may sleep, @snet->lock held.
 */
void scitag_sampler_keep(struct scitag_net *snet, struct scitag_flow *flow,
			 struct nlattr *final);

/**
 * scitag_sampler_final - the last snapshot of a flow's connection
 * @flow: flow
 *
 * Context: the lock of the flow's namespace held.
 * Return: what scitag_sampler_keep() kept, or NULL.
 */
const struct nlattr *scitag_sampler_final(const struct scitag_flow *flow);

/**
 * scitag_sampler_wanted - will anybody see the last snapshots of flows?
 * @snet: namespace
 *
 * Return: true if somebody listens.
 */
bool scitag_sampler_wanted(struct scitag_net *snet);

/**
 * scitag_sampler_last - take and keep a snapshot of a flow that is to end
 * @snet: namespace
 * @flow: flow, with a reference
 *
 * Not if its socket is gone or busy, or nobody listens. The one of an earlier
 * connection is forgotten when there is a socket, busy or not; one that is kept
 * from then on, as the connection closes, stays.
 *
 * Context: process, may sleep; without @snet->lock.
 */
void scitag_sampler_last(struct scitag_net *snet, struct scitag_flow *flow);

/**
 * scitag_sampler_net_init - get ready in a namespace
 * @snet: namespace
 */
void scitag_sampler_net_init(struct scitag_net *snet);

/**
 * scitag_sampler_net_exit - take no more snapshots in a namespace
 * @snet: namespace, with no packets or requests any more
 *
 * Context: process, may sleep. Snapshots that wait for the owners of sockets
 * are waited for by scitag_room_flush().
 */
void scitag_sampler_net_exit(struct scitag_net *snet);

/**
 * scitag_sampler_init - get ready, at module init
 *
 * Return: 0 or -ENOMEM.
 */
int scitag_sampler_init(void);

/**
 * scitag_sampler_exit - undo scitag_sampler_init(), when no work is left
 */
void scitag_sampler_exit(void);

#endif /* SCITAG_SAMPLER_H */
