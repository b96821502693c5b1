// SPDX-License-Identifier: GPL-2.0
#include "kernel_events.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "genl.h"
#include "log.h"

struct kernel_events {
	sd_event *event;
	struct kernel_events_calls calls;

	struct genl_events *ends; /* NULL: not listening */
	sd_event_source *ends_source;
	uint64_t ends_seq; /* of the last one; 0: any may be next */
	bool ends_lost; /* since the last call */

	bool want_snapshots;
	struct genl_snapshots *snapshots; /* NULL: not listening */
	sd_event_source *snapshots_source;
	uint64_t snapshots_seq;

	bool said_failure;
	struct kernel_events_counters counters;
};

int kernel_events_new(struct kernel_events **out, sd_event *event,
		      const struct kernel_events_calls *calls)
{
	struct kernel_events *events = calloc(1, sizeof(*events));

	if (!events)
		return -ENOMEM;
	events->event = sd_event_ref(event);
	events->calls = *calls;
	*out = events;
	return 0;
}

static void close_snapshots(struct kernel_events *events)
{
	events->snapshots_source =
		sd_event_source_unref(events->snapshots_source);
	genl_snapshots_free(events->snapshots);
	events->snapshots = NULL;
	events->snapshots_seq = 0;
}

void kernel_events_want(struct kernel_events *events, bool snapshots)
{
	events->want_snapshots = snapshots;
	if (!snapshots)
		close_snapshots(events);
}

void kernel_events_close(struct kernel_events *events)
{
	close_snapshots(events);
	events->ends_source = sd_event_source_unref(events->ends_source);
	genl_events_free(events->ends);
	events->ends = NULL;
	events->ends_seq = 0;
}

void kernel_events_free(struct kernel_events *events)
{
	if (!events)
		return;
	kernel_events_close(events);
	sd_event_unref(events->event);
	free(events);
}

static int on_end(const struct genl_event *event, void *data)
{
	struct kernel_events *events = data;

	if (events->ends_seq && event->seq != events->ends_seq + 1)
		events->ends_lost = true;
	events->ends_seq = event->seq;
	events->calls.event(events->calls.data, event);
	return 0;
}

/* All that is there, before what is missing is looked for. */
static int on_ends(sd_event_source *source, int fd, uint32_t revents,
		   void *data)
{
	struct kernel_events *events = data;
	int ret;

	(void)source;
	(void)fd;
	(void)revents;
	do {
		ret = genl_events_read(events->ends, on_end, events);
		if (ret == -ENOBUFS || ret == -EBADMSG)
			events->ends_lost = true;
	} while (ret == -ENOBUFS || ret == -EBADMSG);

	if (ret) {
		/* The next flow that is marked opens it again. */
		log_debug("no more events: %s", genl_strerror(ret));
		kernel_events_close(events);
		events->ends_lost = false;
		events->calls.gone(events->calls.data);
	} else if (events->ends_lost) {
		/* The gap in the numbers may be still to come. */
		events->ends_seq = 0;
		events->ends_lost = false;
		events->counters.missed++;
		events->calls.missed(events->calls.data);
	}
	return 0;
}

void kernel_events_read(struct kernel_events *events)
{
	if (events->ends)
		on_ends(NULL, -1, 0, events);
}

static int on_snapshot(uint64_t seq, const struct snapshot *snapshot,
		       void *data)
{
	struct kernel_events *events = data;

	if (events->snapshots_seq && seq > events->snapshots_seq)
		events->counters.snapshots_lost +=
			seq - events->snapshots_seq - 1;
	events->snapshots_seq = seq;
	events->counters.snapshots++;
	events->calls.snapshot(events->calls.data, snapshot);
	return 0;
}

/* Those that are lost are counted, and the next ones tell more. */
static int on_snapshots(sd_event_source *source, int fd, uint32_t revents,
			void *data)
{
	struct kernel_events *events = data;
	int ret;

	(void)source;
	(void)fd;
	(void)revents;
	ret = genl_snapshots_read(events->snapshots, on_snapshot, events);
	if (ret && ret != -ENOBUFS && ret != -EBADMSG)
		close_snapshots(events);
	return 0;
}

static int open_ends(struct kernel_events *events)
{
	int ret;

	if (events->ends)
		return 0;
	ret = genl_events_new(&events->ends);
	if (ret) {
		events->ends = NULL;
		return ret;
	}
	return sd_event_add_io(events->event, &events->ends_source,
			       genl_events_fd(events->ends), EPOLLIN, on_ends,
			       events);
}

static int open_snapshots(struct kernel_events *events)
{
	int ret;

	if (events->snapshots || !events->want_snapshots)
		return 0;
	ret = genl_snapshots_new(&events->snapshots);
	if (ret) {
		events->snapshots = NULL;
		return ret;
	}
	ret = sd_event_add_io(events->event, &events->snapshots_source,
			      genl_snapshots_fd(events->snapshots), EPOLLIN,
			      on_snapshots, events);
	/* With more than can be done, what is lost should be these. */
	if (ret >= 0)
		ret = sd_event_source_set_priority(events->snapshots_source,
						   SD_EVENT_PRIORITY_IDLE);
	return ret;
}

void kernel_events_open(struct kernel_events *events)
{
	int ret;

	ret = open_ends(events);
	if (ret >= 0)
		ret = open_snapshots(events);
	if (ret < 0) {
		kernel_events_close(events);
		if (!events->said_failure)
			log_warn("the kernel's events are not heard of: %s",
				 genl_strerror(ret));
	}
	events->said_failure = ret < 0;
}

const struct kernel_events_counters *
kernel_events_counters(const struct kernel_events *events)
{
	return &events->counters;
}

void kernel_events_log_counters(const struct kernel_events *events)
{
	log_info("snapshots: %" PRIu64 " read, %" PRIu64 " lost",
		 events->counters.snapshots, events->counters.snapshots_lost);
}
