// SPDX-License-Identifier: GPL-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "translation.h"

static struct translation translation(const char *from, const char *to)
{
	char error[PREFIX_ERROR_MAX];
	struct translation t = { .from.len = 0 };

	if (from)
		assert_int_equal(prefix_parse(&t.from, from, error), 0);
	if (to)
		assert_int_equal(prefix_parse(&t.to, to, error), 0);
	return t;
}

static void becomes(const struct translation *list, size_t n, const char *text,
		    const char *expected)
{
	char buf[ADDR_TEXT_MAX];
	struct addr addr, before;

	assert_int_equal(addr_parse(&addr, text), 0);
	before = addr;
	assert_int_equal(translation_apply(list, n, &addr), expected != NULL);
	if (expected)
		assert_string_equal(addr_format(&addr, buf), expected);
	else
		assert_true(addr_equal(&addr, &before));
}

static void test_apply(void **state)
{
	const struct translation list[] = {
		translation("192.168.1.7", "192.0.2.77"),
		translation("192.168.1.0/24", "198.51.100.0/24"),
		translation("10.0.0.0/8", "192.0.2.1"),
		translation("fd00:1::/33", "2001:db8:8000::/33"),
		translation("fd00:2::/64", "2001:db8::1"),
	};

	(void)state;
	becomes(list, 5, "192.168.1.7", "192.0.2.77");
	becomes(list, 5, "192.168.1.8", "198.51.100.8");
	becomes(list, 5, "10.255.3.4", "192.0.2.1");
	/* The first bit behind the prefix belongs to the host. */
	becomes(list, 5, "fd00:1:0:ffff::5", "2001:db8:8000:ffff::5");
	becomes(list, 5, "fd00:1:7fff::5", "2001:db8:ffff::5");
	becomes(list, 5, "fd00:1:8000::5", NULL);
	becomes(list, 5, "fd00:2::ffff", "2001:db8::1");
	becomes(list, 5, "192.168.2.1", NULL);
	becomes(list, 0, "10.1.1.1", NULL);
}

static void test_all(void **state)
{
	const struct translation all = translation("0.0.0.0/0", "0.0.0.0/0");

	(void)state;
	becomes(&all, 1, "192.0.2.1", "192.0.2.1");
	becomes(&all, 1, "2001:db8::1", NULL);
}

static void wrong(const char *from, const char *to, const char *expected)
{
	const struct translation t = translation(from, to);
	const char *what = translation_error(&t);

	if (expected)
		assert_string_equal(what, expected);
	else
		assert_null(what);
}

static void test_error(void **state)
{
	static const char length[] = "to is neither an address nor as long "
				     "as from";

	(void)state;
	wrong("10.0.0.0/8", "192.0.2.1", NULL);
	wrong("10.0.0.0/8", "20.0.0.0/8", NULL);
	wrong("fd00::/48", "2001:db8::/48", NULL);
	wrong("10.0.0.0/8", "20.0.0.0/16", length);
	wrong("10.0.0.1", "20.0.0.0/16", length);
	wrong("fd00::/32", "2001:db8::/33", length);
	wrong("10.0.0.1", "::1", "one of from and to is IPv4, the other IPv6");
	wrong("10.0.0.1", NULL, "needs from and to");
	wrong(NULL, "10.0.0.1", "needs from and to");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_apply),
		cmocka_unit_test(test_all),
		cmocka_unit_test(test_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
