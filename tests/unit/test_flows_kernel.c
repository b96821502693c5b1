// SPDX-License-Identifier: GPL-2.0
/*
 * The table of flows: what the kernel tells. flows_fixture.h is the rest of the
 * daemon.
 */
#include "flows_fixture.h"

#include <errno.h>

#include "limit.h"
#include "log.h"
#include "timestamp.h"

static void test_socket(void **state)
{
	struct firefly said = usual(FIREFLY_END);
	struct fixture *fx = *state;

	sample_tcp(fx, 10, 20, 30);
	assert_int_equal(start(fx, usual(FIREFLY_START)), 0);
	assert_true(fx->last_snapshot.has_tcp);
	assert_int_equal(fx->last.rtt_us, 30);
	assert_int_equal(fx->last.sent, 10);
	assert_int_equal(fx->last.received, 20);

	/* A socket that is there knows better than who announces its end. */
	sample_tcp(fx, 1000, 2000, 3000);
	said.sent = said.received = said.rtt_us = 1;
	assert_int_equal(end(fx, said), 0);
	assert_int_equal(fx->last.sent, 1000);
	assert_int_equal(fx->last.received, 2000);
	assert_int_equal(fx->last.rtt_us, 3000);
	assert_int_equal(fx->last_snapshot.tcp_info.tcpi_rtt, 3000);
}

static void test_socket_of_dst(void **state)
{
	struct fixture *fx = *state;

	sample_tcp(fx, 10, 20, 30);
	assert_int_equal(start(fx,
			       say(FIREFLY_START, THERE, 1, HERE, 2, 3, 14)),
			 0);
	assert_int_equal(fx->last.sent, 20);
	assert_int_equal(fx->last.received, 10);
}

static void test_socket_gone(void **state)
{
	struct fixture *fx = *state;

	sample_tcp(fx, 10, 20, 30);
	assert_int_equal(start(fx, usual(FIREFLY_START)), 0);

	/* 10 packets of 72 octets of headers, and 5000 octets in them. */
	sample_counters(fx, 17);
	assert_int_equal(end(fx, usual(FIREFLY_END)), 0);
	assert_int_equal(fx->last.sent, 5000);
	assert_int_equal(fx->last.received, 20);
	assert_true(fx->last_snapshot.has_tcp);
	assert_int_equal(fx->last.rtt_us, 30);
}

static void test_socket_gone_said(void **state)
{
	struct firefly said = usual(FIREFLY_END);
	struct fixture *fx = *state;

	sample_tcp(fx, 10, 20, 30);
	assert_int_equal(start(fx, usual(FIREFLY_START)), 0);
	sample_counters(fx, 17);
	said.sent = 4900;
	said.rtt_us = 40;
	assert_int_equal(end(fx, said), 0);
	assert_int_equal(fx->last.sent, 4900);
	assert_int_equal(fx->last.received, 20);
	assert_int_equal(fx->last.rtt_us, 40);
}

/* What was seen at the start is still there at the second look after it. */
static void test_socket_gone_at_retag(void **state)
{
	struct firefly again = usual(FIREFLY_START);
	struct fixture *fx = *state;

	sample_tcp(fx, 10, 20, 30);
	assert_int_equal(start(fx, usual(FIREFLY_START)), 0);
	sample_counters(fx, 17);
	again.experiment = 2;
	assert_int_equal(start(fx, again), 0);
	fx->sample = (struct snapshot){ .flow_id = 0 };
	assert_int_equal(end(fx, usual(FIREFLY_END)), 0);
	assert_int_equal(fx->last.sent, 5000);
	assert_int_equal(fx->last.received, 20);
	assert_true(fx->last_snapshot.has_tcp);
	assert_int_equal(fx->last.rtt_us, 30);
}

static void test_never_a_socket(void **state)
{
	struct firefly udp = usual(FIREFLY_START);
	struct fixture *fx = *state;

	udp.key.protocol = IPPROTO_UDP;
	assert_int_equal(start(fx, udp), 0);
	assert_int_equal(fx->last.sent, FIREFLY_UNKNOWN);
	assert_false(fx->last_snapshot.has_tcp);

	/* Fewer octets than headers: of no packet there is a negative rest. */
	fx->sample = (struct snapshot){
		.flow_id = 17,
		.packets = 2,
		.bytes = 95,
	};
	udp.state = FIREFLY_END;
	assert_int_equal(end(fx, udp), 0);
	assert_int_equal(fx->last.sent, 0);
	assert_int_equal(fx->last.received, FIREFLY_UNKNOWN);
}

static void kernel_end(struct fixture *fx, uint32_t id)
{
	struct snapshot last = {
		.flow_id = id,
		.packets = 10,
		.bytes = 5720,
	};

	/* By then it is not there any more. */
	fx->sample = (struct snapshot){ .flow_id = 0 };
	flows_kernel_end(fx->flows, &last, "closed");
}

static void test_kernel_end(void **state)
{
	struct fixture *fx = *state;

	sample_tcp(fx, 10, 20, 30);
	assert_int_equal(start(fx, usual(FIREFLY_START)), 0);
	fx->calls[0] = '\0';

	/* Another flow; an older one of the same 5-tuple. */
	kernel_end(fx, 16);
	kernel_end(fx, 0);
	expect(fx, "");

	/* Once; there is nothing to unmark; what is announced is late. */
	kernel_end(fx, 17);
	expect(fx, "end 3/14;");
	assert_int_equal(fx->last.sent, 5000);
	assert_int_equal(fx->last.received, 20);
	assert_int_equal(flows_count(fx->flows), 0);
	kernel_end(fx, 17);
	assert_int_equal(end(fx, usual(FIREFLY_END)), -ENOENT);
	expect(fx, "");

	/* So is a start, if its connection is not there. */
	sample_counters(fx, 18);
	assert_int_equal(start(fx, usual(FIREFLY_START)), 0);
	expect(fx, "mark 2001:db8::1:1094>2001:db8::2:40000 3/14;unmark;");
	assert_int_equal(flows_count(fx->flows), 0);
	assert_int_equal(flows_counters(fx->flows)->late, 1);
	assert_int_equal(end(fx, usual(FIREFLY_END)), -ENOENT);

	/* It may come again, and the late end of the first is not its end. */
	sample_tcp(fx, 10, 20, 30);
	fx->sample.flow_id = 18;
	assert_int_equal(start(fx, usual(FIREFLY_START)), 0);
	expect(fx, "mark 2001:db8::1:1094>2001:db8::2:40000 3/14;start 3/14;");
	kernel_end(fx, 17);
	expect(fx, "");
	assert_int_equal(flows_count(fx->flows), 1);
}

/* The kernel names it as its packets do, whichever way it was announced. */
static void test_kernel_end_of_dst(void **state)
{
	struct fixture *fx = *state;

	sample_counters(fx, 5);
	assert_int_equal(start(fx, say(FIREFLY_START, THERE, 1094, HERE, 40000,
				       2, 9)),
			 0);
	fx->calls[0] = '\0';
	kernel_end(fx, 5);
	expect(fx, "end 2/9;");
	assert_int_equal(fx->last.key.sport, 1094);
	/* 60 octets of headers in each: without timestamps. */
	assert_int_equal(fx->last.received, 5120);
}

/* A flow that the kernel never took is none that it can end. */
static void test_kernel_end_not_marked(void **state)
{
	struct fixture *fx = *state;

	assert_int_equal(start(fx, usual(FIREFLY_START)), 0);
	fx->calls[0] = '\0';
	kernel_end(fx, 0);
	expect(fx, "");

	/* Within this host there are two, and one has ended. */
	sample_counters(fx, 6);
	assert_int_equal(start(fx, say(FIREFLY_START, "::1", 1, HERE, 2, 1, 1)),
			 0);
	fx->calls[0] = '\0';
	kernel_end(fx, 6);
	expect(fx, "end 1/1;unmark;");
}

static void take(struct fixture *fx, uint32_t id, uint32_t trigger,
		 uint64_t age_ns, uint64_t acked)
{
	struct snapshot snapshot = {
		.flow_id = id,
		.trigger = trigger,
		.age_ns = age_ns,
		.packets = 1,
		.bytes = 100,
		.has_tcp = acked,
		.tcp_info.tcpi_bytes_acked = acked,
		.tcp_info.tcpi_rtt = 5,
	};

	flows_snapshot(fx->flows, &snapshot);
}

static void test_ongoing(void **state)
{
	const uint32_t interval = SCITAG_SNAPSHOT_TRIGGER_INTERVAL;
	struct fixture *fx = *state;

	sample_tcp(fx, 10, 20, 30);
	fx->sample.age_ns = 100;
	assert_int_equal(start(fx, usual(FIREFLY_START)), 0);
	fx->calls[0] = '\0';

	/* Somebody else's, one that was taken before, and another trigger. */
	take(fx, 18, interval, 200, 40);
	take(fx, 17, interval, 99, 40);
	take(fx, 17, SCITAG_SNAPSHOT_TRIGGER_STATE, 150, 40);
	expect(fx, "");

	take(fx, 17, interval, 200, 1000);
	expect(fx, "ongoing 3/14;");
	assert_int_equal(fx->last.sent, 1000);
	assert_int_equal(fx->last.rtt_us, 5);
	assert_true(fx->last.start_us > 0);
	take(fx, 17, interval | SCITAG_SNAPSHOT_TRIGGER_RTO, 300, 2000);
	expect(fx, "ongoing 3/14;");
	assert_int_equal(fx->last.sent, 2000);

	assert_int_equal(end(fx, usual(FIREFLY_END)), 0);
	take(fx, 17, interval, 400, 3000);
	expect(fx, "end 3/14;unmark;");
}

/* The final counts are better than what is announced. */
static void test_final_snapshot(void **state)
{
	struct firefly said = usual(FIREFLY_END);
	struct fixture *fx = *state;

	sample_counters(fx, 17);
	assert_int_equal(start(fx, usual(FIREFLY_START)), 0);
	take(fx, 17, SCITAG_SNAPSHOT_TRIGGER_END, 200, 70000);
	expect(fx, "mark 2001:db8::1:1094>2001:db8::2:40000 3/14;start 3/14;");
	take(fx, 17, SCITAG_SNAPSHOT_TRIGGER_INTERVAL, 300, 0);
	expect(fx, "ongoing 3/14;");
	assert_int_equal(fx->last.sent, 70000);

	fx->sample = (struct snapshot){ .flow_id = 0 };
	said.sent = said.rtt_us = 1;
	assert_int_equal(end(fx, said), 0);
	assert_int_equal(fx->last.sent, 70000);
	assert_int_equal(fx->last.rtt_us, 5);
}

static void test_kernel_end_with_socket(void **state)
{
	struct fixture *fx = *state;
	struct snapshot last;

	sample_tcp(fx, 10, 20, 30);
	assert_int_equal(start(fx, usual(FIREFLY_START)), 0);
	sample_tcp(fx, 4000, 5000, 6000);
	last = fx->sample;

	/* Another of the same 5-tuple may be there already. */
	sample_tcp(fx, 1, 1, 1);
	flows_kernel_end(fx->flows, &last, "closed");
	assert_int_equal(fx->last.state, FIREFLY_END);
	assert_int_equal(fx->last.sent, 4000);
	assert_int_equal(fx->last.received, 5000);
	assert_int_equal(fx->last.rtt_us, 6000);
}

static struct firefly of_port(enum firefly_state state, uint16_t port)
{
	return say(state, HERE, port, THERE, 1, 3, 14);
}

static void delete (struct fixture *fx, uint32_t id)
{
	struct snapshot last = { .flow_id = id };

	flows_kernel_del(fx->flows, &last);
}

/* Those that the kernel does not have any more end, and no others. */
static void test_resync(void **state)
{
	struct fixture *fx = *state;
	uint32_t i;

	for (i = 1; i <= 3; i++) {
		sample_counters(fx, i);
		assert_int_equal(start(fx, of_port(FIREFLY_START, i)), 0);
	}
	fx->calls[0] = '\0';

	fx->gone = 4;
	flows_resync(fx->flows);
	expect(fx, "");
	fx->gone = 2;
	flows_resync(fx->flows);
	expect(fx, "end 3/14;");
	assert_int_equal(fx->last.key.sport, 2);
	flows_resync(fx->flows);
	expect(fx, "");
	assert_int_equal(end(fx, of_port(FIREFLY_END, 2)), -ENOENT);
	assert_int_equal(flows_count(fx->flows), 2);

	/* What was deleted by hand stays open here. */
	delete (fx, 3);
	delete (fx, 3);
	fx->gone = 3;
	flows_resync(fx->flows);
	fx->gone = 0;
	flows_resync(fx->flows);
	expect(fx, "");
	assert_int_equal(flows_count(fx->flows), 2);
}

static void count_message(void *data, int level, const char *text)
{
	unsigned int *n = data;

	(void)text;
	*n += level == LOG_WARNING;
}

/* A socket that overflows all the time does not fill the log. */
static void test_resync_messages(void **state)
{
	struct fixture *fx = *state;
	unsigned int n = 0, i;

	log_set_level(LOG_WARNING);
	log_set_observer(count_message, &n);
	for (i = 0; i < 100; i++)
		flows_resync(fx->flows);
	log_set_observer(NULL, NULL);
	log_set_level(LOG_ERR);
	/* A period may have ended in between. */
	assert_in_range(n, LIMIT_MESSAGES, 2 * LIMIT_MESSAGES + 1);
}

/* The kernel's table goes, and numbers start anew in the next. */
static void test_gone_and_back(void **state)
{
	struct fixture *fx = *state;

	sample_counters(fx, 1);
	assert_int_equal(start(fx, of_port(FIREFLY_START, 1)), 0);
	sample_counters(fx, 2);
	assert_int_equal(start(fx, of_port(FIREFLY_START, 2)), 0);
	fx->calls[0] = '\0';

	flows_kernel_gone(fx->flows);
	take(fx, 1, SCITAG_SNAPSHOT_TRIGGER_INTERVAL, 1000, 1);
	kernel_end(fx, 2);
	fx->gone = 1;
	flows_resync(fx->flows);
	expect(fx, "");
	assert_int_equal(flows_count(fx->flows), 2);

	flows_kernel_back(fx->flows);
	expect(fx, "mark 2001:db8::1:1>2001:db8::2:1 3/14;"
		   "mark 2001:db8::1:2>2001:db8::2:1 3/14;");
	/* Of two that say that they have a number the last is right. */
	sample_counters(fx, 1);
	flows_kernel_back(fx->flows);
	fx->calls[0] = '\0';
	take(fx, 1, SCITAG_SNAPSHOT_TRIGGER_INTERVAL, 1000, 1);
	expect(fx, "ongoing 3/14;");
	assert_int_equal(fx->last.key.sport, 2);
}

/* Nothing is to be marked any more: what was seen last is kept. */
static void test_leave(void **state)
{
	struct fixture *fx = *state;

	sample_tcp(fx, 1000, 2000, 3000);
	assert_int_equal(start(fx, of_port(FIREFLY_START, 1)), 0);
	fx->calls[0] = '\0';
	sample_tcp(fx, 5000, 6000, 7000);
	flows_kernel_leave(fx->flows);
	expect(fx, "unmark;");
	assert_int_equal(flows_count(fx->flows), 1);

	/* What comes late from there is of no flow. */
	fx->sample = (struct snapshot){ .flow_id = 0 };
	kernel_end(fx, 17);
	expect(fx, "");
	assert_int_equal(end(fx, of_port(FIREFLY_END, 1)), 0);
	expect(fx, "end 3/14;unmark;");
	assert_int_equal(fx->last_snapshot.tcp_info.tcpi_bytes_acked, 5000);
}

static void test_reload(void **state)
{
	struct fixture *fx = *state;
	struct config config = fx->config;

	config.max_flows = 1;
	assert_int_equal(start(fx, of_port(FIREFLY_START, 1)), 0);
	assert_int_equal(start(fx, of_port(FIREFLY_START, 2)), 0);
	flows_reload(fx->flows, &config);
	assert_int_equal(flows_count(fx->flows), 2);
	assert_int_equal(start(fx, of_port(FIREFLY_START, 3)), -ENOSPC);
	assert_int_equal(end(fx, of_port(FIREFLY_END, 1)), 0);
	assert_int_equal(end(fx, of_port(FIREFLY_END, 2)), 0);
	assert_int_equal(start(fx, of_port(FIREFLY_START, 3)), 0);
	flows_reload(fx->flows, &fx->config);
}

static struct flow_state made(uint32_t id, uint32_t experiment)
{
	struct firefly said = usual(FIREFLY_START);

	return (struct flow_state){
		.id = id,
		.rule = 4,
		.age_ms = 2000,
		.spec = { .key = said.key,
			  .experiment = experiment,
			  .activity = 14 },
	};
}

static void make(struct fixture *fx, uint32_t id, enum flow_origin origin)
{
	struct flow_state state = made(id, 3);

	flows_kernel_new(fx->flows, &state, origin,
			 origin == FLOW_OF_RULE ? "iperf3" : NULL);
}

/* A flow that the kernel has made is reported as any other. */
static void test_made(void **state)
{
	struct fixture *fx = *state;
	int64_t now = timestamp_now();

	make(fx, 17, FLOW_OF_RULE);
	expect(fx, "start 3/14;");
	assert_string_equal(fx->last.application, "iperf3");
	assert_in_range(fx->last.start_us, now - 2000000,
			timestamp_now() - 2000000);
	assert_string_equal(fx->notes, "+=");
	/* As it is told again, or found in a list. */
	make(fx, 17, FLOW_OF_RULE);
	expect(fx, "");
	take(fx, 17, SCITAG_SNAPSHOT_TRIGGER_INTERVAL, 100, 5);
	expect(fx, "ongoing 3/14;");
	kernel_end(fx, 17);
	expect(fx, "end 3/14;");
	assert_string_equal(fx->notes, "+=>=-");
}

/*
 * Its end was in the queue when another one was found to be missing: whoever
 * hears of it then takes it for a flow whose start was lost.
 */
static void test_made_and_missed(void **state)
{
	struct fixture *fx = *state;

	make(fx, 17, FLOW_OF_RULE);
	fx->gone = 17;
	flows_resync(fx->flows);
	expect(fx, "start 3/14;end 3/14;");
	make(fx, 17, FLOW_OF_RULE);
	kernel_end(fx, 17);
	expect(fx, "");
	/* A start that is announced now is of no connection. */
	sample_counters(fx, 18);
	assert_int_equal(start(fx, usual(FIREFLY_START)), 0);
	expect(fx, "mark 2001:db8::1:1094>2001:db8::2:40000 3/14;unmark;");

	/* The ports are used again; or the numbers, in another table. */
	make(fx, 18, FLOW_OF_RULE);
	kernel_end(fx, 18);
	expect(fx, "start 3/14;end 3/14;");
	flows_kernel_gone(fx->flows);
	make(fx, 18, FLOW_OF_RULE);
	expect(fx, "start 3/14;");
}

/*
 * A flow that a rule makes and a source announces has one start and one end,
 * whatever comes first.
 */
static void test_both(void **state)
{
	struct fixture *fx = *state;

	make(fx, 17, FLOW_OF_RULE);
	assert_int_equal(start(fx, usual(FIREFLY_START)), 0);
	assert_int_equal(end(fx, usual(FIREFLY_END)), 0);
	kernel_end(fx, 17);
	expect(fx, "start 3/14;end 3/14;unmark;");

	sample_counters(fx, 18);
	assert_int_equal(start(fx, usual(FIREFLY_START)), 0);
	make(fx, 18, FLOW_OF_RULE);
	kernel_end(fx, 18);
	assert_int_equal(end(fx, usual(FIREFLY_END)), -ENOENT);
	expect(fx, "mark 2001:db8::1:1094>2001:db8::2:40000 3/14;start 3/14;"
		   "end 3/14;");

	/* The whole announcement is late. */
	make(fx, 19, FLOW_OF_RULE);
	kernel_end(fx, 19);
	fx->calls[0] = '\0';
	sample_counters(fx, 20);
	assert_int_equal(start(fx, usual(FIREFLY_START)), 0);
	assert_int_equal(end(fx, usual(FIREFLY_END)), -ENOENT);
	expect(fx, "mark 2001:db8::1:1094>2001:db8::2:40000 3/14;unmark;");

	/* The ports are used again at once. */
	fx->sample = (struct snapshot){ .flow_id = 0 };
	make(fx, 21, FLOW_OF_RULE);
	kernel_end(fx, 21);
	make(fx, 22, FLOW_OF_RULE);
	kernel_end(fx, 21);
	kernel_end(fx, 22);
	expect(fx, "start 3/14;end 3/14;start 3/14;end 3/14;");
}

static void test_both_with_other_ids(void **state)
{
	struct firefly other = usual(FIREFLY_START);
	struct flow_state now = made(17, 5);
	struct fixture *fx = *state;

	other.experiment = 2;
	make(fx, 17, FLOW_OF_RULE);
	sample_counters(fx, 17);
	assert_int_equal(start(fx, other), 0);
	expect(fx, "start 3/14;end 3/14;"
		   "mark 2001:db8::1:1094>2001:db8::2:40000 2/14;start 2/14;");
	/* By hand. */
	assert_true(flows_kernel_differs(fx->flows, &now));
	flows_kernel_update(fx->flows, &now);
	flows_kernel_update(fx->flows, &now);
	expect(fx, "end 2/14;start 5/14;");
	assert_int_equal(end(fx, usual(FIREFLY_END)), 0);
	expect(fx, "end 5/14;unmark;");
}

/* Who ends a flow by hand, and whose table is gone, has no flow any more. */
static void test_of_hand(void **state)
{
	struct fixture *fx = *state;

	make(fx, 17, FLOW_OF_HAND);
	delete (fx, 17);
	expect(fx, "start 3/14;end 3/14;");
	make(fx, 18, FLOW_OF_HAND);
	flows_kernel_back(fx->flows);
	expect(fx, "start 3/14;");
	flows_kernel_gone(fx->flows);
	expect(fx, "end 3/14;");
	make(fx, 19, FLOW_OF_HAND);
	flows_kernel_leave(fx->flows);
	expect(fx, "start 3/14;end 3/14;");
	/* It is the source's from now on. */
	make(fx, 20, FLOW_OF_HAND);
	assert_int_equal(start(fx, usual(FIREFLY_START)), 0);
	delete (fx, 20);
	expect(fx, "start 3/14;");
	assert_int_equal(flows_count(fx->flows), 1);
}

/* A connection that has closed while there was no module. */
static void test_rule_and_back(void **state)
{
	struct fixture *fx = *state;

	make(fx, 17, FLOW_OF_RULE);
	flows_kernel_gone(fx->flows);
	expect(fx, "start 3/14;");
	sample_tcp(fx, 1, 2, 3);
	flows_kernel_back(fx->flows);
	expect(fx, "mark 2001:db8::1:1094>2001:db8::2:40000 3/14;");
	flows_kernel_gone(fx->flows);
	sample_counters(fx, 18);
	flows_kernel_back(fx->flows);
	expect(fx, "mark 2001:db8::1:1094>2001:db8::2:40000 3/14;"
		   "unmark;end 3/14;");
}

/* Others have asked for more snapshots than there are to be fireflies. */
static void test_period(void **state)
{
	const uint32_t interval = SCITAG_SNAPSHOT_TRIGGER_INTERVAL;
	struct fixture *fx = *state;

	fx->config.period_s = 10;
	make(fx, 17, FLOW_OF_HAND);
	fx->calls[0] = '\0';
	take(fx, 17, interval, 1000000000, 5);
	take(fx, 17, interval, 2000000000, 5);
	expect(fx, "ongoing 3/14;");
	take(fx, 17, interval, 11000000000, 5);
	expect(fx, "ongoing 3/14;");
}

/*
 * The time of day is set back by an hour while a flow is open, or forth: the
 * period goes by another clock, and no flow ends before it starts.
 */
static void test_clock_steps(void **state)
{
	static const int64_t steps_us[] = { 3600000000LL, -3600000000LL };
	const uint32_t interval = SCITAG_SNAPSHOT_TRIGGER_INTERVAL;
	struct fixture *fx = *state;
	size_t i;

	fx->config.period_s = 10;
	for (i = 0; i < 2; i++) {
		struct firefly said = usual(FIREFLY_START);
		int64_t then_us = timestamp_now() + steps_us[i];

		said.start_us = then_us;
		sample_tcp(fx, 10, 20, 30);
		fx->calls[0] = '\0';
		assert_int_equal(start(fx, said), 0);
		take(fx, 17, interval, 10000000000, 5);
		take(fx, 17, interval, 12000000000, 5);
		take(fx, 17, interval, 20000000000, 5);
		kernel_end(fx, 17);
		expect(fx, "mark 2001:db8::1:1094>2001:db8::2:40000 3/14;"
			   "start 3/14;ongoing 3/14;ongoing 3/14;end 3/14;");
		assert_int_equal(fx->last.start_us, then_us);
		assert_true(fx->last.end_us >= then_us);
		assert_true(fx->last.end_us - then_us <= 3700000000LL);
	}
}

/* Ages begin anew with another table: the period does not wait for the old. */
static void test_period_after_back(void **state)
{
	const uint32_t interval = SCITAG_SNAPSHOT_TRIGGER_INTERVAL;
	struct fixture *fx = *state;

	fx->config.period_s = 10;
	sample_tcp(fx, 10, 20, 30);
	assert_int_equal(start(fx, usual(FIREFLY_START)), 0);
	take(fx, 17, interval, 900000000000, 5);
	flows_kernel_gone(fx->flows);
	flows_kernel_back(fx->flows);
	fx->calls[0] = '\0';
	take(fx, 17, interval, 3000000000, 6);
	take(fx, 17, interval, 4000000000, 6);
	take(fx, 17, interval, 13000000000, 7);
	expect(fx, "ongoing 3/14;ongoing 3/14;");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_socket),
		TEST(test_socket_of_dst),
		TEST(test_socket_gone),
		TEST(test_socket_gone_said),
		TEST(test_socket_gone_at_retag),
		TEST(test_never_a_socket),
		TEST(test_kernel_end),
		TEST(test_kernel_end_of_dst),
		TEST(test_kernel_end_not_marked),
		TEST(test_ongoing),
		TEST(test_final_snapshot),
		TEST(test_kernel_end_with_socket),
		TEST(test_resync),
		TEST(test_resync_messages),
		TEST(test_gone_and_back),
		TEST(test_leave),
		TEST(test_reload),
		TEST(test_made),
		TEST(test_made_and_missed),
		TEST(test_both),
		TEST(test_both_with_other_ids),
		TEST(test_of_hand),
		TEST(test_rule_and_back),
		TEST(test_period),
		TEST(test_clock_steps),
		TEST(test_period_after_back),
	};

	log_set_level(LOG_ERR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
