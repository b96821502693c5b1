// SPDX-License-Identifier: GPL-2.0
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

#include "firefly.h"
#include "timestamp.h"

#define LIFECYCLE(rest) "\"flow-lifecycle\":{\"state\":\"start\"" rest "}"
#define FLOW_ID                                                     \
	"\"flow-id\":{\"afi\":\"ipv6\",\"src-ip\":\"2001:db8::1\"," \
	"\"dst-ip\":\"2001:db8::2\",\"protocol\":\"tcp\","          \
	"\"src-port\":1094,\"dst-port\":40000}"
#define CONTEXT "\"context\":{\"experiment-id\":3,\"activity-id\":14}"
#define TIME ",\"start-time\":\"2026-01-02T03:04:05.678901+00:00\""
#define BODY "{\"version\":1," LIFECYCLE(TIME) "," FLOW_ID "," CONTEXT "}"

/* 2026-01-02T03:04:05.678901 */
#define NOW INT64_C(1767323045678901)

static void parse(struct firefly *f, struct firefly_sender *sender,
		  const char *text)
{
	char error[FIREFLY_ERROR_MAX];

	if (firefly_parse(f, sender, text, strlen(text), error))
		fail_msg("%s: %s", text, error);
}

static void refuse(const char *text, size_t len, const char *why)
{
	struct firefly_sender sender, sender_before;
	char error[FIREFLY_ERROR_MAX] = "";
	struct firefly f, before;
	char *copy = malloc(len + 1);

	/* A copy of its own, so that a sanitizer sees a step too far. */
	assert_non_null(copy);
	memcpy(copy, text, len);
	memset(&f, 0x5a, sizeof(f));
	memset(&sender, 0x5a, sizeof(sender));
	before = f;
	sender_before = sender;
	if (firefly_parse(&f, &sender, copy, len, error) != -EINVAL)
		fail_msg("accepted: %.*s", (int)len, text);
	if (why && !strstr(error, why))
		fail_msg("%.*s: \"%s\" lacks \"%s\"", (int)len, text, error,
			 why);
	assert_memory_equal(&f, &before, sizeof(f));
	assert_memory_equal(&sender, &sender_before, sizeof(sender));
	free(copy);
}

/* What XRootD 5.5.3 sent; read off by eye. */
static void test_xrootd(void **state)
{
	static const struct {
		enum firefly_state state;
		uint32_t experiment, activity;
		uint16_t dport;
		int64_t received, sent, rtt_us;
		const char *start, *end, *application, *addr;
	} expected[] = {
		{ FIREFLY_START, 3, 14, 53014, 187, 56, 67,
		  "2026-11-21T18:48:55.088445Z", NULL, "xrdcp", "::1" },
		{ FIREFLY_END, 3, 14, 53014, 238, 3003157, 1092,
		  "2026-11-21T18:48:55.088445Z", "2026-11-21T18:48:55.133230Z",
		  "xrdcp", "::1" },
		{ FIREFLY_START, 2, 16, 42172, 187, 56, 67,
		  "2026-11-21T18:48:55.171345Z", NULL, "xrdcp", "127.0.0.1" },
		{ FIREFLY_END, 2, 16, 42172, 238, 3003157, 756,
		  "2026-11-21T18:48:55.171345Z", "2026-11-21T18:48:55.196539Z",
		  "xrdcp", "127.0.0.1" },
		{ FIREFLY_START, 2, 9, 42328, 94, 0, 15,
		  "2026-11-21T18:48:55.302644Z", NULL, "", "::1" },
		{ FIREFLY_END, 2, 9, 42328, 95, 3000091, 103,
		  "2026-11-21T18:48:55.302644Z", "2026-11-21T18:48:55.307653Z",
		  "", "::1" },
	};
	char path[4096], line[2048], text[ADDR_TEXT_MAX];
	const char *top = getenv("SCITAG_TOP");
	struct firefly_sender sender;
	struct firefly f;
	int64_t us;
	size_t i;
	FILE *log;

	(void)state;
	snprintf(path, sizeof(path), "%s/tests/data/xrootd-fireflies.log",
		 top ? top : ".");
	log = fopen(path, "r");
	assert_non_null(log);
	for (i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		assert_non_null(fgets(line, sizeof(line), log));
		parse(&f, &sender, line);
		assert_string_equal(sender.hostname, "vm");
		assert_string_equal(sender.app_name, "xrootd");
		assert_int_equal(f.state, expected[i].state);
		assert_true(f.has_ids);
		assert_int_equal(f.experiment, expected[i].experiment);
		assert_int_equal(f.activity, expected[i].activity);
		assert_int_equal(f.key.dport, expected[i].dport);
		assert_int_equal(f.received, expected[i].received);
		assert_int_equal(f.sent, expected[i].sent);
		assert_int_equal(f.rtt_us, expected[i].rtt_us);
		assert_string_equal(f.application, expected[i].application);
		assert_string_equal(addr_format(&f.key.src, text),
				    expected[i].addr);
		assert_int_equal(f.key.protocol, IPPROTO_TCP);
		assert_int_equal(timestamp_parse(&us, expected[i].start), 0);
		assert_true(f.start_us == us);
		us = FIREFLY_UNKNOWN;
		if (expected[i].end)
			assert_int_equal(timestamp_parse(&us, expected[i].end),
					 0);
		assert_true(f.end_us == us);
	}
	assert_null(fgets(line, sizeof(line), log));
	fclose(log);
}

static void test_header(void **state)
{
	static const struct {
		const char *header, *hostname, *app_name;
	} headers[] = {
		{ "", "", "" },
		{ "  ", "", "" },
		{ "<134>1 - vm xrootd - firefly-json - ", "vm", "xrootd" },
		{ "<134>1 2026-01-02T03:04:05Z h.example scitagd - "
		  "firefly-json - ",
		  "h.example", "scitagd" },
		{ "<134>1 2026-01-02T03:04:05.123456789+01:00 2001:db8::1 a 7 "
		  "firefly-json - ",
		  "2001:db8::1", "a" },
		{ "<14>1 - [2001:db8::1] dcache - firefly-json - ",
		  "[2001:db8::1]", "dcache" },
		{ "<134>1  vm xrootd - firefly-json - ", "vm", "xrootd" },
		{ "<134>1 - vm a - firefly-json [x@1 y=\"{\\\"]\" z=\"\"] ",
		  "vm", "a" },
		{ "<134>1 - vm a - firefly-json - \xef\xbb\xbf", "vm", "a" },
		{ "<134>Jan  2 03:04:05 vm xrootd: ", NULL, NULL },
		{ "<134>", NULL, NULL },
	};
	struct firefly_sender sender;
	char text[1024];
	struct firefly f;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		snprintf(text, sizeof(text), "%s" BODY, headers[i].header);
		parse(&f, &sender, text);
		assert_int_equal(f.experiment, 3);
		if (!headers[i].hostname)
			continue;
		assert_string_equal(sender.hostname, headers[i].hostname);
		assert_string_equal(sender.app_name, headers[i].app_name);
	}
}

static void test_tolerated(void **state)
{
	/* Floats, unknown keys, other types, white space, newline and NUL. */
	static const char floats[] = "{ \"x\" : [{}] , \"version\" : 1.0 ,\n" LIFECYCLE(
		TIME
		",\"y\":null,\"current-time\":null") "," FLOW_ID
						     ",\"usage\":{\"sent\":1e9,\"received\":187.9,\"z\":1},"
						     "\"netlink\":{\"rtt\":2,\"tcpInfo\":{\"rtt\":1}},"
						     "\"context\":{\"experiment-id\":3.0,\"activity-id\":14,"
						     "\"application\":7}}\r\n";
	char error[FIREFLY_ERROR_MAX];
	struct firefly_sender sender;
	struct firefly f;

	(void)state;
	/* Missing: times, usage, netlink, application. */
	parse(&f, &sender,
	      "{\"version\":1," LIFECYCLE("") "," FLOW_ID "," CONTEXT "}");
	assert_int_equal(f.start_us, FIREFLY_UNKNOWN);
	assert_int_equal(f.current_us, FIREFLY_UNKNOWN);
	assert_int_equal(f.sent, FIREFLY_UNKNOWN);
	assert_int_equal(f.received, FIREFLY_UNKNOWN);
	assert_int_equal(f.rtt_us, FIREFLY_UNKNOWN);
	assert_string_equal(f.application, "");
	assert_null(f.snapshot);

	assert_int_equal(firefly_parse(&f, &sender, floats, sizeof(floats),
				       error),
			 0);
	assert_true(f.start_us == NOW);
	assert_int_equal(f.sent, 1000000000);
	assert_int_equal(f.received, 187);
	assert_int_equal(f.rtt_us, 2000);
	assert_int_equal(f.experiment, 3);
	assert_string_equal(f.application, "");
}

static void test_odd_values(void **state)
{
	struct firefly_sender sender;
	struct firefly f;

	(void)state;
	/* An IPv4 address in IPv6 clothes, brackets, a zone; case. */
	parse(&f, &sender,
	      "{\"version\":1," LIFECYCLE(
		      TIME) ",\"flow-id\":{"
			    "\"src-ip\":\"::ffff:192.0.2.1\",\"dst-ip\":\"192.0.2.2\","
			    "\"protocol\":\"UDP\",\"src-port\":1,\"dst-port\":65535}," CONTEXT
			    "}");
	assert_int_equal(f.key.src.family, AF_INET);
	assert_int_equal(f.key.protocol, IPPROTO_UDP);
	parse(&f, &sender,
	      "{\"version\":1," LIFECYCLE(
		      TIME) ",\"flow-id\":{"
			    "\"src-ip\":\"[fe80::1%eth0]\","
			    "\"dst-ip\":\"2001:0DB8:0:0:0:0:0:2\","
			    "\"protocol\":\"tcp\",\"src-port\":1,\"dst-port\":2}," CONTEXT
			    "}");
	assert_int_equal(f.key.dst.octets[15], 2);

	/* What measures nothing is not known. */
	parse(&f, &sender,
	      "{\"version\":1," LIFECYCLE(
		      TIME) "," FLOW_ID "," CONTEXT
			    ",\"usage\":{\"sent\":-1,\"received\":\"9\"},"
			    "\"netlink\":{\"rtt\":1e300}}");
	assert_int_equal(f.sent, FIREFLY_UNKNOWN);
	assert_int_equal(f.received, FIREFLY_UNKNOWN);
	assert_int_equal(f.rtt_us, FIREFLY_UNKNOWN);

	/* An end needs no ids. */
	parse(&f, &sender,
	      "{\"version\":1,\"flow-lifecycle\":"
	      "{\"state\":\"end\"}," FLOW_ID "}");
	assert_false(f.has_ids);
}

/* Cut between characters: of the last one only the first octet would fit. */
static void test_long_application(void **state)
{
	struct firefly_sender sender;
	char text[2048], name[300];
	struct firefly f;

	(void)state;
	memset(name, 'a', FIREFLY_APPLICATION_MAX - 2);
	strcpy(name + FIREFLY_APPLICATION_MAX - 2, "\xc3\xa9 and more");
	snprintf(text, sizeof(text),
		 "{\"version\":1," LIFECYCLE(
			 TIME) "," FLOW_ID ",\"context\":{\"experiment-id\":1,"
			       "\"activity-id\":1,\"application\":\"%s\"}}",
		 name);
	parse(&f, &sender, text);
	assert_int_equal(strlen(f.application), FIREFLY_APPLICATION_MAX - 2);
}

/* What is no firefly, and why. */
struct bad {
	const char *text, *why;
};

static void refuse_all(const struct bad *bad, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		refuse(bad[i].text, strlen(bad[i].text), bad[i].why);
}

static void test_refused_form(void **state)
{
	static const struct bad bad[] = {
		{ "", "no JSON" },
		{ "\n", "no JSON" },
		{ "<134>1 - vm xrootd - firefly-json -", "no JSON" },
		{ "<134>1 - vm xrootd - firefly-json [x=\"{\" {}", "no JSON" },
		{ "{}", "version" },
		{ "{\"version\":2}", "version" },
		{ "{\"version\":1}", "flow-lifecycle" },
		{ "{\"version\":1,\"flow-lifecycle\":[]}", "flow-lifecycle" },
		{ "{\"version\":1,\"flow-lifecycle\":{}}", "state" },
		{ "{\"version\":1,\"flow-lifecycle\":{\"state\":\"Start\"}}",
		  "state" },
		{ "{\"version\":1," LIFECYCLE("") "}", "flow-id" },
		{ BODY BODY, "bad JSON" },
		{ BODY "x", "bad JSON" },
		{ "[" BODY "]", "no JSON" },
		{ "<134>1 - h a - m - not a firefly {", "bad JSON" },
	};

	(void)state;
	refuse_all(bad, sizeof(bad) / sizeof(bad[0]));
	refuse("{\"version\":1,\0}", 15, "bad JSON");
}

static void test_refused_context(void **state)
{
	static const struct bad bad[] = {
		{ "{\"version\":1," LIFECYCLE("") "," FLOW_ID "}",
		  "experiment-id" },
		{ "{\"version\":1," LIFECYCLE(
			  "") "," FLOW_ID ",\"context\":{\"experiment-id\":1}}",
		  "activity-id" },
		{ "{\"version\":1," LIFECYCLE(
			  "") "," FLOW_ID
			      ",\"context\":{\"experiment-id\":-1,\"activity-id\":1}}",
		  "experiment-id" },
		{ "{\"version\":1," LIFECYCLE(
			  "") "," FLOW_ID
			      ",\"context\":{\"experiment-id\":1.5,\"activity-id\":1}}",
		  "experiment-id" },
		{ "{\"version\":1," LIFECYCLE(
			  "") "," FLOW_ID
			      ",\"context\":{\"experiment-id\":4294967299,"
			      "\"activity-id\":1}}",
		  "experiment-id" },
		{ "{\"version\":1," LIFECYCLE(
			  ",\"start-time\":\"now\"") "," FLOW_ID "," CONTEXT
						     "}",
		  "start-time" },
		{ "{\"version\":1," LIFECYCLE(
			  ",\"start-time\":7") "," FLOW_ID "," CONTEXT "}",
		  "start-time" },
	};

	(void)state;
	refuse_all(bad, sizeof(bad) / sizeof(bad[0]));
}

static void test_refused_flow(void **state)
{
	static const struct bad bad[] = {
		{ "{\"version\":1," LIFECYCLE(
			  "") ",\"flow-id\":{"
			      "\"src-ip\":\"2001:db8::1\",\"dst-ip\":\"192.0.2.1\","
			      "\"protocol\":\"tcp\",\"src-port\":1,\"dst-port\":1}," CONTEXT
			      "}",
		  "family" },
		{ "{\"version\":1," LIFECYCLE(
			  "") ",\"flow-id\":{"
			      "\"src-ip\":\"host\",\"dst-ip\":\"192.0.2.1\","
			      "\"protocol\":\"tcp\",\"src-port\":1,\"dst-port\":1}," CONTEXT
			      "}",
		  "src-ip" },
		{ "{\"version\":1," LIFECYCLE(
			  "") ",\"flow-id\":{"
			      "\"src-ip\":\"192.0.2.2\",\"dst-ip\":\"192.0.2.1\","
			      "\"protocol\":\"tcp\",\"src-port\":0,\"dst-port\":1}," CONTEXT
			      "}",
		  "src-port" },
		{ "{\"version\":1," LIFECYCLE(
			  "") ",\"flow-id\":{"
			      "\"src-ip\":\"192.0.2.2\",\"dst-ip\":\"192.0.2.1\","
			      "\"protocol\":\"tcp\",\"src-port\":1,\"dst-port\":65536}," CONTEXT
			      "}",
		  "dst-port" },
		{ "{\"version\":1," LIFECYCLE(
			  "") ",\"flow-id\":{"
			      "\"src-ip\":\"192.0.2.2\",\"dst-ip\":\"192.0.2.1\","
			      "\"protocol\":\"icmp\",\"src-port\":1,\"dst-port\":1}," CONTEXT
			      "}",
		  "protocol" },
	};

	(void)state;
	refuse_all(bad, sizeof(bad) / sizeof(bad[0]));
}

/* No datagram that was cut short is taken for a whole one. */
static void test_truncated(void **state)
{
	static const char whole[] = "<134>1 - vm a - firefly-json - " BODY;
	size_t len;

	(void)state;
	for (len = 0; len < sizeof(whole) - 1; len++)
		refuse(whole, len, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_xrootd),
		cmocka_unit_test(test_header),
		cmocka_unit_test(test_tolerated),
		cmocka_unit_test(test_odd_values),
		cmocka_unit_test(test_long_application),
		cmocka_unit_test(test_refused_form),
		cmocka_unit_test(test_refused_context),
		cmocka_unit_test(test_refused_flow),
		cmocka_unit_test(test_truncated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
