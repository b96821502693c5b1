// SPDX-License-Identifier: GPL-2.0
/* Events that come, that are lost, and that end, from a made-up socket. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-event.h>

#include <cmocka.h>

#include "genl.h"
#include "kernel_events.h"
#include "log.h"

/* What is read: numbers of events, or errors; 0 ends it. */
static const int64_t *script;
static int open_error;
static unsigned int n_open; /* sockets */
static sd_event_io_handler_t on_ends, on_snapshots;
static void *loop_data;
static char calls[512];
static struct kernel_events *events;

int genl_events_new(struct genl_events **out)
{
	if (open_error)
		return open_error;
	n_open++;
	*out = (struct genl_events *)&n_open;
	return 0;
}

void genl_events_free(struct genl_events *ends)
{
	n_open -= !!ends;
}

int genl_events_fd(const struct genl_events *ends)
{
	(void)ends;
	return 1;
}

int genl_events_read(struct genl_events *ends, genl_event_cb cb, void *data)
{
	struct genl_event event = { .seq = 0 };

	(void)ends;
	for (; *script > 0; script++) {
		event.seq = *script;
		cb(&event, data);
	}
	return *script ? *script++ : 0;
}

int genl_snapshots_new(struct genl_snapshots **out)
{
	n_open++;
	*out = (struct genl_snapshots *)&n_open;
	return 0;
}

void genl_snapshots_free(struct genl_snapshots *snapshots)
{
	n_open -= !!snapshots;
}

int genl_snapshots_fd(const struct genl_snapshots *snapshots)
{
	(void)snapshots;
	return 2;
}

int genl_snapshots_read(struct genl_snapshots *snapshots, genl_snapshot_cb cb,
			void *data)
{
	struct snapshot snapshot = { .flow_id = 1 };

	(void)snapshots;
	for (; *script > 0; script++)
		cb(*script, &snapshot, data);
	return *script ? *script++ : 0;
}

const char *genl_strerror(int error)
{
	(void)error;
	return "an error";
}

int sd_event_add_io(sd_event *event, sd_event_source **source, int fd,
		    uint32_t mask, sd_event_io_handler_t callback,
		    void *userdata)
{
	(void)event;
	(void)mask;
	*source = NULL;
	*(fd == 1 ? &on_ends : &on_snapshots) = callback;
	loop_data = userdata;
	return 0;
}

int sd_event_source_set_priority(sd_event_source *source, int64_t priority)
{
	(void)source;
	assert_int_equal(priority, SD_EVENT_PRIORITY_IDLE);
	return 0;
}

sd_event_source *sd_event_source_unref(sd_event_source *source)
{
	(void)source;
	return NULL;
}

sd_event *sd_event_ref(sd_event *event)
{
	return event;
}

sd_event *sd_event_unref(sd_event *event)
{
	(void)event;
	return NULL;
}

static void note(const char *text)
{
	size_t used = strlen(calls);

	snprintf(calls + used, sizeof(calls) - used, "%s;", text);
}

static void note_event(void *data, const struct genl_event *event)
{
	char text[32];

	(void)data;
	snprintf(text, sizeof(text), "%u", (unsigned int)event->seq);
	note(text);
}

static void note_snapshot(void *data, const struct snapshot *snapshot)
{
	(void)data;
	(void)snapshot;
	note("snapshot");
}

static void note_missed(void *data)
{
	(void)data;
	note("missed");
}

static void note_gone(void *data)
{
	(void)data;
	note("gone");
}

static int setup(void **state)
{
	static const struct kernel_events_calls events_calls = {
		.event = note_event,
		.snapshot = note_snapshot,
		.missed = note_missed,
		.gone = note_gone,
	};

	(void)state;
	open_error = 0;
	calls[0] = '\0';
	assert_int_equal(kernel_events_new(&events, NULL, &events_calls), 0);
	kernel_events_open(events);
	assert_int_equal(n_open, 1);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	kernel_events_free(events);
	assert_int_equal(n_open, 0);
	return 0;
}

static void expect(const char *expected)
{
	assert_string_equal(calls, expected);
	calls[0] = '\0';
}

/* The socket can be read, and that is what is there. */
#define READ(...)                                                   \
	do {                                                        \
		script = (const int64_t[]){ __VA_ARGS__, 0, 0, 0 }; \
		on_ends(NULL, 1, 0, loop_data);                     \
	} while (0)

static void test_in_order(void **state)
{
	(void)state;
	READ(7, 8, 9);
	READ(10);
	expect("7;8;9;10;");
	assert_int_equal(kernel_events_counters(events)->missed, 0);
}

/* It overflows: all that is left comes first, and once it is said. */
static void test_overflow(void **state)
{
	(void)state;
	READ(1, -ENOBUFS, 5, 6, -ENOBUFS, 9);
	expect("1;5;6;9;missed;");
	assert_int_equal(kernel_events_counters(events)->missed, 1);
	/* The gap may be seen after that only: it is the same loss. */
	READ(12);
	expect("12;");
	/* Another one is another. */
	READ(13, 15);
	expect("13;15;missed;");
	READ(-ENOBUFS);
	expect("missed;");
	assert_int_equal(kernel_events_counters(events)->missed, 3);
}

/* A message that is not understood may have been anything. */
static void test_bad_message(void **state)
{
	(void)state;
	READ(1, -EBADMSG, 2);
	expect("1;2;missed;");
}

/* The module goes: nothing was missed that is still of use. */
static void test_gone(void **state)
{
	(void)state;
	READ(1, -ENOBUFS, -ENOPROTOOPT);
	expect("1;gone;");
	assert_int_equal(n_open, 0);
	/* Numbers begin anew with another one. */
	kernel_events_open(events);
	READ(1, 2);
	expect("1;2;");
	assert_int_equal(kernel_events_counters(events)->missed, 0);
}

/* It cannot be listened to as yet; later it can. */
static void test_open_later(void **state)
{
	(void)state;
	kernel_events_close(events);
	open_error = -ENOPROTOOPT;
	kernel_events_open(events);
	assert_int_equal(n_open, 0);
	open_error = 0;
	kernel_events_open(events);
	READ(5);
	expect("5;");
}

/* Those that are lost are counted; ends are not asked for because of it. */
static void test_snapshots(void **state)
{
	static const int64_t some[] = { 3, 4, 9, -ENOBUFS, 0 };
	static const int64_t gone[] = { -ENOPROTOOPT, 0 };

	(void)state;
	kernel_events_want(events, true);
	kernel_events_open(events);
	assert_int_equal(n_open, 2);
	script = some;
	on_snapshots(NULL, 2, 0, loop_data);
	expect("snapshot;snapshot;snapshot;");
	assert_int_equal(kernel_events_counters(events)->snapshots, 3);
	assert_int_equal(kernel_events_counters(events)->snapshots_lost, 4);
	assert_int_equal(kernel_events_counters(events)->missed, 0);
	script = gone;
	on_snapshots(NULL, 2, 0, loop_data);
	assert_int_equal(n_open, 1);
	expect("");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_in_order),	TEST(test_overflow),
		TEST(test_bad_message), TEST(test_gone),
		TEST(test_open_later),	TEST(test_snapshots),
	};

	log_set_level(LOG_ERR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
