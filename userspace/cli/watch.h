/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Waiting for what the module tells: events, and snapshots if they are wanted,
 * until SIGINT or SIGTERM.
 */
#ifndef SCITAG_WATCH_H
#define SCITAG_WATCH_H

#include <stdbool.h>
#include <stdint.h>

struct args;
struct cli;
struct genl_event;
struct genl_events;
struct genl_snapshots;
struct snapshot;

struct watch {
	struct genl_events *events;
	struct genl_snapshots *snapshots; /* NULL: not wanted */
	int signals;
	uint64_t last_event; /* their numbers; 0: none yet */
	uint64_t last_snapshot;
};

/* From a callback: that was enough. */
#define WATCH_ENOUGH 1

struct watch_ops {
	/* Return 0 or WATCH_ENOUGH. */
	int (*event)(const struct genl_event *event, void *data);
	int (*snapshot)(uint64_t seq, const struct snapshot *snapshot,
			void *data);
	/*
	 * Some events or snapshots were lost: count of them, or 0 if that is
	 * told only with the next one.
	 */
	void (*lost)(const char *what, uint64_t count, void *data);
};

/*
 * From watch_open() on nothing is missed. watch_close() is due after a
 * failure, too. Returns one of enum cli_status, as watch_run() does.
 */
int watch_open(struct watch *watch, struct cli *cli, bool snapshots);
void watch_close(struct watch *watch);

/*
 * Read the option --count NUMBER, if it is among the words; *count is how many
 * there may be, and no limit otherwise.
 */
int watch_parse_count(struct cli *cli, struct args *args, uint64_t *count);

/* Call back for all that comes, until a callback or a signal ends it. */
int watch_run(struct watch *watch, struct cli *cli, const struct watch_ops *ops,
	      void *data);

#endif /* SCITAG_WATCH_H */
