/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the kernel tells of flows on its own: how they end, and how they look
 * meanwhile. Each has a socket of its own, so that many snapshots do not make
 * an end be lost.
 */
#ifndef SCITAGD_KERNEL_EVENTS_H
#define SCITAGD_KERNEL_EVENTS_H

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

struct genl_event;
struct kernel_events;
struct snapshot;

/* Called from within the loop. */
struct kernel_events_calls {
	void (*event)(void *data, const struct genl_event *event);
	void (*snapshot)(void *data, const struct snapshot *snapshot);
	/* Some events were lost; all that are left have been read. */
	void (*missed)(void *data);
	/* The module was unloaded; nothing is heard any more. */
	void (*gone)(void *data);
	void *data;
};

/* Hears nothing as yet, and wants no snapshots. Returns 0 or -errno. */
int kernel_events_new(struct kernel_events **out, sd_event *event,
		      const struct kernel_events_calls *calls);
void kernel_events_free(struct kernel_events *events); /* NULL is fine */

/*
 * Begin to listen, or again after the module went and came. Does nothing if
 * it listens already; what goes wrong is logged, once.
 */
void kernel_events_open(struct kernel_events *events);
void kernel_events_close(struct kernel_events *events);

/* Read what has come until now, which may be that the module went. */
void kernel_events_read(struct kernel_events *events);

/*
 * Are snapshots listened to, too? If so, from the next kernel_events_open()
 * on.
 */
void kernel_events_want(struct kernel_events *events, bool snapshots);

/* How many snapshots were lost, and how often ends were. */
struct kernel_events_counters {
	uint64_t snapshots;
	uint64_t snapshots_lost; /* as far as their numbers tell */
	uint64_t missed; /* calls of missed */
};
const struct kernel_events_counters *
kernel_events_counters(const struct kernel_events *events);
void kernel_events_log_counters(const struct kernel_events *events);

#endif /* SCITAGD_KERNEL_EVENTS_H */
