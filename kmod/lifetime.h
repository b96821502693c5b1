/* SPDX-License-Identifier: GPL-2.0 */
/*
 * When flows end without being deleted: by their timeouts, or as their TCP
 * connection closes.
 */
#ifndef SCITAG_LIFETIME_H
#define SCITAG_LIFETIME_H

#include <uapi/linux/scitag.h>

struct scitag_flow;
struct scitag_net;
struct sock;

/**
 * scitag_lifetime_closed - the TCP connection of a flow closes, or its time is over
 * @flow: flow that the caller keeps from going away
 * @sk: its socket, locked, with the state that it had before; or NULL if that
 *      is gone
 * @reason: how, or why
 *
 * Its last snapshot will be taken in a moment, and if the flow is one that ends
 * with its connection, it will end.
 *
 * Context: any but hard interrupts.
 */
void scitag_lifetime_closed(struct scitag_flow *flow, struct sock *sk,
			    enum scitag_end_reason reason);

/**
 * scitag_lifetime_kick - look after a namespace's flows at once
 * @snet: namespace
 *
 * To be called when there is something to do: a new note or timeout.
 *
 * Context: any but hard interrupts.
 */
void scitag_lifetime_kick(struct scitag_net *snet);

/**
 * scitag_lifetime_start - get ready in a new namespace
 * @snet: namespace
 */
void scitag_lifetime_start(struct scitag_net *snet);

/**
 * scitag_lifetime_stop - leave alone the flows of a namespace
 * @snet: namespace that ends; nothing in it asks for more
 *
 * Context: process, may sleep, @snet->lock not held.
 */
void scitag_lifetime_stop(struct scitag_net *snet);

/**
 * scitag_lifetime_init - get ready, at module init
 *
 * Return: 0 or -ENOMEM.
 */
int scitag_lifetime_init(void);

/**
 * scitag_lifetime_exit - undo scitag_lifetime_init(), without namespaces
 */
void scitag_lifetime_exit(void);

#endif /* SCITAG_LIFETIME_H */
