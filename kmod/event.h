/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Notifications to whoever listens to the group "events" of the namespace.
 */
#ifndef SCITAG_EVENT_H
#define SCITAG_EVENT_H

#include <uapi/linux/scitag.h>

struct scitag_flow;
struct scitag_net;

/**
 * scitag_event_flow - tell of a flow
 * @snet: namespace
 * @cmd: one of SCITAG_CMD_FLOW_*_NTF
 * @flow: flow
 * @reason: why it ended; 0 if it did not
 *
 * The number of the notification is used up whether anybody listens or not.
 * A listener that misses one, for want of memory here or there, sees a gap.
 *
 * Context: process, may sleep, @snet->lock held.
 */
void scitag_event_flow(struct scitag_net *snet, int cmd,
		       const struct scitag_flow *flow,
		       enum scitag_end_reason reason);

#endif /* SCITAG_EVENT_H */
