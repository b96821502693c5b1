// SPDX-License-Identifier: GPL-2.0
#include "watch.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "args.h"
#include "cli.h"
#include "genl.h"
#include "number.h"
#include "signals.h"

#define N(array) (sizeof(array) / sizeof((array)[0]))

/* What callbacks of the library need. */
struct watching {
	struct watch *watch;
	const struct watch_ops *ops;
	void *data;
};

static int fail(struct cli *cli, int ret)
{
	return cli_fail(cli, ret == -ENOPROTOOPT ? CLI_NO_MODULE : CLI_REFUSED,
			"%s", genl_strerror(ret));
}

int watch_open(struct watch *watch, struct cli *cli, bool snapshots)
{
	int ret;

	memset(watch, 0, sizeof(*watch));
	watch->signals = -1;
	ret = genl_events_new(&watch->events);
	if (!ret && snapshots)
		ret = genl_snapshots_new(&watch->snapshots);
	if (ret)
		return fail(cli, ret);
	watch->signals = signals_open();
	return watch->signals < 0 ? fail(cli, watch->signals) : CLI_OK;
}

void watch_close(struct watch *watch)
{
	if (watch->signals >= 0)
		close(watch->signals);
	genl_snapshots_free(watch->snapshots);
	genl_events_free(watch->events);
}

/* Tell of a gap before seq. */
static void check_seq(const struct watching *watching, uint64_t *last,
		      uint64_t seq, const char *what)
{
	if (*last && seq > *last + 1)
		watching->ops->lost(what, seq - *last - 1, watching->data);
	*last = seq;
}

static int on_event(const struct genl_event *event, void *data)
{
	struct watching *watching = data;

	check_seq(watching, &watching->watch->last_event, event->seq, "events");
	return watching->ops->event(event, watching->data);
}

static int on_snapshot(uint64_t seq, const struct snapshot *snapshot,
		       void *data)
{
	struct watching *watching = data;

	check_seq(watching, &watching->watch->last_snapshot, seq, "snapshots");
	return watching->ops->snapshot(seq, snapshot, watching->data);
}

/* More came than there was room for: not an end. */
static int overrun(const struct watching *watching, int ret, const char *what)
{
	if (ret != -ENOBUFS)
		return ret;
	watching->ops->lost(what, 0, watching->data);
	return 0;
}

/*
 * Events first: after the end of a flow this reads the snapshots that were
 * taken before it.
 */
static int read_all(struct watching *watching)
{
	struct watch *watch = watching->watch;
	int ret, more = 0;

	ret = genl_events_read(watch->events, on_event, watching);
	ret = overrun(watching, ret, "events");
	if (watch->snapshots && ret >= 0) {
		more = genl_snapshots_read(watch->snapshots, on_snapshot,
					   watching);
		more = overrun(watching, more, "snapshots");
	}
	return ret ? ret : more;
}

static int unloaded(struct cli *cli, int ret)
{
	if (ret == -ENOPROTOOPT)
		return cli_fail(cli, CLI_NO_MODULE,
				"the kernel module was unloaded");
	return cli_fail(cli, CLI_REFUSED, "events: %s", genl_strerror(ret));
}

int watch_run(struct watch *watch, struct cli *cli, const struct watch_ops *ops,
	      void *data)
{
	struct watching watching = { watch, ops, data };
	/* The last one is left out by poll() if it is negative. */
	struct pollfd fds[] = {
		{ .fd = watch->signals, .events = POLLIN },
		{ .fd = genl_events_fd(watch->events), .events = POLLIN },
		{ .fd = -1, .events = POLLIN },
	};
	int ret;

	if (watch->snapshots)
		fds[2].fd = genl_snapshots_fd(watch->snapshots);
	for (;;) {
		ret = read_all(&watching);
		if (ret == WATCH_ENOUGH)
			return CLI_OK;
		if (ret)
			return unloaded(cli, ret);
		if (poll(fds, N(fds), -1) < 0 && errno != EINTR)
			return unloaded(cli, -errno);
		if (fds[0].revents)
			return CLI_OK;
	}
}

int watch_parse_count(struct cli *cli, struct args *args, uint64_t *count)
{
	const char *text;

	*count = UINT64_MAX;
	if (!args_take_value(args, "--count", &text))
		return CLI_OK;
	if (!text || decimal_parse(count, text, UINT64_MAX) || !*count)
		return cli_fail(cli, CLI_USAGE,
				"--count: write a number above 0");
	return CLI_OK;
}
