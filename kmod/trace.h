/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the kernel tells of TCP connections: the tracepoint inet_sock_set_state.
 *
 * It is called with the socket locked, at ESTABLISHED before any data are
 * sent, so that room for headers is there for the first segment; and at CLOSE,
 * which is when flows end that end with their connection.
 */
#ifndef SCITAG_TRACE_H
#define SCITAG_TRACE_H

#include <linux/types.h>

/**
 * scitag_trace_active - does the kernel tell of connections?
 *
 * Return: false on a kernel without that tracepoint.
 */
bool scitag_trace_active(void);

/**
 * scitag_trace_init - begin to listen, at module init
 *
 * A kernel that has no such tracepoint is no error: then room is made when the
 * first packet asks for it, and flows do not end with their connection.
 *
 * Return: 0 or -errno.
 */
int scitag_trace_init(void);

/**
 * scitag_trace_exit - stop, and wait until nobody is on the way to here
 */
void scitag_trace_exit(void);

#endif /* SCITAG_TRACE_H */
