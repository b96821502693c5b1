// SPDX-License-Identifier: GPL-2.0
/*
 * Watching sockets that are played here: what their reading gives is a script,
 * one step for each round.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cmocka.h>

#include "args.h"
#include "cli.h"
#include "genl.h"
#include "signals.h"
#include "watch.h"

/* Up to four numbers that arrive in a round, and what the reading returns. */
struct step {
	uint64_t seqs[4];
	int ret;
};

static const struct step *event_steps, *snapshot_steps;

/* Always readable, so that no round waits. */
static int ready = -1;
static int signal_fd = -1;
static int refuse_snapshots;
static unsigned int n_open;

int genl_events_new(struct genl_events **out)
{
	n_open++;
	*out = (struct genl_events *)&ready;
	return 0;
}

void genl_events_free(struct genl_events *events)
{
	n_open -= events != NULL;
}

int genl_events_fd(const struct genl_events *events)
{
	(void)events;
	return ready;
}

int genl_events_read(struct genl_events *events, genl_event_cb cb, void *data)
{
	const struct step *step = event_steps++;
	size_t i;
	int ret;

	(void)events;
	for (i = 0; i < 4 && step->seqs[i]; i++) {
		struct genl_event event = { .seq = step->seqs[i] };

		ret = cb(&event, data);
		if (ret)
			return ret;
	}
	return step->ret;
}

int genl_snapshots_new(struct genl_snapshots **out)
{
	if (refuse_snapshots)
		return refuse_snapshots;
	n_open++;
	*out = (struct genl_snapshots *)&ready;
	return 0;
}

void genl_snapshots_free(struct genl_snapshots *snapshots)
{
	n_open -= snapshots != NULL;
}

int genl_snapshots_fd(const struct genl_snapshots *snapshots)
{
	(void)snapshots;
	return ready;
}

int genl_snapshots_read(struct genl_snapshots *snapshots, genl_snapshot_cb cb,
			void *data)
{
	const struct step *step = snapshot_steps++;
	struct snapshot snapshot = { .flow_id = 17 };
	size_t i;
	int ret;

	(void)snapshots;
	for (i = 0; i < 4 && step->seqs[i]; i++) {
		ret = cb(step->seqs[i], &snapshot, data);
		if (ret)
			return ret;
	}
	return step->ret;
}

int signals_open(void)
{
	return dup(signal_fd);
}

/* What was told, e.g. "e5 s1 lost 2 snapshots ". */
struct told {
	char text[256];
	char enough_at; /* 'e' or 's': with the first of these */
};

static void tell(struct told *told, const char *what, uint64_t n,
		 const char *behind)
{
	size_t len = strlen(told->text);

	snprintf(told->text + len, sizeof(told->text) - len, "%s%ju%s ", what,
		 (uintmax_t)n, behind);
}

static int on_event(const struct genl_event *event, void *data)
{
	struct told *told = data;

	tell(told, "e", event->seq, "");
	return told->enough_at == 'e' ? WATCH_ENOUGH : 0;
}

static int on_snapshot(uint64_t seq, const struct snapshot *snapshot,
		       void *data)
{
	struct told *told = data;

	assert_int_equal(snapshot->flow_id, 17);
	tell(told, "s", seq, "");
	return told->enough_at == 's' ? WATCH_ENOUGH : 0;
}

static void on_lost(const char *what, uint64_t count, void *data)
{
	tell(data, "lost ", count, what);
}

static const struct watch_ops ops = { on_event, on_snapshot, on_lost };

static void check(const struct step *events, const struct step *snapshots,
		  char enough_at, int want_status, const char *want)
{
	struct told told = { .enough_at = enough_at };
	struct watch watch;
	struct cli cli;

	event_steps = events;
	snapshot_steps = snapshots;
	assert_int_equal(cli_init(&cli, stdout, stderr), 0);
	assert_int_equal(watch_open(&watch, &cli, snapshots), 0);
	assert_int_equal(watch_run(&watch, &cli, &ops, &told), want_status);
	assert_string_equal(told.text, want);
	watch_close(&watch);
	cli_exit(&cli);
	assert_int_equal(n_open, 0);
}

static void test_both(void **state)
{
	static const struct step events[] = {
		{ .seqs = { 5 } },
		{ .seqs = { 6, 7 } },
		{ .ret = -ENOPROTOOPT },
	};
	static const struct step snapshots[] = {
		{ .seqs = { 1, 2 } },
		{ .seqs = { 3 } },
	};

	(void)state;
	check(events, snapshots, 0, CLI_NO_MODULE, "e5 s1 s2 e6 e7 s3 ");
	/* Snapshots that are not wanted are not read. */
	check(events, NULL, 0, CLI_NO_MODULE, "e5 e6 e7 ");
}

/* Gaps are told of, of each kind for itself, and an overrun is no end. */
static void test_lost(void **state)
{
	static const struct step events[] = {
		{ .seqs = { 5 }, .ret = -ENOBUFS },
		{ .seqs = { 9 } },
		{ .ret = -EBADMSG },
	};
	static const struct step snapshots[] = {
		{ .seqs = { 100, 103 } },
		{ .seqs = { 104 }, .ret = -ENOBUFS },
	};

	(void)state;
	check(events, snapshots, 0, CLI_REFUSED,
	      "e5 lost 0events s100 lost 2snapshots s103 "
	      "lost 3events e9 s104 lost 0snapshots ");
}

/* After an event that is enough, what came before it is read. */
static void test_enough(void **state)
{
	static const struct step events[] = { { .seqs = { 5, 6 } } };
	static const struct step snapshots[] = { { .seqs = { 1, 2 } } };
	static const struct step none[] = { { .ret = 0 } };

	(void)state;
	check(events, snapshots, 'e', CLI_OK, "e5 s1 s2 ");
	check(none, snapshots, 's', CLI_OK, "s1 ");
}

static void test_signal(void **state)
{
	static const struct step none[] = { { .ret = 0 } };
	uint64_t one = 1;

	(void)state;
	assert_int_equal(write(signal_fd, &one, sizeof(one)), sizeof(one));
	check(none, none, 0, CLI_OK, "");
	assert_int_equal(read(signal_fd, &one, sizeof(one)), sizeof(one));
}

static void test_refused(void **state)
{
	struct watch watch;
	struct cli cli;

	(void)state;
	assert_int_equal(cli_init(&cli, stdout, stderr), 0);
	refuse_snapshots = -EPERM;
	assert_int_equal(watch_open(&watch, &cli, true), CLI_REFUSED);
	assert_non_null(strstr(cli.error, "CAP_NET_ADMIN"));
	watch_close(&watch);
	refuse_snapshots = -ENOPROTOOPT;
	assert_int_equal(watch_open(&watch, &cli, true), CLI_NO_MODULE);
	watch_close(&watch);
	refuse_snapshots = 0;
	assert_int_equal(n_open, 0);
	cli_exit(&cli);
}

static int parse_count(char *option, char *number, uint64_t *count)
{
	char *words[] = { option, number };
	struct args args = { .words = words, .n = number ? 2 : 1 };
	struct cli cli;
	int status;

	assert_int_equal(cli_init(&cli, stdout, stderr), 0);
	status = watch_parse_count(&cli, &args, count);
	cli_exit(&cli);
	return status;
}

static void test_count(void **state)
{
	char option[] = "--count", other[] = "x", zero[] = "0", five[] = "5";
	uint64_t count;

	(void)state;
	assert_int_equal(parse_count(other, five, &count), CLI_OK);
	assert_true(count == UINT64_MAX);
	assert_int_equal(parse_count(option, five, &count), CLI_OK);
	assert_int_equal(count, 5);
	assert_int_equal(parse_count(option, zero, &count), CLI_USAGE);
	assert_int_equal(parse_count(option, other, &count), CLI_USAGE);
	assert_int_equal(parse_count(option, NULL, &count), CLI_USAGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_both),	cmocka_unit_test(test_lost),
		cmocka_unit_test(test_enough),	cmocka_unit_test(test_signal),
		cmocka_unit_test(test_refused), cmocka_unit_test(test_count),
	};
	int ret;

	ready = eventfd(1, 0);
	signal_fd = eventfd(0, 0);
	ret = cmocka_run_group_tests(tests, NULL, NULL);
	close(ready);
	close(signal_fd);
	return ret;
}
