/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The table of flows with callbacks that write down what they were called
 * with. This host is 2001:db8::1 and 192.0.2.1, besides loopback.
 */
#ifndef SCITAG_TESTS_FLOWS_FIXTURE_H
#define SCITAG_TESTS_FLOWS_FIXTURE_H

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

#define HERE "2001:db8::1"
#define THERE "2001:db8::2"

struct fixture {
	struct config config;
	struct addr here[2];
	struct local *local;
	struct flows *flows;
	char calls[4096]; /* "mark ...;unmark ...;start ..." */
	struct firefly last;
	struct snapshot last_snapshot; /* of that firefly */
	struct snapshot sample; /* what the kernel will say */
	bool no_kernel;
	char notes[64]; /* what is kept, a letter each */
	uint32_t gone; /* the kernel does not have the flow of this number */
};

static inline void note(struct fixture *fx, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static inline void note(struct fixture *fx, const char *format, ...)
{
	size_t used = strlen(fx->calls);
	va_list ap;

	va_start(ap, format);
	vsnprintf(fx->calls + used, sizeof(fx->calls) - used, format, ap);
	va_end(ap);
}

static inline void note_mark(void *data, const struct flow *flow)
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

static inline void note_unmark(void *data, const struct flow *flow)
{
	(void)flow;
	note(data, "unmark;");
}

static inline void note_sample(void *data, const struct flow *flow,
			       struct snapshot *sample)
{
	struct fixture *fx = data;

	(void)flow;
	*sample = fx->sample;
}

static inline bool note_is_gone(void *data, const struct flow *flow)
{
	struct fixture *fx = data;

	return flow->kernel_id == fx->gone;
}

static inline bool note_is_there(void *data)
{
	struct fixture *fx = data;

	return !fx->no_kernel;
}

/* "+" is opened, ">" ending, "=" told and "-" closed. */
static inline void note_note(void *data, const struct flow *flow,
			     enum flow_note what)
{
	struct fixture *fx = data;
	size_t used = strlen(fx->notes);

	(void)flow;
	if (used + 1 < sizeof(fx->notes))
		fx->notes[used] = "+>=-"[what];
}

static inline void note_report(void *data, const struct flow *flow,
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

/* What keeps flows; note_note() unless a test has another. */
static void (*flows_fixture_note)(void *data, const struct flow *flow,
				  enum flow_note what) = note_note;

static inline struct addr address(const char *text)
{
	struct addr addr;

	assert_int_equal(addr_parse(&addr, text), 0);
	return addr;
}

static inline int setup(void **state)
{
	struct fixture *fx = calloc(1, sizeof(*fx));
	struct flows_calls calls = {
		.mark = note_mark,
		.unmark = note_unmark,
		.sample = note_sample,
		.is_gone = note_is_gone,
		.is_there = note_is_there,
		.note = flows_fixture_note,
		.notes = fx,
		.kernel = fx,
		.report = note_report,
		.emitter = fx,
	};

	assert_non_null(fx);
	fx->config.marks = SCITAG_MARK_LABEL;
	fx->config.layout = FLOW_LAYOUT_DEFAULT;
	fx->config.max_flows = 3;
	fx->here[0] = address(HERE);
	fx->here[1] = address("192.0.2.1");
	assert_int_equal(local_new(&fx->local, fx->here, 2), 0);
	assert_int_equal(flows_new(&fx->flows, &fx->config, fx->local, &calls),
			 0);
	*state = fx;
	return 0;
}

static inline int teardown(void **state)
{
	struct fixture *fx = *state;

	flows_free(fx->flows);
	local_free(fx->local);
	free(fx);
	return 0;
}

static inline struct firefly say(enum firefly_state state, const char *src,
				 uint16_t sport, const char *dst,
				 uint16_t dport, uint32_t experiment,
				 uint32_t activity)
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
static inline struct firefly usual(enum firefly_state state)
{
	return say(state, HERE, 1094, THERE, 40000, 3, 14);
}

static inline int start(struct fixture *fx, struct firefly said)
{
	char error[FLOWS_ERROR_MAX] = "";
	int ret = flows_start(fx->flows, &said, error);

	assert_int_equal(!ret, !error[0]);
	return ret;
}

static inline int end(struct fixture *fx, struct firefly said)
{
	char error[FLOWS_ERROR_MAX] = "";
	int ret = flows_end(fx->flows, &said, error);

	assert_int_equal(!ret, !error[0]);
	return ret;
}

static inline void expect(struct fixture *fx, const char *calls)
{
	assert_string_equal(fx->calls, calls);
	fx->calls[0] = '\0';
}

/* The kernel has the flow, and its socket. */
static inline void sample_tcp(struct fixture *fx, uint64_t acked,
			      uint64_t received, uint32_t rtt_us)
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
static inline void sample_counters(struct fixture *fx, uint32_t id)
{
	fx->sample = (struct snapshot){
		.flow_id = id,
		.packets = 10,
		.bytes = 5720,
	};
}

#endif /* SCITAG_TESTS_FLOWS_FIXTURE_H */
