// SPDX-License-Identifier: GPL-2.0
/*
 * Octets of a connection from what the kernel counts, with the numbers that it
 * gives for transfers of a known size.
 */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "firefly.h"
#include "flows.h"
#include "usage.h"

static struct firefly fill_state(enum firefly_state state, enum local_side side,
				 const struct snapshot *last, bool fresh)
{
	struct flow flow = { .side = side, .last = *last };
	struct firefly f, said;

	flow.key.protocol = IPPROTO_TCP;
	firefly_init(&said, state, &flow.key);
	firefly_init(&f, state, &flow.key);
	usage_fill(&f, &flow, &said, fresh);
	return f;
}

static struct firefly fill(enum local_side side, const struct snapshot *last)
{
	return fill_state(FIREFLY_END, side, last, true);
}

/* bytes_acked as sequence numbers have it; bytes_sent without what is not data.
 */
static struct snapshot socket_of(uint64_t acked, uint64_t sent,
				 uint64_t retrans)
{
	return (struct snapshot){
		.flow_id = 1,
		.has_tcp = true,
		.tcp_info.tcpi_bytes_acked = acked,
		.tcp_info.tcpi_bytes_sent = sent,
		.tcp_info.tcpi_bytes_retrans = retrans,
	};
}

static void test_acked(void **state)
{
	static const struct {
		uint64_t acked, sent, retrans, expected;
	} cases[] = {
		{ 1000, 1000, 0, 1000 },
		{ 1001, 1000, 0, 1000 }, /* SYN or FIN */
		{ 1002, 1000, 0, 1000 }, /* SYN and FIN */
		{ 1002, 1300, 300, 1000 },
		{ 501, 1000, 0, 501 }, /* the rest is on its way */
		{ 1, 0, 0, 0 }, /* connected, nothing sent */
		{ 0, 0, 0, 0 },
		{ 0, 1000, 0, 0 },
		{ 1002, 0, 0, 1002 }, /* a kernel without bytes_sent */
		{ UINT64_MAX, 0, 0, INT64_MAX },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct snapshot s = socket_of(cases[i].acked, cases[i].sent,
					      cases[i].retrans);

		assert_true(fill(LOCAL_SRC, &s).sent ==
			    (int64_t)cases[i].expected);
		assert_true(fill(LOCAL_DST, &s).received ==
			    (int64_t)cases[i].expected);
	}
}

/* By state: 1 established, 4 and 5 FIN_WAIT, 6 TIME_WAIT, 7 closed, 8
 * CLOSE_WAIT, 9 LAST_ACK, 11 CLOSING.
 */
static void test_received(void **state)
{
	static const int64_t expected[] = { 800, 800, 800, 800, 800, 800,
					    799, 800, 799, 799, 800, 799 };
	struct snapshot s = socket_of(0, 0, 0);

	(void)state;
	s.tcp_info.tcpi_bytes_received = 800;
	for (s.state = 0; s.state < 12; s.state++) {
		assert_int_equal(fill(LOCAL_SRC, &s).received,
				 expected[s.state]);
		assert_int_equal(fill(LOCAL_DST, &s).sent, expected[s.state]);
		assert_int_equal(fill(LOCAL_BOTH, &s).received,
				 expected[s.state]);
	}
	s.state = 7; /* closed, by either side */
	s.closed_from = 9;
	assert_int_equal(fill(LOCAL_SRC, &s).received, 799);
	s.closed_from = 1;
	assert_int_equal(fill(LOCAL_SRC, &s).received, 800);

	s.state = 8;
	s.closed_from = 0;
	s.tcp_info.tcpi_bytes_received = 0;
	assert_int_equal(fill(LOCAL_SRC, &s).received, 0);
}

/*
 * The packets of a connection that has closed hold what was sent twice, too.
 * Without its last word they are the best guess, but not before the end.
 */
static void test_unseen(void **state)
{
	struct snapshot s = socket_of(6297770, 6299197, 1428);

	(void)state;
	s.packets = 100;
	s.bytes = 6299156 + 100 * 40; /* IPv4 and TCP without options */
	assert_int_equal(fill_state(FIREFLY_ONGOING, LOCAL_SRC, &s, false).sent,
			 6297769);
	assert_int_equal(fill_state(FIREFLY_END, LOCAL_SRC, &s, false).sent,
			 6299156);
	assert_int_equal(fill_state(FIREFLY_END, LOCAL_SRC, &s, true).sent,
			 6297769);
	s.has_tcp = false;
	assert_int_equal(fill_state(FIREFLY_ONGOING, LOCAL_SRC, &s, false).sent,
			 6299156);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_acked),
		cmocka_unit_test(test_received),
		cmocka_unit_test(test_unseen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
