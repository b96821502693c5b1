/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The live view of flows: on a full screen, or line by line.
 */
#ifndef SCITAG_TOP_H
#define SCITAG_TOP_H

#include <stdbool.h>
#include <stdint.h>

#include "genl.h"
#include "toplist.h"

struct cli;

struct top_options {
	bool batch; /* no screen, as if JSON is wanted */
	uint64_t count; /* how many times to read; UINT64_MAX: no end */
	uint32_t interval_ms; /* from one time to the next */
	enum toplist_key key; /* to sort by, at first */
	bool reverse;
	const char *filter; /* as toplist_filter() takes it, at first */
};

/* Where flows come from: the kernel, or a test. */
struct top_source {
	/*
	 * Call cb for all flows, each with a snapshot. Returns one of enum
	 * cli_status, with a text in the error of cli.
	 */
	int (*read)(struct cli *cli, genl_flow_snapshot_cb cb, void *data);
};

/* Until it is asked to end, or count is reached. One of enum cli_status. */
int top_run(struct cli *cli, const struct top_options *options,
	    const struct top_source *source);

#endif /* SCITAG_TOP_H */
