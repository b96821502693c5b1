// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <json-c/json.h>
#include <limits.h>
#include <linux/inet_diag.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "firefly.h"
#include "json_util.h"
#include "snapshot.h"

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
	      "\"context\":{\"experiment-id\":3,\"activity-id\":14,"
	      "\"application\":\"xrdcp \\\"5\\\\6\\\"\\u000a\xc3\xa9?\"},"
	      "\"netlink\":{\"rtt\":1.092}}");
}

/* Each number is another one. */
static struct snapshot snapshot_of_numbers(void)
{
	return (struct snapshot){
		.has_tcp = true,
		.tcp_info = {
			.tcpi_state = 1,
			.tcpi_retransmits = 1,
			.tcpi_options = TCPI_OPT_TIMESTAMPS | TCPI_OPT_ECN,
			.tcpi_snd_mss = 2,
			.tcpi_pmtu = 3,
			.tcpi_rtt = 4001,
			.tcpi_rttvar = 5,
			.tcpi_snd_ssthresh = 6,
			.tcpi_snd_cwnd = 7,
			.tcpi_advmss = 8,
			.tcpi_min_rtt = UINT32_MAX,
			.tcpi_delivery_rate = UINT64_MAX,
			.tcpi_bytes_sent = 10,
		},
		.tcp_info_len = sizeof(struct tcp_info),
		.cong = "cubic",
	};
}

#define ONGOING                                                            \
	HEADER "{\"version\":1,\"flow-lifecycle\":{\"state\":\"ongoing\"," \
	       "\"current-time\":\"2026-01-02T03:04:05.678901+00:00\","    \
	       "\"start-time\":\"2026-01-02T03:04:05.678901+00:00\"},"     \
	       "\"flow-id\":{\"afi\":\"ipv6\",\"src-ip\":\"2001:db8::1\"," \
	       "\"dst-ip\":\"2001:db8::2\",\"protocol\":\"tcp\","          \
	       "\"src-port\":1094,\"dst-port\":40000},"                    \
	       "\"usage\":{\"received\":1,\"sent\":2},"                    \
	       "\"context\":{\"experiment-id\":3,\"activity-id\":14}"

static void init_ongoing(struct firefly *f, const struct snapshot *snapshot)
{
	init(f, FIREFLY_ONGOING);
	f->received = 1;
	f->sent = 2;
	f->rtt_us = 67;
	f->snapshot = snapshot;
}

static void test_lean(void **state)
{
	struct snapshot snapshot = snapshot_of_numbers();
	struct firefly f;

	(void)state;
	init_ongoing(&f, &snapshot);
	check(&f,
	      ONGOING ",\"netlink\":{\"rtt\":0.067,\"tcpInfo\":{\"rtt\":4001,"
		      "\"rttVar\":5,\"sndCwnd\":7,\"retransmits\":1,"
		      "\"bytesSent\":10,\"deliveryRate\":18446744073709551615,"
		      "\"pMtu\":3,\"sndMss\":2,\"minRtt\":4294967295,"
		      "\"sndSsThresh\":6,\"advMss\":8},"
		      "\"cong\":{\"algorithm\":\"cubic\"}}}");

	/* A socket of which nothing is known. */
	snapshot.has_tcp = false;
	check(&f, ONGOING ",\"netlink\":{\"rtt\":0.067}}");
	f.rtt_us = FIREFLY_UNKNOWN;
	check(&f, ONGOING "}");
	snapshot.has_tcp = true;
	f.enrichment = FIREFLY_BARE;
	check(&f, ONGOING "}");
	f.rtt_us = 1000;
	check(&f, ONGOING ",\"netlink\":{\"rtt\":1.000}}");
}

/* A kernel with a short tcp_info: what it has not sent is not told. */
static void test_short_tcp_info(void **state)
{
	struct snapshot snapshot = snapshot_of_numbers();
	struct firefly f;

	(void)state;
	snapshot.tcp_info_len = offsetof(struct tcp_info, tcpi_rttvar);
	snapshot.cong[0] = '\0';
	init_ongoing(&f, &snapshot);
	check(&f, ONGOING ",\"netlink\":{\"rtt\":0.067,\"tcpInfo\":{"
			  "\"rtt\":4001,\"retransmits\":1,\"pMtu\":3,"
			  "\"sndMss\":2}}}");
	snapshot.tcp_info_len = 0;
	check(&f, ONGOING ",\"netlink\":{\"rtt\":0.067}}");
}

static void find(const char *buf, const char *text)
{
	if (!strstr(buf, text))
		fail_msg("no %s in %s", text, buf);
}

static void test_compatible(void **state)
{
	struct snapshot snapshot = snapshot_of_numbers();
	char buf[FIREFLY_MAX + 1];
	struct firefly f;

	(void)state;
	init_ongoing(&f, &snapshot);
	f.rtt_us = 4001;
	f.enrichment = FIREFLY_COMPATIBLE;
	assert_true(firefly_format(buf, &f, "h", "scitagd", NOW) > 0);
	find(buf, "\"netlink\":{\"rtt\":4.001,\"state\":\"established\","
		  "\"cong\":\"cubic\",\"opts\":[\"ts\",\"ecn\"],"
		  "\"rttvar\":0.005,\"snd_cwnd\":7,");
	find(buf, ",\"pmtu\":3,");
	find(buf, ",\"min_rtt\":4294967.295,");
	assert_null(strstr(buf, "tcpInfo"));

	snapshot.tcp_info.tcpi_options = 0;
	snapshot.tcp_info.tcpi_state = 99;
	strcpy(snapshot.cong, "a\"b\\c\x80_1.-");
	assert_true(firefly_format(buf, &f, "h", "scitagd", NOW) > 0);
	find(buf, "\"state\":\"INVALID\",\"cong\":\"a?b?c?_1.-\","
		  "\"opts\":[],");
}

static void test_full(void **state)
{
	struct snapshot snapshot = snapshot_of_numbers();
	char buf[FIREFLY_MAX + 1];
	struct firefly f;

	(void)state;
	snapshot.cong_kind = INET_DIAG_DCTCPINFO;
	snapshot.cong_info.dctcp.enabled = 1;
	snapshot.cong_info.dctcp.alpha = 1024;
	init_ongoing(&f, &snapshot);
	f.enrichment = FIREFLY_FULL;
	assert_true(firefly_format(buf, &f, "h", "scitagd", NOW) > 0);
	find(buf, "\"netlink\":{\"rtt\":0.067,"
		  "\"cong\":{\"algorithm\":\"cubic\"},"
		  "\"dctcpInfo\":{\"enabled\":1,\"ceState\":0,"
		  "\"alpha\":1024,\"abeCn\":0,\"abTot\":0},"
		  "\"tcpInfo\":{\"rtt\":4001,\"rttVar\":5,");
	find(buf, "\"totalRetrans\":0,");

	snapshot.cong_kind = INET_DIAG_BBRINFO;
	snapshot.cong_info.bbr.bw = UINT64_C(1) << 40;
	snapshot.cong_info.bbr.pacing_gain = 739;
	assert_true(firefly_format(buf, &f, "h", "scitagd", NOW) > 0);
	find(buf, "\"bbr\":{\"bbrBW\":1099511627776,");
	find(buf, "\"bbrPacingGain\":739,");

	snapshot.cong_kind = INET_DIAG_VEGASINFO;
	snapshot.cong_info.vegas.rttcnt = 77;
	assert_true(firefly_format(buf, &f, "h", "scitagd", NOW) > 0);
	find(buf, "\"vegasInfo\":{\"enabled\":");
	find(buf, "\"rttCount\":77,");
}

/* The largest numbers in all places. */
static void init_largest(struct firefly *f, struct snapshot *snapshot,
			 uint32_t cong_kind)
{
	init(f, FIREFLY_END);
	f->key = key("2001:db8:1111:2222:3333:4444:5555:6666",
		     "2001:db8:1111:2222:3333:4444:5555:7777", IPPROTO_TCP);
	f->key.sport = f->key.dport = 65535;
	f->experiment = f->activity = UINT32_MAX;
	f->received = f->sent = f->rtt_us = INT64_MAX;
	f->snapshot = snapshot;
	memset(snapshot, 0xff, sizeof(*snapshot));
	snapshot->has_tcp = true;
	snapshot->meminfo_len = SNAPSHOT_MEMINFO_MAX;
	snapshot->cong_kind = cong_kind;
	memset(snapshot->cong, 'c', sizeof(snapshot->cong));
	snapshot->cong[sizeof(snapshot->cong) - 1] = '\0';
}

/* Is it JSON, and the round-trip time in it? Returns its netlink. */
static struct json_object *largest_netlink(const char *buf, int len)
{
	struct json_object *root, *netlink, *value;
	char error[JSON_ERROR_MAX];
	const char *json;

	assert_in_range(len, 1, FIREFLY_MAX);
	assert_int_equal(len, strlen(buf));
	json = strchr(buf, '{');
	root = json_parse(json, len - (json - buf), error);
	assert_non_null(root);
	assert_true(json_object_object_get_ex(root, "netlink", &netlink));
	assert_true(json_object_object_get_ex(netlink, "rtt", &value));
	assert_true(json_object_is_type(value, json_type_double));
	json_object_get(netlink);
	json_object_put(root);
	return netlink;
}

/* In the worst case: in every mode, with every congestion control. */
static void test_largest(void **state)
{
	static const uint32_t kinds[] = { 0, INET_DIAG_VEGASINFO,
					  INET_DIAG_DCTCPINFO,
					  INET_DIAG_BBRINFO };
	char buf[FIREFLY_MAX + 1], host[FIREFLY_HOSTNAME_MAX];
	struct snapshot snapshot;
	struct firefly f;
	size_t i;
	int mode;

	(void)state;
	memset(host, 'h', sizeof(host) - 1);
	host[sizeof(host) - 1] = '\0';
	for (i = 0; i < 4; i++) {
		for (mode = FIREFLY_LEAN; mode <= FIREFLY_BARE; mode++) {
			init_largest(&f, &snapshot, kinds[i]);
			f.enrichment = mode;
			memset(f.application, 'a', sizeof(f.application) - 1);
			json_object_put(
				largest_netlink(buf,
						firefly_format(buf, &f, "short",
							       "scitagd",
							       NOW)));
			json_object_put(
				largest_netlink(buf,
						firefly_format(buf, &f, host,
							       "scitagd",
							       NOW)));
		}
	}
}

/* Whatever room the rest leaves, what is there is whole. */
static void test_every_length(void **state)
{
	char buf[FIREFLY_MAX + 1];
	struct snapshot snapshot;
	struct firefly f;
	int mode, before;
	size_t len;

	(void)state;
	init_largest(&f, &snapshot, INET_DIAG_BBRINFO);
	for (mode = FIREFLY_LEAN; mode <= FIREFLY_BARE; mode++) {
		before = INT_MAX;
		f.enrichment = mode;
		for (len = 0; len < sizeof(f.application); len++) {
			struct json_object *netlink;
			int members;

			memset(f.application, 0, sizeof(f.application));
			memset(f.application, 'a', len);
			netlink =
				largest_netlink(buf,
						firefly_format(buf, &f, "h",
							       "scitagd", NOW));
			members = json_object_object_length(netlink);
			assert_true(members <= before);
			before = members;
			json_object_put(netlink);
		}
	}
}

static void test_too_long(void **state)
{
	char buf[FIREFLY_MAX + 1], host[FIREFLY_HOSTNAME_MAX];
	struct snapshot snapshot;
	struct firefly f;
	int len;

	(void)state;
	memset(host, 'h', sizeof(host) - 1);
	host[sizeof(host) - 1] = '\0';
	init_largest(&f, &snapshot, 0);

	memset(f.application, 'a', sizeof(f.application) - 1);
	len = firefly_format(buf, &f, "short", "scitagd", NOW);
	assert_in_range(len, 1, FIREFLY_MAX);
	find(buf, "\"tcpInfo\"");
	find(buf, "\"advMss\"");
	find(buf, "\"application\"");

	/* Of what is known of the connection, the most useful is left. */
	len = firefly_format(buf, &f, host, "scitagd", NOW);
	assert_in_range(len, FIREFLY_MAX - 64, FIREFLY_MAX);
	find(buf, "\"tcpInfo\":{\"rtt\":");
	assert_null(strstr(buf, "\"advMss\""));
	find(buf, "\"application\"");

	/* Six octets each. */
	memset(f.application, '\1', sizeof(f.application) - 1);
	len = firefly_format(buf, &f, host, "scitagd", NOW);
	assert_in_range(len, 1, FIREFLY_MAX);
	assert_int_equal(len, strlen(buf));
	find(buf, "\"rtt\":9223372036854775.807");
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
	/* IPv4-mapped, which is not IPv6. */
	f = good;
	memset(f.key.src.octets, 0, 10);
	memset(f.key.src.octets + 10, 0xff, 2);
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
		cmocka_unit_test(test_lean),
		cmocka_unit_test(test_short_tcp_info),
		cmocka_unit_test(test_compatible),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_largest),
		cmocka_unit_test(test_every_length),
		cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_utf8),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_hostname),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
