// SPDX-License-Identifier: GPL-2.0
/*
 * The table of flows: what sources announce. flows_fixture.h is the rest of
 * the daemon.
 */
#include "flows_fixture.h"

#include <errno.h>

#include "flow.h"
#include "log.h"
#include "timestamp.h"

static void test_life(void **state)
{
	struct fixture *fx = *state;
	int64_t before = timestamp_now();

	assert_int_equal(start(fx, usual(FIREFLY_START)), 0);
	expect(fx, "mark 2001:db8::1:1094>2001:db8::2:40000 3/14;start 3/14;");
	assert_true(fx->last.start_us >= before);
	assert_true(fx->last.current_us == fx->last.start_us);
	assert_int_equal(flows_count(fx->flows), 1);

	/* Ids of an end say nothing. */
	assert_int_equal(end(fx,
			     say(FIREFLY_END, HERE, 1094, THERE, 40000, 14, 3)),
			 0);
	expect(fx, "end 3/14;unmark;");
	assert_true(fx->last.end_us >= fx->last.start_us);
	assert_int_equal(flows_count(fx->flows), 0);

	assert_int_equal(end(fx, usual(FIREFLY_END)), -ENOENT);
	expect(fx, "");
}

static void test_announced_from_remote(void **state)
{
	struct addr there = address(THERE);
	struct fixture *fx = *state;

	assert_int_equal(start(fx, say(FIREFLY_START, THERE, 1094, HERE, 40000,
				       2, 9)),
			 0);
	expect(fx, "mark 2001:db8::1:40000>2001:db8::2:1094 2/9;start 2/9;");
	assert_true(addr_equal(&fx->last.key.src, &there));
	assert_int_equal(fx->last.key.sport, 1094);

	/* The same flow, seen from the other side. */
	assert_int_equal(start(fx, say(FIREFLY_START, HERE, 40000, THERE, 1094,
				       2, 9)),
			 0);
	expect(fx, "");
	assert_int_equal(end(fx,
			     say(FIREFLY_END, HERE, 40000, THERE, 1094, 0, 0)),
			 0);
	expect(fx, "end 2/9;unmark;");
	assert_int_equal(fx->last.key.sport, 1094);
}

static void test_loopback(void **state)
{
	struct fixture *fx = *state;

	assert_int_equal(start(fx, say(FIREFLY_START, "::1", 1, HERE, 2, 1, 1)),
			 0);
	expect(fx, "mark ::1:1>2001:db8::1:2 1/1;mark 2001:db8::1:2>::1:1 1/1;"
		   "start 1/1;");
	assert_int_equal(start(fx, say(FIREFLY_START, "127.0.0.1", 1,
				       "127.0.0.2", 2, 1, 1)),
			 0);
	assert_int_equal(flows_count(fx->flows), 2);
}

static void test_repeated(void **state)
{
	struct fixture *fx = *state;
	struct firefly again = usual(FIREFLY_START);

	assert_int_equal(start(fx, usual(FIREFLY_START)), 0);
	fx->calls[0] = '\0';
	assert_int_equal(start(fx, usual(FIREFLY_START)), 0);
	expect(fx, "");

	again.experiment = 2;
	assert_int_equal(start(fx, again), 0);
	expect(fx, "end 3/14;mark 2001:db8::1:1094>2001:db8::2:40000 2/14;"
		   "start 2/14;");
	assert_int_equal(flows_count(fx->flows), 1);

	/* Refused, and the flow is as it was. */
	again.experiment = 512;
	assert_int_equal(start(fx, again), -ERANGE);
	assert_int_equal(end(fx, usual(FIREFLY_END)), 0);
	expect(fx, "end 2/14;unmark;");
}

static void test_refused(void **state)
{
	struct fixture *fx = *state;

	assert_int_equal(start(fx, say(FIREFLY_START, THERE, 1, "2001:db8::3",
				       2, 3, 14)),
			 -EADDRNOTAVAIL);
	assert_int_equal(start(fx, say(FIREFLY_START, HERE, 1, HERE, 1, 3, 14)),
			 -EINVAL);
	assert_int_equal(start(fx, say(FIREFLY_START, HERE, 1, "ff02::1", 1, 3,
				       14)),
			 -EINVAL);
	assert_int_equal(start(fx, say(FIREFLY_START, "::", 1, HERE, 1, 3, 14)),
			 -EINVAL);
	assert_int_equal(start(fx, say(FIREFLY_START, "192.0.2.1", 1,
				       "224.0.0.1", 1, 3, 14)),
			 -EINVAL);
	expect(fx, "");
	assert_int_equal(flows_count(fx->flows), 0);
}

static int start_ids(struct fixture *fx, uint32_t experiment, uint32_t activity)
{
	int ret = start(fx, say(FIREFLY_START, HERE, 1, THERE, 1, experiment,
				activity));

	if (!ret)
		end(fx, say(FIREFLY_END, HERE, 1, THERE, 1, 0, 0));
	return ret;
}

static void test_range(void **state)
{
	struct fixture *fx = *state;

	assert_int_equal(start_ids(fx, 0, 0), 0);
	assert_int_equal(start_ids(fx, 511, 63), 0);
	assert_int_equal(start_ids(fx, 512, 63), -ERANGE);
	assert_int_equal(start_ids(fx, 513, 1), -ERANGE);
	assert_int_equal(start_ids(fx, 511, 64), -ERANGE);

	fx->config.marks = SCITAG_MARK_DO;
	assert_int_equal(start_ids(fx, 65535, 255), 0);
	assert_int_equal(start_ids(fx, 65536, 255), -ERANGE);
	assert_int_equal(start_ids(fx, 65535, 256), -ERANGE);
	fx->config.layout = SCITAG_LAYOUT_SAFE;
	assert_int_equal(start_ids(fx, 65535, 255), 0);
	fx->config.layout = SCITAG_LAYOUT_LABEL4;
	assert_int_equal(start_ids(fx, 512, 1), -ERANGE);
	fx->config.marks = 0;
	assert_int_equal(start_ids(fx, 512, 1), 0);
}

static void test_max_flows(void **state)
{
	struct fixture *fx = *state;
	uint16_t port;

	for (port = 1; port <= 3; port++)
		assert_int_equal(start(fx, say(FIREFLY_START, HERE, port, THERE,
					       1, 3, 14)),
				 0);
	assert_int_equal(start(fx,
			       say(FIREFLY_START, HERE, 4, THERE, 1, 3, 14)),
			 -ENOSPC);
	/* One that is open already is not one more. */
	assert_int_equal(start(fx,
			       say(FIREFLY_START, HERE, 3, THERE, 1, 3, 15)),
			 0);
	fx->calls[0] = '\0';
	flows_end_all(fx->flows);
	expect(fx, "end 3/14;unmark;end 3/14;unmark;end 3/15;unmark;");
	assert_int_equal(flows_count(fx->flows), 0);
}

static void test_many(void **state)
{
	struct fixture *fx = *state;
	uint32_t i;

	fx->config.max_flows = 20000;
	for (i = 0; i < 20000; i++) {
		assert_int_equal(start(fx, say(FIREFLY_START, HERE, 1 + i % 200,
					       THERE, 1 + i / 200, 3, 14)),
				 0);
		fx->calls[0] = '\0';
	}
	assert_int_equal(flows_count(fx->flows), 20000);
	for (i = 0; i < 20000; i++) {
		uint32_t j = i * 7 % 20000;

		assert_int_equal(end(fx, say(FIREFLY_END, HERE, 1 + j % 200,
					     THERE, 1 + j / 200, 3, 14)),
				 0);
		fx->calls[0] = '\0';
	}
	assert_int_equal(flows_count(fx->flows), 0);
}

/* What the source says of times, application, octets and rtt is kept. */
static void test_said(void **state)
{
	struct firefly said = usual(FIREFLY_START);
	struct fixture *fx = *state;

	said.start_us = said.current_us = 1000;
	said.sent = 56;
	said.received = 187;
	said.rtt_us = 67;
	strcpy(said.application, "xrdcp");
	assert_int_equal(start(fx, said), 0);
	assert_int_equal(fx->last.start_us, 1000);
	assert_int_equal(fx->last.current_us, 1000);
	assert_int_equal(fx->last.sent, 56);
	assert_int_equal(fx->last.received, 187);
	assert_int_equal(fx->last.rtt_us, 67);
	assert_string_equal(fx->last.application, "xrdcp");

	/* The end is announced from the other side. */
	said = say(FIREFLY_END, THERE, 40000, HERE, 1094, 0, 0);
	said.start_us = 1;
	said.end_us = 3000;
	said.current_us = 4000;
	said.sent = 7;
	said.received = 8;
	said.rtt_us = 9;
	assert_int_equal(end(fx, said), 0);
	assert_int_equal(fx->last.start_us, 1000);
	assert_int_equal(fx->last.end_us, 3000);
	assert_int_equal(fx->last.current_us, 4000);
	assert_int_equal(fx->last.key.sport, 1094);
	assert_int_equal(fx->last.sent, 8);
	assert_int_equal(fx->last.received, 7);
	assert_int_equal(fx->last.rtt_us, 9);
	assert_string_equal(fx->last.application, "xrdcp");
}

/* An end before its start, as clocks are set back. */
static void test_clock_set_back(void **state)
{
	struct firefly said = usual(FIREFLY_START);
	struct fixture *fx = *state;

	said.start_us = timestamp_now() + 1000000000;
	assert_int_equal(start(fx, said), 0);
	assert_int_equal(end(fx, usual(FIREFLY_END)), 0);
	assert_true(fx->last.end_us == said.start_us);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_life),      TEST(test_announced_from_remote),
		TEST(test_loopback),  TEST(test_repeated),
		TEST(test_refused),   TEST(test_range),
		TEST(test_max_flows), TEST(test_many),
		TEST(test_said),      TEST(test_clock_set_back),
	};

	log_set_level(LOG_ERR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
