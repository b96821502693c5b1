/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the kernel tells of flows on its own: those that it ends.
 */
#ifndef SCITAGD_KERNEL_EVENTS_H
#define SCITAGD_KERNEL_EVENTS_H

#include <systemd/sd-event.h>

struct flow_state;
struct kernel_events;

/* A flow ended by itself, for an enum scitag_end_reason. */
typedef void (*kernel_end_cb)(void *data, const struct flow_state *state,
			      int reason);

/* Hears nothing as yet. Returns 0 or -errno. */
int kernel_events_new(struct kernel_events **out, sd_event *event,
		      kernel_end_cb cb, void *data);
void kernel_events_free(struct kernel_events *events); /* NULL is fine */

/*
 * Begin to listen, or again after the module went and came. Does nothing if
 * it listens already; what goes wrong is logged, once.
 */
void kernel_events_open(struct kernel_events *events);

#endif /* SCITAGD_KERNEL_EVENTS_H */
