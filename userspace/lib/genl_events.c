// SPDX-License-Identifier: GPL-2.0
#include "genl.h"

#include <errno.h>
#include <stdlib.h>

#include "genl_group.h"
#include "genl_reply.h"
#include "genl_sock.h"

struct genl_events {
	struct genl_sock gs;
};

int genl_events_new(struct genl_events **out)
{
	struct genl_events *events;
	int ret;

	events = calloc(1, sizeof(*events));
	if (!events)
		return -ENOMEM;
	ret = genl_group_init(&events->gs, SCITAG_MCGRP_EVENTS);
	if (ret) {
		genl_events_free(events);
		return ret;
	}
	*out = events;
	return 0;
}

void genl_events_free(struct genl_events *events)
{
	if (!events)
		return;
	genl_sock_exit(&events->gs);
	free(events);
}

int genl_events_fd(const struct genl_events *events)
{
	return events->gs.fd;
}

struct reading {
	genl_event_cb cb;
	void *data;
};

static int on_message(const struct nlmsghdr *nlh, void *data)
{
	const struct reading *reading = data;
	struct genl_event event;
	int ret;

	ret = genl_reply_event(&event, nlh);
	return ret ? ret : reading->cb(&event, reading->data);
}

int genl_events_read(struct genl_events *events, genl_event_cb cb, void *data)
{
	struct reading reading = { .cb = cb, .data = data };

	return genl_group_read(&events->gs, on_message, &reading);
}
