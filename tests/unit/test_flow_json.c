// SPDX-License-Identifier: GPL-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <json-c/json.h>

#include "flow_json.h"
#include "registry.h"
#include "tcp_json.h"

static struct flow_state flow_ipv6(void)
{
	struct flow_state state = {
		.spec = {
			.key = { .sport = 40000, .dport = 1094, .protocol = 6 },
			.experiment = 2,
			.activity = 26,
			.mark = SCITAG_MARK_LABEL | SCITAG_MARK_DO,
			.layout = SCITAG_LAYOUT_SAFE,
			.option_type = 0x1e,
		},
		.id = 17,
		.rule = 4,
		.age_ms = 12345,
		.idle_ms = 45,
		.label = 0x10068,
		.packets = UINT64_MAX,
		.bytes = 5000000000,
		.marked = 3,
	};

	assert_int_equal(addr_parse(&state.spec.key.src, "2001:db8::1"), 0);
	assert_int_equal(addr_parse(&state.spec.key.dst, "2001:db8::2"), 0);
	return state;
}

static struct flow_state flow_ipv4(void)
{
	struct flow_state state = flow_ipv6();

	assert_int_equal(addr_parse(&state.spec.key.src, "192.0.2.1"), 0);
	assert_int_equal(addr_parse(&state.spec.key.dst, "192.0.2.2"), 0);
	state.spec.mark = 0;
	state.spec.activity = 64;
	state.spec.layout = FLOW_LAYOUT_DEFAULT;
	state.spec.option_type = FLOW_OPTION_TYPE_DEFAULT;
	state.label = 0;
	return state;
}

static void check_json(const struct flow_state *state,
		       const struct registry *registry, const char *want)
{
	struct json_object *object = flow_json_new(state, registry);

	assert_non_null(object);
	assert_string_equal(
		json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN),
		want);
	json_object_put(object);
}

static void test_json(void **state)
{
	static const char text[] =
		"{\"version\":1,\"experiments\":[{\"expName\":\"atlas\","
		"\"expId\":2,\"activities\":[{\"activityName\":"
		"\"Data Challenge\",\"activityId\":26}]}]}";
	struct flow_state flow = flow_ipv6();
	char error[REGISTRY_ERROR_MAX];
	struct registry *registry;

	(void)state;
	flow.spec.entropy = SCITAG_ENTROPY_HASH;
	flow.spec.oversize = SCITAG_OVERSIZE_FRAGMENT;
	flow.spec.idle_timeout = 60;
	flow.spec.hard_timeout = 3600;
	flow.spec.end_on_close = true;
	assert_int_equal(registry_parse(&registry, text, strlen(text), error),
			 0);
	check_json(&flow, registry,
		   "{\"id\":17,\"protocol\":\"tcp\",\"src\":\"2001:db8::1\","
		   "\"sport\":40000,\"dst\":\"2001:db8::2\",\"dport\":1094,"
		   "\"experiment\":2,\"experiment-name\":\"atlas\","
		   "\"activity\":26,\"activity-name\":\"Data Challenge\","
		   "\"scitag-flow\":154,\"mark\":[\"label\",\"do\"],"
		   "\"layout\":\"safe\",\"option-type\":30,"
		   "\"entropy\":\"hash\",\"oversize\":\"fragment\","
		   "\"idle-timeout\":60,\"hard-timeout\":3600,"
		   "\"snapshot-interval\":0,\"snapshot-on\":[],"
		   "\"snapshot-factor\":null,"
		   "\"label\":65640,\"end-on-close\":true,\"rule\":4,"
		   "\"age\":12345,\"idle\":45,"
		   "\"packets\":18446744073709551615,\"bytes\":5000000000,"
		   "\"marked\":3}");
	registry_free(registry);
}

/* What there is not is null, so that the keys are always the same. */
static void test_json_nulls(void **state)
{
	struct flow_state flow = flow_ipv4();

	(void)state;
	flow.rule = 0;
	flow.spec.snapshot_interval = 90000;
	flow.spec.snapshot_on = 2 | 16;
	flow.spec.snapshot_factor = 300;
	check_json(&flow, NULL,
		   "{\"id\":17,\"protocol\":\"tcp\",\"src\":\"192.0.2.1\","
		   "\"sport\":40000,\"dst\":\"192.0.2.2\",\"dport\":1094,"
		   "\"experiment\":2,\"experiment-name\":null,"
		   "\"activity\":64,\"activity-name\":null,"
		   "\"scitag-flow\":null,\"mark\":[],"
		   "\"layout\":null,\"option-type\":null,"
		   "\"entropy\":\"constant\",\"oversize\":\"skip\","
		   "\"idle-timeout\":0,\"hard-timeout\":0,"
		   "\"snapshot-interval\":90000,"
		   "\"snapshot-on\":[\"state\",\"cwnd\"],"
		   "\"snapshot-factor\":300,"
		   "\"label\":null,\"end-on-close\":false,\"rule\":null,"
		   "\"age\":12345,\"idle\":45,"
		   "\"packets\":18446744073709551615,\"bytes\":5000000000,"
		   "\"marked\":3}");
}

/* A label of 0 is one if the flow is marked with it. */
static void test_label_zero(void **state)
{
	struct flow_state flow = flow_ipv6();
	struct json_object *object, *label;

	(void)state;
	flow.label = 0;
	object = flow_json_new(&flow, NULL);
	assert_true(json_object_object_get_ex(object, "label", &label));
	assert_int_equal(json_object_get_int(label), 0);
	assert_non_null(label);
	json_object_put(object);
}

typedef void text_fn(char buf[static OUTPUT_TEXT_MAX],
		     struct json_object *object);

static void check_text(const struct flow_state *state, text_fn *text,
		       const char *want)
{
	struct json_object *object = flow_json_new(state, NULL);
	char buf[OUTPUT_TEXT_MAX] = "";

	text(buf, object);
	assert_string_equal(buf, want);
	json_object_put(object);
}

static void test_texts(void **state)
{
	struct flow_state flow = flow_ipv6();

	(void)state;
	check_text(&flow, flow_text_source, "[2001:db8::1]:40000");
	check_text(&flow, flow_text_destination, "[2001:db8::2]:1094");
	check_text(&flow, flow_text_mark, "label,do");
	check_text(&flow, flow_text_layout, "safe");
	check_text(&flow, flow_text_option_type, "0x1e");
	check_text(&flow, flow_text_label, "0x10068");
	check_text(&flow, flow_text_label_both, "0x10068 (65640)");
	check_text(&flow, flow_text_experiment, "2");
	check_text(&flow, flow_text_activity_both, "26");
	check_text(&flow, flow_text_tcp, "");

	/* Without an extension header its layout is of no interest. */
	flow.spec.mark = SCITAG_MARK_LABEL;
	check_text(&flow, flow_text_layout, "");
	check_text(&flow, flow_text_option_type, "");

	flow = flow_ipv4();
	check_text(&flow, flow_text_source, "192.0.2.1:40000");
	check_text(&flow, flow_text_mark, "none (IPv4)");
	check_text(&flow, flow_text_label, "");
}

/* What is as usual is not worth a word. */
static void test_options(void **state)
{
	struct flow_state flow = flow_ipv6();

	(void)state;
	check_text(&flow, flow_text_options, "rule 4");
	check_text(&flow, flow_text_age, "12.345 s");
	check_text(&flow, flow_text_idle, "0.045 s");
	check_text(&flow, flow_text_entropy, "");
	check_text(&flow, flow_text_end_on_close, "");
	flow.rule = 0;
	check_text(&flow, flow_text_options, "");
	flow.rule = 5;
	flow.spec.entropy = SCITAG_ENTROPY_NONE;
	flow.spec.oversize = SCITAG_OVERSIZE_EMSGSIZE;
	flow.spec.idle_timeout = 60;
	flow.spec.hard_timeout = 3600;
	flow.spec.end_on_close = true;
	check_text(&flow, flow_text_options,
		   "rule 5, entropy none, oversize emsgsize, idle-timeout 60, "
		   "hard-timeout 3600, end-on-close");
	flow.spec.snapshot_interval = 50;
	flow.spec.snapshot_on = 8 | 4;
	flow.spec.snapshot_factor = 110;
	check_text(&flow, flow_text_options,
		   "rule 5, entropy none, oversize emsgsize, idle-timeout 60, "
		   "hard-timeout 3600, end-on-close, snapshot 50ms, "
		   "snapshot-on rto,rtt, snapshot-factor 110");
}

/* Only what the kernel sent. */
static void test_tcp(void **state)
{
	struct flow_state flow = flow_ipv6();

	(void)state;
	flow.has_tcp_info = true;
	flow.tcp_info_len = sizeof(flow.tcp_info);
	flow.tcp_info.tcpi_state = 1;
	flow.tcp_info.tcpi_rtt = 12345;
	flow.tcp_info.tcpi_min_rtt = 500;
	flow.tcp_info.tcpi_snd_cwnd = 10;
	flow.tcp_info.tcpi_snd_mss = 1428;
	flow.tcp_info.tcpi_bytes_sent = 5000000000;
	flow.tcp_info.tcpi_delivery_rate = 125000000;
	check_text(&flow, flow_text_tcp,
		   "established, rtt 12.345 ms, min 0.500 ms, cwnd 10, "
		   "mss 1428, retransmits 0, sent 5000000000 B, received 0 B, "
		   "rate 1000.000 Mbit/s");

	flow.tcp_info_len = offsetof(struct tcp_info, tcpi_rtt) + 4;
	check_text(&flow, flow_text_tcp,
		   "established, rtt 12.345 ms, mss 1428");
	/* One octet less: half a number is none. */
	flow.tcp_info_len--;
	check_text(&flow, flow_text_tcp, "established, mss 1428");
	flow.tcp_info.tcpi_state = 77;
	flow.tcp_info_len = 1;
	check_text(&flow, flow_text_tcp, "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_json_nulls),
		cmocka_unit_test(test_label_zero),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_tcp),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
