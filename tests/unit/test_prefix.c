// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "prefix.h"

static struct prefix prefix(const char *text)
{
	char error[PREFIX_ERROR_MAX];
	struct prefix result;

	if (prefix_parse(&result, text, error))
		fail_msg("%s: %s", text, error);
	return result;
}

static bool has(const char *network, const char *text)
{
	struct prefix p = prefix(network);
	struct addr addr;

	assert_int_equal(addr_parse(&addr, text), 0);
	return prefix_has(&p, &addr);
}

static void accepted(const char *text, const char *canonical)
{
	struct prefix p = prefix(text);
	char buf[PREFIX_TEXT_MAX];

	assert_string_equal(prefix_format(&p, buf), canonical);
}

static void test_parse(void **state)
{
	(void)state;
	accepted("192.0.2.0/24", "192.0.2.0/24");
	accepted("192.0.2.1", "192.0.2.1/32");
	accepted("0.0.0.0/0", "0.0.0.0/0");
	accepted("2001:DB8:0::/33", "2001:db8::/33");
	accepted("[2001:db8::1]", "2001:db8::1/128");
	accepted("::/0", "::/0");
	accepted("::ffff:192.0.2.128/25", "192.0.2.128/25");
	accepted("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128",
		 "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128");
}

static void refused(const char *text, const char *why)
{
	struct prefix p = { .len = 47 };
	char error[PREFIX_ERROR_MAX];

	assert_int_equal(prefix_parse(&p, text, error), -EINVAL);
	assert_int_equal(p.len, 47);
	if (!strstr(error, why))
		fail_msg("%s: %s", text, error);
}

static void test_errors(void **state)
{
	char text[1000];

	(void)state;
	refused("", "not an IP address or prefix");
	refused("/24", "not an IP address or prefix");
	refused("192.0.2/24", "not an IP address or prefix");
	refused("example.org", "not an IP address or prefix");
	refused("192.0.2.0/33", "\"33\" is not a length of 0..32");
	refused("2001:db8::/129", "\"129\" is not a length of 0..128");
	refused("2001:db8::/", "\"\" is not a length of 0..128");
	refused("2001:db8::/-1", "is not a length");
	refused("2001:db8::/64/64", "is not a length");
	refused("192.0.2.1/31", "bits beyond its length: write 192.0.2.0/31");
	refused("2001:db8::1/64", "write 2001:db8::/64");
	memset(text, '1', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	refused(text, "\"1111");
}

/* Both sides of each boundary, at octets and within them. */
static void test_has(void **state)
{
	(void)state;
	assert_true(has("192.0.2.128/25", "192.0.2.128"));
	assert_true(has("192.0.2.128/25", "192.0.2.255"));
	assert_false(has("192.0.2.128/25", "192.0.2.127"));
	assert_false(has("192.0.2.128/25", "192.0.3.0"));
	assert_true(has("10.0.0.0/8", "10.255.0.1"));
	assert_false(has("10.0.0.0/8", "11.0.0.0"));
	assert_true(has("192.0.2.1", "192.0.2.1"));
	assert_false(has("192.0.2.1", "192.0.2.0"));
	assert_true(has("2001:db8::/33", "2001:db8:7fff::1"));
	assert_false(has("2001:db8::/33", "2001:db8:8000::1"));
	assert_true(has("fe80::/10", "febf::1"));
	assert_false(has("fe80::/10", "fec0::1"));
}

/* All addresses of one family are none of the other. */
static void test_families(void **state)
{
	(void)state;
	assert_true(has("::/0", "2001:db8::1"));
	assert_false(has("::/0", "192.0.2.1"));
	assert_true(has("0.0.0.0/0", "192.0.2.1"));
	assert_true(has("0.0.0.0/0", "::ffff:192.0.2.1"));
	assert_false(has("0.0.0.0/0", "::"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_has),
		cmocka_unit_test(test_families),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
