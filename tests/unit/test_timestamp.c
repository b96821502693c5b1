// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "timestamp.h"

/* date -u -d 2026-01-02T03:04:05Z +%s */
#define T INT64_C(1767323045)

static void test_parse(void **state)
{
	static const struct {
		const char *text;
		int64_t us;
	} good[] = {
		{ "1970-01-01T00:00:00Z", 0 },
		{ "2026-01-02T03:04:05.678901+00:00", T * 1000000 + 678901 },
		{ "2026-01-02T03:04:05.678901Z", T * 1000000 + 678901 },
		{ "2026-01-02T03:04:05Z", T * 1000000 },
		{ "2026-01-02T03:04:05", T * 1000000 },
		{ "2026-01-02t03:04:05.6z", T * 1000000 + 600000 },
		{ "2026-01-02 03:04:05,67", T * 1000000 + 670000 },
		{ "2026-01-02T03:04:05.678901999999999999Z",
		  T * 1000000 + 678901 },
		{ "2026-01-02T05:04:05+02:00", T * 1000000 },
		{ "2026-01-01T21:34:05-0530", T * 1000000 },
		{ "2024-02-29T00:00:00Z", INT64_C(1709164800) * 1000000 },
		{ "2016-12-31T23:59:60Z", INT64_C(1483228799) * 1000000 },
		{ "9999-12-31T23:59:59.999999Z", TIMESTAMP_LATEST },
	};
	int64_t us;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		us = -1;
		if (timestamp_parse(&us, good[i].text))
			fail_msg("%s is refused", good[i].text);
		if (us != good[i].us)
			fail_msg("%s: %lld", good[i].text, (long long)us);
	}
}

static void test_parse_bad(void **state)
{
	static const char *const bad[] = {
		"",
		"-",
		"now",
		"2026",
		"2026-01-02",
		"2026-01-02T",
		"2026-01-02T03:04",
		"2026-1-2T03:04:05Z",
		"2026-13-02T03:04:05Z",
		"2026-00-02T03:04:05Z",
		"2026-02-29T03:04:05Z",
		"1900-02-29T03:04:05Z",
		"2026-04-31T03:04:05Z",
		"2026-01-02T24:04:05Z",
		"2026-01-02T03:60:05Z",
		"2026-01-02T03:04:61Z",
		"2026-01-02T03:04:05.Z",
		"2026-01-02T03:04:05ZZ",
		"2026-01-02T03:04:05Z ",
		" 2026-01-02T03:04:05Z",
		"2026-01-02T03:04:05+1:00",
		"2026-01-02T03:04:05+24:00",
		"2026-01-02T03:04:05+00:60",
		"2026-01-02T03:04:05 UTC",
		"1969-12-31T23:59:59Z",
		"1970-01-01T00:00:00+00:01",
		"9999-12-31T23:59:59-00:01",
	};
	int64_t us = 42;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (timestamp_parse(&us, bad[i]) != -EINVAL)
			fail_msg("\"%s\" is accepted", bad[i]);
	assert_int_equal(us, 42);
}

static void check_format(int64_t us, const char *expected)
{
	char text[TIMESTAMP_TEXT_MAX];

	assert_string_equal(timestamp_format(us, text), expected);
}

static void test_format(void **state)
{
	(void)state;
	check_format(0, "1970-01-01T00:00:00.000000+00:00");
	check_format(T * 1000000 + 678901, "2026-01-02T03:04:05.678901+00:00");
	check_format(T * 1000000 + 1, "2026-01-02T03:04:05.000001+00:00");
	check_format(TIMESTAMP_LATEST, "9999-12-31T23:59:59.999999+00:00");
	check_format(-1, "1970-01-01T00:00:00.000000+00:00");
	check_format(INT64_MAX, "9999-12-31T23:59:59.999999+00:00");
}

static void test_now(void **state)
{
	(void)state;
	assert_true(timestamp_now() > INT64_C(1700000000000000));
	assert_true(timestamp_now() < TIMESTAMP_LATEST);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_parse_bad),
		cmocka_unit_test(test_format),
		cmocka_unit_test(test_now),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
