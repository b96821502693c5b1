// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "addr.h"

#define N(array) (sizeof(array) / sizeof((array)[0]))

/* Forms that people and programs write, and the one of RFC 5952. */
static const struct {
	const char *text;
	const char *canonical;
	sa_family_t family;
} valid[] = {
	{ "2001:db8::1", "2001:db8::1", AF_INET6 },
	{ "2001:0DB8:0000:0000:0000:0000:0000:0001", "2001:db8::1", AF_INET6 },
	{ "[2001:db8::1]", "2001:db8::1", AF_INET6 },
	{ "2001:DB8:0:1:0:0:0:ABCD", "2001:db8:0:1::abcd", AF_INET6 },
	{ "fe80::1%eth0", "fe80::1", AF_INET6 },
	{ "[fe80::1%25eth0.100]", "fe80::1", AF_INET6 },
	{ "fe80:0:0:0:0:0:0:1%2", "fe80::1", AF_INET6 },
	{ "::", "::", AF_INET6 },
	{ "::1", "::1", AF_INET6 },
	{ "64:ff9b::192.0.2.33", "64:ff9b::c000:221", AF_INET6 },
	{ "192.0.2.1", "192.0.2.1", AF_INET },
	{ "0.0.0.0", "0.0.0.0", AF_INET },
	{ "::ffff:192.0.2.1", "192.0.2.1", AF_INET },
	{ "[::FFFF:192.0.2.1]", "192.0.2.1", AF_INET },
	{ "::ffff:c000:201", "192.0.2.1", AF_INET },
	{ "0000:0000:0000:0000:0000:ffff:255.255.255.255", "255.255.255.255",
	  AF_INET },
};

static const char *const invalid[] = {
	"",
	" ",
	"[",
	"]",
	"[]",
	"%",
	"%eth0",
	"[%eth0]",
	"2001:db8::1 ",
	" 2001:db8::1",
	"2001:db8::1\n",
	"[2001:db8::1",
	"2001:db8::1]",
	"[[2001:db8::1]]",
	"[2001:db8::1]%eth0",
	"[2001:db8::1]:80",
	"2001:db8::1%",
	"[2001:db8::1%]",
	"fe80::1%eth 0",
	"fe80::1%e]0",
	"2001:db8::1::2",
	"2001:db8::g",
	"2001:db8:1:2:3:4:5",
	"12345::",
	"1:2:3:4:5:6:7:8:9",
	"192.0.2",
	"192.0.2.256",
	"192.0.2.1.1",
	"192.0.02.1",
	"0x7f.0.0.1",
	"192.0.2.1%eth0",
	"192.0.2.1:80",
	"2001:db8::1/64",
	"localhost",
	"example.org",
	"none",
	"0000:0000:0000:0000:0000:0000:255.255.255.255x",
	"00000000000000000000000000000000000000000000000000000000000000000:1",
};

static void test_parse_valid(void **state)
{
	char buf[ADDR_TEXT_MAX];
	struct addr a;
	size_t i;

	(void)state;
	for (i = 0; i < N(valid); i++) {
		memset(&a, 0xaa, sizeof(a));
		assert_int_equal(addr_parse(&a, valid[i].text), 0);
		assert_int_equal(a.family, valid[i].family);
		assert_string_equal(addr_format(&a, buf), valid[i].canonical);
	}
}

static void test_parse_invalid(void **state)
{
	struct addr before, a;
	size_t i;

	(void)state;
	memset(&before, 0xaa, sizeof(before));
	for (i = 0; i < N(invalid); i++) {
		a = before;
		if (addr_parse(&a, invalid[i]) != -EINVAL)
			fail_msg("\"%s\" was taken", invalid[i]);
		assert_memory_equal(&a, &before, sizeof(a));
	}
}

/* Unused octets have to be 0: keys are compared as memory. */
static void test_octets(void **state)
{
	static const uint8_t ipv4[16] = { 192, 0, 2, 1 };
	static const uint8_t ipv6[16] = { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 };
	struct addr a, b;

	(void)state;
	memset(&a, 0xaa, sizeof(a));
	assert_int_equal(addr_parse(&a, "192.0.2.1"), 0);
	assert_memory_equal(a.octets, ipv4, 16);
	memset(&b, 0x55, sizeof(b));
	assert_int_equal(addr_parse(&b, "[::ffff:192.0.2.1]"), 0);
	assert_true(addr_equal(&a, &b));

	assert_int_equal(addr_parse(&a, "2001:db8::1"), 0);
	assert_memory_equal(a.octets, ipv6, 16);
	assert_false(addr_equal(&a, &b));
}

static void test_format_none(void **state)
{
	struct addr a = { .family = 0 };
	char buf[ADDR_TEXT_MAX];

	(void)state;
	assert_string_equal(addr_format(&a, buf), "none");
	a.family = AF_UNIX;
	assert_string_equal(addr_format(&a, buf), "none");
}

static void test_classes(void **state)
{
	static const struct {
		const char *text;
		bool loopback, multicast, unspecified;
	} cases[] = {
		{ "127.0.0.1", true, false, false },
		{ "127.255.0.9", true, false, false },
		{ "::1", true, false, false },
		{ "::ffff:127.0.0.1", true, false, false },
		{ "128.0.0.1", false, false, false },
		{ "::2", false, false, false },
		{ "1::1", false, false, false },
		{ "223.255.255.255", false, false, false },
		{ "224.0.0.1", false, true, false },
		{ "239.255.255.255", false, true, false },
		{ "240.0.0.1", false, false, false },
		{ "ff02::1", false, true, false },
		{ "fe80::1", false, false, false },
		{ "0.0.0.0", false, false, true },
		{ "::", false, false, true },
	};
	struct addr a;
	size_t i;

	(void)state;
	for (i = 0; i < N(cases); i++) {
		assert_int_equal(addr_parse(&a, cases[i].text), 0);
		assert_int_equal(addr_is_loopback(&a), cases[i].loopback);
		assert_int_equal(addr_is_multicast(&a), cases[i].multicast);
		assert_int_equal(addr_is_unspecified(&a), cases[i].unspecified);
	}
}

static void test_port(void **state)
{
	static const struct {
		const char *text;
		int ret;
	} refused[] = {
		{ "", -EINVAL },       { "-1", -EINVAL },
		{ " 1", -EINVAL },     { "1 ", -EINVAL },
		{ "80/tcp", -EINVAL }, { "http", -EINVAL },
		{ "0x50", -EINVAL },   { "0", -ERANGE },
		{ "65536", -ERANGE },  { "4294967376", -ERANGE },
	};
	uint16_t port;
	size_t i;

	(void)state;
	assert_int_equal(port_parse(&port, "1"), 0);
	assert_int_equal(port, 1);
	assert_int_equal(port_parse(&port, "65535"), 0);
	assert_int_equal(port, 65535);
	for (i = 0; i < N(refused); i++) {
		port = 7;
		assert_int_equal(port_parse(&port, refused[i].text),
				 refused[i].ret);
		assert_int_equal(port, 7);
	}
}

static void test_protocol(void **state)
{
	uint8_t protocol;

	(void)state;
	assert_int_equal(protocol_parse(&protocol, "TCP"), 0);
	assert_int_equal(protocol, 6);
	assert_int_equal(protocol_parse(&protocol, "udp"), 0);
	assert_int_equal(protocol, 17);
	assert_int_equal(protocol_parse(&protocol, "6"), -EINVAL);
	assert_int_equal(protocol_parse(&protocol, "sctp"), -EINVAL);
	assert_int_equal(protocol_parse(&protocol, ""), -EINVAL);
	assert_string_equal(protocol_name(6), "tcp");
	assert_string_equal(protocol_name(17), "udp");
	assert_string_equal(protocol_name(132), "?");
}

static void test_flow_key(void **state)
{
	struct flow_key key = { .sport = 40000, .dport = 443, .protocol = 6 };
	struct flow_key back;

	(void)state;
	assert_int_equal(addr_parse(&key.src, "2001:db8::1"), 0);
	assert_int_equal(addr_parse(&key.dst, "2001:db8::2"), 0);
	back = flow_key_reverse(&key);
	assert_true(addr_equal(&back.src, &key.dst));
	assert_true(addr_equal(&back.dst, &key.src));
	assert_int_equal(back.sport, 443);
	assert_int_equal(back.dport, 40000);
	assert_int_equal(back.protocol, 6);
	assert_false(flow_key_equal(&key, &back));
	back = flow_key_reverse(&back);
	assert_true(flow_key_equal(&key, &back));
	back.protocol = 17;
	assert_false(flow_key_equal(&key, &back));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse_valid),
		cmocka_unit_test(test_parse_invalid),
		cmocka_unit_test(test_octets),
		cmocka_unit_test(test_format_none),
		cmocka_unit_test(test_classes),
		cmocka_unit_test(test_port),
		cmocka_unit_test(test_protocol),
		cmocka_unit_test(test_flow_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
