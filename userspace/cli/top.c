// SPDX-License-Identifier: GPL-2.0
#include "top.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"
#include "output.h"
#include "signals.h"
#include "top_json.h"
#include "topscreen.h"

#define MS_PER_S 1000
#define NS_PER_MS 1000000

struct top {
	struct cli *cli;
	const struct top_options *options;
	const struct top_source *source;
	struct toplist list;
	struct topscreen *screen; /* NULL: batch */
	struct topscreen_view view;
	int signals;
};

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * MS_PER_S + now.tv_nsec / NS_PER_MS;
}

static int add(const struct flow_state *state, const struct snapshot *snapshot,
	       void *data)
{
	toplist_add(data, state, snapshot);
	return 0;
}

static int read_flows(struct top *top)
{
	int status;

	toplist_begin(&top->list);
	status = top->source->read(top->cli, add, &top->list);
	if (toplist_end(&top->list) && !status)
		return cli_fail(top->cli, CLI_REFUSED, "%s", strerror(ENOMEM));
	return status;
}

static void choose(struct top *top)
{
	toplist_filter(&top->list, top->view.filter);
	toplist_sort(&top->list, top->view.key, top->view.reverse);
}

static void print(struct top *top)
{
	const struct toplist *list = &top->list;
	struct output *out = top->cli->out;
	size_t i;

	output_list_begin(out, top_columns, TOPLIST_KEYS);
	for (i = 0; i < list->shown; i++)
		output_list_add(out,
				top_json_new(&list->flows[i], list->registry));
	output_list_end(out);
}

/*
 * Wait for a signal, a key, or due. Returns true if it was a signal that ends
 * this.
 */
static bool wait_until(const struct top *top, int64_t due_ms)
{
	struct pollfd fds[] = {
		{ .fd = top->signals, .events = POLLIN },
		{ .fd = top->screen ? STDIN_FILENO : -1, .events = POLLIN },
	};
	int64_t left = due_ms - now_ms();

	/* EINTR: the terminal has another size. */
	if (poll(fds, 2, left > 0 ? left : 0) < 0)
		return errno != EINTR;
	return fds[0].revents ||
	       fds[1].revents & (POLLERR | POLLHUP | POLLNVAL);
}

static int run_batch(struct top *top)
{
	int64_t due_ms = now_ms();
	uint64_t left = top->options->count;
	int status;

	for (;;) {
		status = read_flows(top);
		if (status)
			return status;
		choose(top);
		print(top);
		if (output_finish(top->cli->out) || !--left)
			return CLI_OK;
		due_ms += top->options->interval_ms;
		if (wait_until(top, due_ms))
			return CLI_OK;
	}
}

/* Until the next time to read: keys are obeyed at once. False: the end. */
static bool watch_keys(struct top *top, int64_t due_ms, const char *error)
{
	do {
		choose(top);
		topscreen_draw(top->screen, &top->view, &top->list, error);
		if (wait_until(top, due_ms))
			return false;
		topscreen_read(top->screen, &top->view);
		if (top->view.quit)
			return false;
	} while (now_ms() < due_ms);
	return true;
}

/*
 * That the module is not there is an error at first, and later something to be
 * told and waited for.
 */
static int run_screen(struct top *top)
{
	uint64_t left = top->options->count;
	char error[CLI_ERROR_MAX] = "";
	int64_t due_ms = now_ms();
	int status;

	status = read_flows(top);
	if (status)
		return status;
	status = topscreen_open(&top->screen);
	if (status == -ENOTTY)
		return cli_fail(top->cli, CLI_REFUSED,
				"top needs a terminal: write --batch");
	if (status)
		return cli_fail(top->cli, CLI_REFUSED,
				"the terminal is of a kind that is not known "
				"($TERM): write --batch");
	for (;;) {
		due_ms += top->options->interval_ms;
		if (due_ms < now_ms())
			due_ms = now_ms();
		if (!watch_keys(top, due_ms, error) || !--left)
			return CLI_OK;
		if (top->view.paused)
			continue;
		error[0] = '\0';
		if (read_flows(top))
			snprintf(error, sizeof(error), "%s", top->cli->error);
	}
}

int top_run(struct cli *cli, const struct top_options *options,
	    const struct top_source *source)
{
	struct top top = {
		.cli = cli,
		.options = options,
		.source = source,
		.list = { .registry = cli_registry(cli) },
		.view = { .key = options->key, .reverse = options->reverse },
	};
	int status;

	snprintf(top.view.filter, sizeof(top.view.filter), "%s",
		 options->filter);
	top.signals = signals_open();
	if (top.signals < 0)
		return cli_fail(cli, CLI_REFUSED, "%s", strerror(-top.signals));
	status = options->batch || output_is_json(cli->out) ? run_batch(&top) :
							      run_screen(&top);
	topscreen_close(top.screen);
	close(top.signals);
	toplist_exit(&top.list);
	return status;
}
