// SPDX-License-Identifier: GPL-2.0
#include "flows_fixture.h"

#include "flow_metrics.h"
#include "log.h"
#include "openmetrics.h"

/* What is written, which the caller frees, and how many are left out. */
static char *written(struct fixture *fx, size_t max, size_t left_out)
{
	struct openmetrics om = { .old = false };
	char *text;
	size_t len;

	om.file = open_memstream(&text, &len);
	assert_non_null(om.file);
	assert_int_equal(flow_metrics_write(&om, fx->flows, max), left_out);
	fclose(om.file);
	return text;
}

static size_t count(const char *text, const char *what)
{
	size_t n = 0;

	for (text = strstr(text, what); text; text = strstr(text + 1, what))
		n++;
	return n;
}

static void expect_line(const char *text, const char *line)
{
	const char *at = strstr(text, line);

	if (!at || (at > text && at[-1] != '\n') || at[strlen(line)] != '\n')
		fail_msg("\"%s\" is not in:\n%s", line, text);
}

static void test_values(void **state)
{
	struct fixture *fx = *state;
	struct tcp_info *info = &fx->sample.tcp_info;
	char *text;

	sample_tcp(fx, 1000, UINT64_MAX, 30);
	info->tcpi_rttvar = 31;
	info->tcpi_min_rtt = 32;
	info->tcpi_snd_cwnd = 33;
	info->tcpi_total_retrans = UINT32_MAX;
	info->tcpi_bytes_sent = 35;
	info->tcpi_pacing_rate = 36;
	start(fx, usual(FIREFLY_START));
	text = written(fx, 10, 0);
#define LABELS                                                \
	"{src=\"2001:db8::1\",dst=\"2001:db8::2\",exp=\"3\"," \
	"act=\"14\",flow=\"1094:40000\"}"
	expect_line(text, "# TYPE flow_tcp_rtt gauge\nflow_tcp_rtt" LABELS
			  " 30\n# HELP flow_tcp_rtt_var Variation of it [us]");
	expect_line(text, "flow_tcp_rtt_var" LABELS " 31");
	expect_line(text, "flow_tcp_minrtt" LABELS " 32");
	expect_line(text, "flow_tcp_cwnd" LABELS " 33");
	expect_line(text, "flow_tcp_retrans" LABELS " 4294967295");
	expect_line(text, "# TYPE flow_tcp_bytes_sent counter");
	expect_line(text, "flow_tcp_bytes_sent_total" LABELS " 35");
	expect_line(text, "flow_tcp_bytes_acked_total" LABELS " 1000");
	expect_line(text, "flow_tcp_bytes_received_total" LABELS
			  " 18446744073709551615");
	expect_line(text, "flow_tcp_pacing_rate" LABELS " 36");
	free(text);
}

/* The numbers are of the socket here, whoever supplies the data. */
static void test_sides(void **state)
{
	struct fixture *fx = *state;
	char *text;

	sample_tcp(fx, 1, 2, 3);
	start(fx, say(FIREFLY_START, THERE, 1, HERE, 2, 3, 14));
	start(fx, say(FIREFLY_START, "192.0.2.9", 3, "192.0.2.1", 4, 5, 6));
	start(fx, say(FIREFLY_START, "::1", 5, "::1", 6, 7, 8));
	text = written(fx, 10, 0);
	expect_line(text,
		    "flow_tcp_rtt{src=\"2001:db8::1\",dst=\"2001:db8::2\","
		    "exp=\"3\",act=\"14\",flow=\"2:1\"} 3");
	expect_line(text, "flow_tcp_rtt{src=\"192.0.2.1\",dst=\"192.0.2.9\","
			  "exp=\"5\",act=\"6\",flow=\"4:3\"} 3");
	expect_line(text, "flow_tcp_rtt{src=\"::1\",dst=\"::1\","
			  "exp=\"7\",act=\"8\",flow=\"5:6\"} 3");
	free(text);
}

static void test_bounded(void **state)
{
	struct fixture *fx = *state;
	uint16_t port;
	char *text;

	fx->config.max_flows = 100;
	sample_tcp(fx, 1, 2, 3);
	for (port = 1; port <= 20; port++)
		start(fx, say(FIREFLY_START, HERE, port, THERE, 1, 3, 14));
	text = written(fx, 5, 15);
	assert_int_equal(count(text, "\nflow_tcp_rtt{"), 5);
	assert_int_equal(count(text, "# TYPE flow_tcp_rtt "), 1);
	assert_non_null(strstr(text, "flow=\"5:1\""));
	assert_null(strstr(text, "flow=\"6:1\""));
	free(text);
	text = written(fx, 20, 0);
	assert_int_equal(count(text, "\nflow_tcp_rtt{"), 20);
	free(text);
	text = written(fx, 0, 20);
	assert_string_equal(text, "");
	free(text);
}

/* Flows whose socket nobody has seen have no metrics, nor lack any. */
static void test_unseen(void **state)
{
	struct fixture *fx = *state;
	char *text;

	sample_counters(fx, 1);
	start(fx, usual(FIREFLY_START));
	text = written(fx, 10, 0);
	assert_string_equal(text, "");
	free(text);
}

static void test_longest_labels(void **state)
{
	static const char address_text[] =
		"1111:2222:3333:4444:5555:6666:7777:8888";
	struct fixture *fx = *state;
	char line[256];
	char *text;

	sample_tcp(fx, 1, 2, 3);
	fx->config.marks = SCITAG_MARK_HBH;
	start(fx,
	      say(FIREFLY_START, HERE, 65535, address_text, 65534, 65535, 255));
	text = written(fx, 10, 0);
	snprintf(line, sizeof(line),
		 "flow_tcp_rtt{src=\"%s\",dst=\"%s\",exp=\"65535\","
		 "act=\"255\",flow=\"65535:65534\"} 3",
		 HERE, address_text);
	expect_line(text, line);
	free(text);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_values),	   TEST(test_sides),
		TEST(test_bounded),	   TEST(test_unseen),
		TEST(test_longest_labels),
	};

	log_set_level(LOG_ERR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
