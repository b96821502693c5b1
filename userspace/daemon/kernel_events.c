// SPDX-License-Identifier: GPL-2.0
#include "kernel_events.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "genl.h"
#include "limit.h"
#include "log.h"

struct kernel_events {
	sd_event *event;
	kernel_end_cb cb;
	void *data;
	struct genl_events *socket; /* NULL: not listening */
	sd_event_source *source;
	bool said_failure;
	struct limit limit;
};

int kernel_events_new(struct kernel_events **out, sd_event *event,
		      kernel_end_cb cb, void *data)
{
	struct kernel_events *events = calloc(1, sizeof(*events));

	if (!events)
		return -ENOMEM;
	events->event = sd_event_ref(event);
	events->cb = cb;
	events->data = data;
	*out = events;
	return 0;
}

static void stop(struct kernel_events *events)
{
	events->source = sd_event_source_unref(events->source);
	genl_events_free(events->socket);
	events->socket = NULL;
}

void kernel_events_free(struct kernel_events *events)
{
	if (!events)
		return;
	stop(events);
	sd_event_unref(events->event);
	free(events);
}

/* Deleted and flushed are by hand, or our own doing. */
static bool ended_by_itself(const struct genl_event *event)
{
	return event->type == GENL_FLOW_END &&
	       event->end_reason != SCITAG_END_REASON_DELETED &&
	       event->end_reason != SCITAG_END_REASON_FLUSHED;
}

static int on_event(const struct genl_event *event, void *data)
{
	struct kernel_events *events = data;

	if (ended_by_itself(event))
		events->cb(events->data, &event->flow, event->end_reason);
	return 0;
}

static int on_readable(sd_event_source *source, int fd, uint32_t revents,
		       void *data)
{
	struct kernel_events *events = data;
	int ret;

	(void)source;
	(void)fd;
	(void)revents;
	ret = genl_events_read(events->socket, on_event, events);
	if (ret == -ENOBUFS) {
		limit_log(
			&events->limit, LOG_WARNING,
			"flows ended faster than was read: of some it is not known");
	} else if (ret) {
		/* The next flow that is marked opens it again. */
		log_debug("no more events: %s", genl_strerror(ret));
		stop(events);
	}
	return 0;
}

void kernel_events_open(struct kernel_events *events)
{
	int ret;

	if (events->socket)
		return;
	ret = genl_events_new(&events->socket);
	if (ret)
		events->socket = NULL;
	else
		ret = sd_event_add_io(events->event, &events->source,
				      genl_events_fd(events->socket), EPOLLIN,
				      on_readable, events);
	if (ret < 0) {
		stop(events);
		if (!events->said_failure)
			log_warn("ends of flows are not heard of: %s",
				 genl_strerror(ret));
	}
	events->said_failure = ret < 0;
}
