// SPDX-License-Identifier: GPL-2.0
#include "genl.h"

#include <errno.h>
#include <stdlib.h>

#include "genl_group.h"
#include "genl_reply.h"
#include "genl_sock.h"

struct genl_snapshots {
	struct genl_sock gs;
};

int genl_snapshots_new(struct genl_snapshots **out)
{
	struct genl_snapshots *snapshots;
	int ret;

	snapshots = calloc(1, sizeof(*snapshots));
	if (!snapshots)
		return -ENOMEM;
	ret = genl_group_init(&snapshots->gs, SCITAG_MCGRP_SNAPSHOTS);
	if (ret) {
		genl_snapshots_free(snapshots);
		return ret;
	}
	*out = snapshots;
	return 0;
}

void genl_snapshots_free(struct genl_snapshots *snapshots)
{
	if (!snapshots)
		return;
	genl_sock_exit(&snapshots->gs);
	free(snapshots);
}

int genl_snapshots_fd(const struct genl_snapshots *snapshots)
{
	return snapshots->gs.fd;
}

struct reading {
	genl_snapshot_cb cb;
	void *data;
};

static int on_message(const struct nlmsghdr *nlh, void *data)
{
	const struct reading *reading = data;

	return genl_reply_snapshots(nlh, reading->cb, reading->data);
}

int genl_snapshots_read(struct genl_snapshots *snapshots, genl_snapshot_cb cb,
			void *data)
{
	struct reading reading = { .cb = cb, .data = data };

	return genl_group_read(&snapshots->gs, on_message, &reading);
}
