// SPDX-License-Identifier: GPL-2.0
/* What is made of the figures of a probe, inside of cmd_check.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../userspace/cli/cmd_check.c"

static struct outcome good(void)
{
	return (struct outcome){
		.probe = { .end = PROBE_DONE, .acked = PROBE_OCTETS },
		.has_flow = true,
		.flow = { .packets = 30, .marked = 28 },
	};
}

static struct outcome without(void)
{
	struct outcome outcome = good();

	outcome.has_flow = false;
	return outcome;
}

static void check(const struct outcome *outcome, const struct outcome *plain,
		  enum verdict want, const char *want_text)
{
	enum verdict verdict = judge(outcome, plain);
	char text[128];

	assert_int_equal(verdict, want);
	explain(text, sizeof(text), verdict, &outcome->probe);
	assert_string_equal(text, want_text);
}

static void test_verdicts(void **state)
{
	struct outcome plain = without(), outcome = good();

	(void)state;
	check(&plain, &plain, OK, "ok");
	check(&outcome, &plain, OK, "ok");
	outcome.flow.marked = 0;
	check(&outcome, &plain, NOT_MARKED,
	      "not marked: scitag stats says why");

	outcome = good();
	outcome.probe.end = PROBE_TIMEOUT;
	outcome.probe.acked = 1400;
	check(&outcome, &plain, STALLED,
	      "stalls (1400 of 32768 octets arrive)");
	outcome.probe.acked = 0;
	check(&outcome, &plain, NOTHING_ARRIVES, "nothing arrives");

	outcome = (struct outcome){ .has_flow = true };
	check(&outcome, &plain, NO_CONNECTION, "no connection (no answer)");
	outcome.probe.error = ECONNREFUSED;
	check(&outcome, &plain, NO_CONNECTION,
	      "no connection (Connection refused)");
}

/* Losses that the path has anyway are no mark's fault. */
static void test_slow(void **state)
{
	struct outcome plain = without(), outcome = good();

	(void)state;
	outcome.probe.retransmits = 3;
	check(&outcome, &plain, OK, "ok");
	outcome.probe.retransmits = 4;
	check(&outcome, &plain, SLOW, "slow (4 retransmissions)");
	plain.probe.retransmits = 1;
	check(&outcome, &plain, OK, "ok");
}

/* Acknowledged by something on the way, but not read at the far end. */
static void test_answered(void **state)
{
	struct outcome plain = without(), outcome = good();

	(void)state;
	outcome.probe.answered = true;
	outcome.probe.arrived = PROBE_OCTETS;
	check(&outcome, &plain, OK, "ok");
	outcome.probe.arrived = 1000;
	check(&outcome, &plain, STALLED,
	      "stalls (1000 of 32768 octets arrive)");
}

/* The far end saw the packets without the mark that they had here. */
static void test_stripped(void **state)
{
	struct outcome plain = without(), outcome = good();

	(void)state;
	outcome.mark = SCITAG_MARK_LABEL;
	outcome.flow.label = 0x3009a;
	check(&outcome, &plain, OK, "ok");
	outcome.probe.answered = true;
	outcome.probe.arrived = PROBE_OCTETS;
	check(&outcome, &plain, STRIPPED, "arrives without the mark");
	outcome.probe.label = 0x3009a;
	check(&outcome, &plain, OK, "ok");

	outcome.mark = SCITAG_MARK_HBH | SCITAG_MARK_DO;
	outcome.probe.headers = SCITAG_MARK_DO;
	check(&outcome, &plain, STRIPPED, "arrives without the mark");
	outcome.probe.headers |= SCITAG_MARK_HBH;
	check(&outcome, &plain, OK, "ok");
	outcome.mark = SCITAG_MARK_DO;
	outcome.probe.headers = SCITAG_MARK_HBH;
	check(&outcome, &plain, STRIPPED, "arrives without the mark");
}

/* A service that ends what it does not understand does so every time. */
static void test_reset(void **state)
{
	struct outcome plain = without(), outcome = good();

	(void)state;
	outcome.probe.end = PROBE_RESET;
	outcome.probe.acked = 14000;
	check(&outcome, &plain, STALLED,
	      "stalls (14000 of 32768 octets arrive)");
	plain.probe = outcome.probe;
	check(&plain, &plain, OK, "ok");
	check(&outcome, &plain, OK, "ok");
	outcome.probe.acked = 0;
	check(&outcome, &plain, NOTHING_ARRIVES, "nothing arrives");
}

static int parse(const char *line, struct request *request)
{
	char *words[8], copy[128];
	struct args args = { .words = words };
	char error[ARGS_ERROR_MAX];
	struct cli cli;
	int status;

	snprintf(copy, sizeof(copy), "%s", line);
	memset(request, 0, sizeof(*request));
	assert_int_equal(args_split(copy, words, &args.n, error), 0);
	assert_int_equal(cli_init(&cli, stdout, stderr), CLI_OK);
	status = parse_check(&cli, &args, request);
	cli_exit(&cli);
	return status;
}

static void test_words(void **state)
{
	static const char *const wrong[] = {
		"",
		"::1",
		"[::1]",
		"[::1]5201",
		"[::1]:",
		"[::1]:0",
		"192.0.2.1:1",
		"192.0.2.1 --port 1",
		"host:1",
		"--port 1",
		"::1 --port",
		"::1 --port 65536",
		"::1 ::2 --port 1",
		"--listen",
		"--listen 1 ::1",
		"[::1]:1 --timeout 0",
		"[::1]:1 --timeout 61",
		"[::1]:1 --timeout",
		"[::1]:1 --fast",
	};
	struct request request;
	size_t i;

	(void)state;
	assert_int_equal(parse("[2001:db8::2]:5201", &request), CLI_OK);
	assert_int_equal(request.spec.key.dport, 5201);
	assert_int_equal(request.spec.key.dst.octets[15], 2);
	assert_int_equal(request.count, 5);
	assert_int_equal(parse("--timeout 60 --port 80 ::1", &request), CLI_OK);
	assert_int_equal(request.spec.key.dport, 80);
	assert_int_equal(request.count, 60);
	assert_false(request.list);
	assert_int_equal(parse("--listen 5201", &request), CLI_OK);
	assert_true(request.list);
	for (i = 0; i < N(wrong); i++)
		if (parse(wrong[i], &request) != CLI_USAGE)
			fail_msg("%s", wrong[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_slow),
		cmocka_unit_test(test_answered),
		cmocka_unit_test(test_stripped),
		cmocka_unit_test(test_reset),
		cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
