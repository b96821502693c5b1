// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "firefly.h"

/* 2026-01-02T03:04:05.678901 */
#define NOW INT64_C(1767323045678901)

#define HEADER                                                                \
	"<134>1 2026-01-02T03:04:05.678901+00:00 host.example.org scitagd - " \
	"firefly-json - "

static struct flow_key key(const char *src, const char *dst, uint8_t protocol)
{
	struct flow_key key = { .sport = 1094,
				.dport = 40000,
				.protocol = protocol };

	assert_int_equal(addr_parse(&key.src, src), 0);
	assert_int_equal(addr_parse(&key.dst, dst), 0);
	return key;
}

static void init(struct firefly *f, enum firefly_state state)
{
	struct flow_key k = key("2001:db8::1", "2001:db8::2", IPPROTO_TCP);

	firefly_init(f, state, &k);
	f->has_ids = true;
	f->experiment = 3;
	f->activity = 14;
}

static void check(const struct firefly *f, const char *expected)
{
	char buf[FIREFLY_MAX + 1];
	int len;

	len = firefly_format(buf, f, "host.example.org", "scitagd", NOW);
	assert_int_equal(len, strlen(expected));
	assert_string_equal(buf, expected);
}

static void test_start(void **state)
{
	struct firefly f;

	(void)state;
	init(&f, FIREFLY_START);
	check(&f,
	      HEADER "{\"version\":1,\"flow-lifecycle\":{\"state\":\"start\","
		     "\"current-time\":\"2026-01-02T03:04:05.678901+00:00\","
		     "\"start-time\":\"2026-01-02T03:04:05.678901+00:00\"},"
		     "\"flow-id\":{\"afi\":\"ipv6\",\"src-ip\":\"2001:db8::1\","
		     "\"dst-ip\":\"2001:db8::2\",\"protocol\":\"tcp\","
		     "\"src-port\":1094,\"dst-port\":40000},"
		     "\"context\":{\"experiment-id\":3,\"activity-id\":14}}");
}

static void test_end(void **state)
{
	struct firefly f;

	(void)state;
	init(&f, FIREFLY_END);
	f.key = key("192.0.2.1", "192.0.2.2", IPPROTO_UDP);
	f.start_us = NOW - 1000000;
	f.end_us = NOW - 1;
	f.sent = INT64_MAX;
	f.rtt_us = 1092;
	strcpy(f.application, "xrdcp \"5\\6\"\n\xc3\xa9\xff");
	check(&f, HEADER
	      "{\"version\":1,\"flow-lifecycle\":{\"state\":\"end\","
	      "\"current-time\":\"2026-01-02T03:04:05.678901+00:00\","
	      "\"start-time\":\"2026-01-02T03:04:04.678901+00:00\","
	      "\"end-time\":\"2026-01-02T03:04:05.678900+00:00\"},"
	      "\"flow-id\":{\"afi\":\"ipv4\",\"src-ip\":\"192.0.2.1\","
	      "\"dst-ip\":\"192.0.2.2\",\"protocol\":\"udp\","
	      "\"src-port\":1094,\"dst-port\":40000},"
	      "\"usage\":{\"received\":0,\"sent\":9223372036854775807},"
	      "\"netlink\":{\"rtt\":1.092},"
	      "\"context\":{\"experiment-id\":3,\"activity-id\":14,"
	      "\"application\":\"xrdcp \\\"5\\\\6\\\"\\u000a\xc3\xa9?\"}}");
}

static void test_tcp(void **state)
{
	struct firefly f;

	(void)state;
	init(&f, FIREFLY_ONGOING);
	f.received = 1;
	f.sent = 2;
	f.rtt_us = 67;
	f.has_tcp = true;
	f.tcp = (struct firefly_tcp){
		.retransmits = 1,
		.snd_mss = 2,
		.pmtu = 3,
		.rtt_us = 4,
		.rttvar_us = 5,
		.snd_ssthresh = 6,
		.snd_cwnd = 7,
		.advmss = 8,
		.min_rtt_us = UINT32_MAX,
		.delivery_rate = UINT64_MAX,
		.bytes_sent = 10,
	};
	check(&f, HEADER
	      "{\"version\":1,\"flow-lifecycle\":{\"state\":\"ongoing\","
	      "\"current-time\":\"2026-01-02T03:04:05.678901+00:00\","
	      "\"start-time\":\"2026-01-02T03:04:05.678901+00:00\"},"
	      "\"flow-id\":{\"afi\":\"ipv6\",\"src-ip\":\"2001:db8::1\","
	      "\"dst-ip\":\"2001:db8::2\",\"protocol\":\"tcp\","
	      "\"src-port\":1094,\"dst-port\":40000},"
	      "\"usage\":{\"received\":1,\"sent\":2},"
	      "\"netlink\":{\"rtt\":0.067,\"tcpInfo\":{\"retransmits\":1,"
	      "\"sndMss\":2,\"pMtu\":3,\"rtt\":4,\"rttVar\":5,"
	      "\"sndSsThresh\":6,\"sndCwnd\":7,\"advMss\":8,"
	      "\"minRtt\":4294967295,\"deliveryRate\":18446744073709551615,"
	      "\"bytesSent\":10}},"
	      "\"context\":{\"experiment-id\":3,\"activity-id\":14}}");
}

/* The largest numbers in all places. */
static void init_largest(struct firefly *f)
{
	init(f, FIREFLY_END);
	f->key = key("2001:db8:1111:2222:3333:4444:5555:6666",
		     "2001:db8:1111:2222:3333:4444:5555:7777", IPPROTO_TCP);
	f->key.sport = f->key.dport = 65535;
	f->experiment = f->activity = UINT32_MAX;
	f->received = f->sent = f->rtt_us = INT64_MAX;
	f->has_tcp = true;
	memset(&f->tcp, 0xff, sizeof(f->tcp));
}

static void test_too_long(void **state)
{
	char buf[FIREFLY_MAX + 1], host[FIREFLY_HOSTNAME_MAX];
	struct firefly f;
	int len;

	(void)state;
	memset(host, 'h', sizeof(host) - 1);
	host[sizeof(host) - 1] = '\0';
	init_largest(&f);

	memset(f.application, 'a', sizeof(f.application) - 1);
	len = firefly_format(buf, &f, "short", "scitagd", NOW);
	assert_in_range(len, 1, FIREFLY_MAX);
	assert_non_null(strstr(buf, "\"tcpInfo\""));
	assert_non_null(strstr(buf, "\"application\""));

	len = firefly_format(buf, &f, host, "scitagd", NOW);
	assert_in_range(len, 1, FIREFLY_MAX);
	assert_null(strstr(buf, "\"tcpInfo\""));
	assert_non_null(strstr(buf, "\"rtt\""));
	assert_non_null(strstr(buf, "\"application\""));

	/* Six octets each. */
	memset(f.application, '\1', sizeof(f.application) - 1);
	len = firefly_format(buf, &f, host, "scitagd", NOW);
	assert_in_range(len, 1, FIREFLY_MAX);
	assert_int_equal(len, strlen(buf));
	assert_null(strstr(buf, "\"tcpInfo\""));
	assert_non_null(strstr(buf, "\"rtt\""));
	assert_null(strstr(buf, "\"application\""));
	assert_string_equal(buf + len - 2, "}}");
}

static void test_utf8(void **state)
{
	static const struct {
		const char *in, *out;
	} texts[] = {
		{ "\xed\xa0\x80", "???" }, /* a surrogate */
		{ "\xc0\x80", "??" }, /* overlong */
		{ "\xe0\x80\x80", "???" }, /* overlong */
		{ "\xf0\x80\x80\x80", "????" }, /* overlong */
		{ "\xf4\x90\x80\x80", "????" }, /* above U+10FFFF */
		{ "\xe2\x82", "??" }, /* cut off */
		{ "\xf0\x9f\x9a\x80", "\xf0\x9f\x9a\x80" },
		{ "\xef\xbf\xbf", "\xef\xbf\xbf" },
		{ "\xed\x9f\xbf", "\xed\x9f\xbf" },
		{ "\x7f\x1f/", "\\u007f\\u001f/" },
	};
	char buf[FIREFLY_MAX + 1], expected[128];
	struct firefly f;
	size_t i;

	(void)state;
	init(&f, FIREFLY_START);
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		strcpy(f.application, texts[i].in);
		snprintf(expected, sizeof(expected), "\"application\":\"%s\"}}",
			 texts[i].out);
		assert_true(firefly_format(buf, &f, "h", "scitagd", NOW) > 0);
		assert_non_null(strstr(buf, expected));
	}
}

static void test_refused(void **state)
{
	char buf[FIREFLY_MAX + 1];
	struct firefly good, f;

	(void)state;
	init(&good, FIREFLY_START);

	f = good;
	f.has_ids = false;
	assert_int_equal(firefly_format(buf, &f, "h", "a", NOW), -EINVAL);
	f = good;
	f.key.sport = 0;
	assert_int_equal(firefly_format(buf, &f, "h", "a", NOW), -EINVAL);
	f = good;
	f.key.protocol = 1;
	assert_int_equal(firefly_format(buf, &f, "h", "a", NOW), -EINVAL);
	f = good;
	f.key.dst.family = AF_INET;
	assert_int_equal(firefly_format(buf, &f, "h", "a", NOW), -EINVAL);
	f = good;
	f.key.src.family = f.key.dst.family = 0;
	assert_int_equal(firefly_format(buf, &f, "h", "a", NOW), -EINVAL);
}

static void test_hostname(void **state)
{
	static const struct {
		const char *in, *out;
	} names[] = {
		{ "host.example.org", "host.example.org" },
		{ "my_host", "my-host" },
		{ "a b\tc", "a-b-c" },
		{ "2001:db8::1", "2001:db8::1" },
		{ "h\xc3\xa9", "h--" },
		{ "", "-" },
	};
	char out[FIREFLY_HOSTNAME_MAX], longer[400];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		firefly_hostname(out, names[i].in);
		assert_string_equal(out, names[i].out);
	}
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	firefly_hostname(out, longer);
	assert_int_equal(strlen(out), FIREFLY_HOSTNAME_MAX - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_start),
		cmocka_unit_test(test_end),
		cmocka_unit_test(test_tcp),
		cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_utf8),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_hostname),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
