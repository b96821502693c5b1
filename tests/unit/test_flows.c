// SPDX-License-Identifier: GPL-2.0
/*
 * The table of flows with callbacks that write down what they were called
 * with. This host is 2001:db8::1 and 192.0.2.1, besides loopback.
 */
#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <uapi/linux/scitag.h>

#include "config.h"
#include "flow.h"
#include "flows.h"
#include "log.h"
#include "timestamp.h"

#define HERE "2001:db8::1"
#define THERE "2001:db8::2"

struct fixture {
	struct config config;
	struct local *local;
	struct flows *flows;
	char calls[4096]; /* "mark ...;unmark ...;start ..." */
	struct firefly last;
	struct snapshot last_snapshot; /* of that firefly */
	struct snapshot sample; /* what the kernel will say */
	uint32_t gone; /* the kernel does not have the flow of this number */
};

static void note(struct fixture *fx, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void note(struct fixture *fx, const char *format, ...)
{
	size_t used = strlen(fx->calls);
	va_list ap;

	va_start(ap, format);
	vsnprintf(fx->calls + used, sizeof(fx->calls) - used, format, ap);
	va_end(ap);
}

static void note_mark(void *data, const struct flow *flow)
{
	char src[ADDR_TEXT_MAX], dst[ADDR_TEXT_MAX];
	struct fixture *fx = data;
	struct flow_key keys[2];
	size_t n, i;

	n = flow_egress_keys(flow, keys);
	for (i = 0; i < n; i++)
		note(fx, "mark %s:%u>%s:%u %u/%u;",
		     addr_format(&keys[i].src, src), keys[i].sport,
		     addr_format(&keys[i].dst, dst), keys[i].dport,
		     flow->experiment, flow->activity);
}

static void note_unmark(void *data, const struct flow *flow)
{
	(void)flow;
	note(data, "unmark;");
}

static void note_sample(void *data, const struct flow *flow,
			struct snapshot *sample)
{
	struct fixture *fx = data;

	(void)flow;
	*sample = fx->sample;
}

static bool note_is_gone(void *data, const struct flow *flow)
{
	struct fixture *fx = data;

	return flow->kernel_id == fx->gone;
}

static void note_report(void *data, const struct flow *flow,
			const struct firefly *firefly)
{
	static const char *const names[] = { "start", "ongoing", "end" };
	struct fixture *fx = data;

	(void)flow;
	note(fx, "%s %u/%u;", names[firefly->state], firefly->experiment,
	     firefly->activity);
	fx->last = *firefly;
	fx->last_snapshot = *firefly->snapshot;
}

static struct addr address(const char *text)
{
	struct addr addr;

	assert_int_equal(addr_parse(&addr, text), 0);
	return addr;
}

static int setup(void **state)
{
	struct addr more[2] = { address(HERE), address("192.0.2.1") };
	struct fixture *fx = calloc(1, sizeof(*fx));
	struct flows_calls calls = {
		.mark = note_mark,
		.unmark = note_unmark,
		.sample = note_sample,
		.is_gone = note_is_gone,
		.kernel = fx,
		.report = note_report,
		.emitter = fx,
	};

	assert_non_null(fx);
	fx->config.marks = SCITAG_MARK_LABEL;
	fx->config.layout = FLOW_LAYOUT_DEFAULT;
	fx->config.max_flows = 3;
	assert_int_equal(local_new(&fx->local, more, 2), 0);
	assert_int_equal(flows_new(&fx->flows, &fx->config, fx->local, &calls),
			 0);
	*state = fx;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fx = *state;

	flows_free(fx->flows);
	local_free(fx->local);
	free(fx);
	return 0;
}

static struct firefly say(enum firefly_state state, const char *src,
			  uint16_t sport, const char *dst, uint16_t dport,
			  uint32_t experiment, uint32_t activity)
{
	struct flow_key key = {
		.src = address(src),
		.sport = sport,
		.dst = address(dst),
		.dport = dport,
		.protocol = IPPROTO_TCP,
	};
	struct firefly said;

	firefly_init(&said, state, &key);
	said.has_ids = true;
	said.experiment = experiment;
	said.activity = activity;
	return said;
}

/* A start or an end of the flow that most tests are about. */
static struct firefly usual(enum firefly_state state)
{
	return say(state, HERE, 1094, THERE, 40000, 3, 14);
}

static int start(struct fixture *fx, struct firefly said)
{
	char error[FLOWS_ERROR_MAX] = "";
	int ret = flows_start(fx->flows, &said, error);

	assert_int_equal(!ret, !error[0]);
	return ret;
}

static int end(struct fixture *fx, struct firefly said)
{
	char error[FLOWS_ERROR_MAX] = "";
	int ret = flows_end(fx->flows, &said, error);

	assert_int_equal(!ret, !error[0]);
	return ret;
}

static void expect(struct fixture *fx, const char *calls)
{
	assert_string_equal(fx->calls, calls);
	fx->calls[0] = '\0';
}

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

/* The kernel has the flow, and its socket. */
static void sample_tcp(struct fixture *fx, uint64_t acked, uint64_t received,
		       uint32_t rtt_us)
{
	fx->sample = (struct snapshot){
		.flow_id = 17,
		.has_tcp = true,
		.state = 1,
		.tcp_info.tcpi_options = TCPI_OPT_TIMESTAMPS,
		.tcp_info.tcpi_bytes_acked = acked,
		.tcp_info.tcpi_bytes_received = received,
		.tcp_info.tcpi_rtt = rtt_us,
		.tcp_info_len = sizeof(struct tcp_info),
	};
}

/* It has the flow, and its socket is gone. */
static void sample_counters(struct fixture *fx, uint32_t id)
{
	fx->sample = (struct snapshot){
		.flow_id = id,
		.packets = 10,
		.bytes = 5720,
	};
}

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

	/* It may come again, and the late end of the first is not its end. */
	sample_counters(fx, 18);
	assert_int_equal(start(fx, usual(FIREFLY_START)), 0);
	fx->calls[0] = '\0';
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
	flows_kernel_del(fx->flows, 3);
	flows_kernel_del(fx->flows, 3);
	fx->gone = 3;
	flows_resync(fx->flows);
	fx->gone = 0;
	flows_resync(fx->flows);
	expect(fx, "");
	assert_int_equal(flows_count(fx->flows), 2);
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

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_life),
		TEST(test_announced_from_remote),
		TEST(test_loopback),
		TEST(test_repeated),
		TEST(test_refused),
		TEST(test_range),
		TEST(test_max_flows),
		TEST(test_many),
		TEST(test_said),
		TEST(test_clock_set_back),
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
		TEST(test_gone_and_back),
	};

	log_set_level(LOG_ERR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
