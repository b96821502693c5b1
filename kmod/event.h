/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Notifications to whoever listens to the groups of the namespace.
 */
#ifndef SCITAG_EVENT_H
#define SCITAG_EVENT_H

#include <linux/types.h>

#include <uapi/linux/scitag.h>

struct scitag_flow;
struct scitag_net;
struct sk_buff;

/* As many snapshots as a message has room for. */
#define SCITAG_EVENT_SNAPSHOTS 16

/**
 * scitag_event_open - begin or cease to send notifications
 * @open: is the family registered?
 *
 * Context: process, may sleep.
 */
void scitag_event_open(bool open);

/**
 * scitag_event_wanted - does anybody listen to the group "events"?
 * @snet: namespace
 *
 * Return: true if so.
 */
bool scitag_event_wanted(struct scitag_net *snet);

/**
 * scitag_event_snapshots_wanted - does anybody listen to the group "snapshots"?
 * @snet: namespace
 *
 * Return: true if so.
 */
bool scitag_event_snapshots_wanted(struct scitag_net *snet);

/**
 * scitag_event_flow - tell of a flow
 * @snet: namespace
 * @cmd: one of SCITAG_CMD_FLOW_*_NTF
 * @flow: flow
 * @reason: why it ended; 0 if it did not; an end holds its final snapshot
 *
 * The number of the notification is used up whether anybody listens or not.
 * A listener that misses one, for want of memory here or there, sees a gap.
 *
 * Context: process, may sleep, @snet->lock held.
 */
void scitag_event_flow(struct scitag_net *snet, int cmd,
		       const struct scitag_flow *flow,
		       enum scitag_end_reason reason);

/**
 * scitag_event_status - tell that the state of the table has changed
 * @snet: namespace
 *
 * Context: process, may sleep, @snet->lock held.
 */
void scitag_event_status(struct scitag_net *snet);

/**
 * scitag_event_snapshots_new - begin a message of snapshots
 *
 * Context: process, may sleep.
 * Return: a message with room for SCITAG_EVENT_SNAPSHOTS, or NULL.
 */
struct sk_buff *scitag_event_snapshots_new(void);

/**
 * scitag_event_snapshots_send - number the snapshots of a message, and send it
 * @snet: namespace
 * @skb: from scitag_event_snapshots_new(); if it is NULL, the numbers are used
 *       up all the same
 * @count: how many it holds
 *
 * Context: process, may sleep.
 */
void scitag_event_snapshots_send(struct scitag_net *snet, struct sk_buff *skb,
				 unsigned int count);

#endif /* SCITAG_EVENT_H */
