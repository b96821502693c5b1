// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "number.h"

#define UNTOUCHED 4711

static void accepted(const char *text, uint64_t max, uint64_t want)
{
	uint64_t value = UNTOUCHED;

	assert_int_equal(number_parse(&value, text, max), 0);
	assert_true(value == want);
}

static void refused(const char *text, uint64_t max, int want)
{
	uint64_t value = UNTOUCHED;

	assert_int_equal(number_parse(&value, text, max), want);
	assert_true(value == UNTOUCHED);
}

static void test_valid(void **state)
{
	(void)state;
	accepted("0", 0, 0);
	accepted("010", 100, 10);
	accepted("65535", 65535, 65535);
	accepted("0x30038", 0xfffff, 196664);
	accepted("0XfFfFf", 0xfffff, 1048575);
	accepted("18446744073709551615", UINT64_MAX, UINT64_MAX);
	accepted("0xffffffffffffffff", UINT64_MAX, UINT64_MAX);
}

static void test_not_a_number(void **state)
{
	static const char *const texts[] = {
		"",
		"0x",
		"x",
		"-1",
		"+1",
		" 1",
		"1 ",
		"1.0",
		"1e3",
		"12a",
		"0x1g",
		"0x-1",
		"99999999999999999999999x",
		"\xd9\xa1",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		refused(texts[i], UINT64_MAX, -EINVAL);
}

static void test_out_of_range(void **state)
{
	(void)state;
	refused("1", 0, -ERANGE);
	refused("65536", 65535, -ERANGE);
	refused("0x10000", 65535, -ERANGE);
	refused("18446744073709551616", UINT64_MAX, -ERANGE);
	refused("0x10000000000000000", UINT64_MAX, -ERANGE);
	refused("999999999999999999999999999999", UINT64_MAX, -ERANGE);
}

static void test_decimal_only(void **state)
{
	uint64_t value = UNTOUCHED;

	(void)state;
	assert_int_equal(decimal_parse(&value, "0x10", 100), -EINVAL);
	assert_true(value == UNTOUCHED);
	assert_int_equal(decimal_parse(&value, "10", 100), 0);
	assert_true(value == 10);
}

static void test_duration(void **state)
{
	static const struct {
		const char *text;
		uint64_t ms;
	} cases[] = {
		{ "0ms", 0 },	    { "1ms", 1 },	 { "999ms", 999 },
		{ "1s", 1000 },	    { "1001ms", 1001 },	 { "59s", 59000 },
		{ "1m", 60000 },    { "90s", 90000 },	 { "1h", 3600000 },
		{ "61m", 3660000 }, { "24h", 86400000 },
	};
	static const char *const invalid[] = {
		"",    "1",  "s",    "ms", "1.5s", "-1s",
		"1 s", "1S", "0x1s", "1d", "1sms", "1s ",
	};
	char buf[DURATION_TEXT_MAX];
	uint64_t ms = UNTOUCHED;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(invalid) / sizeof(invalid[0]); i++)
		assert_int_equal(duration_parse(&ms, invalid[i], UINT64_MAX),
				 -EINVAL);
	assert_int_equal(duration_parse(&ms, "1001ms", 1000), -ERANGE);
	assert_int_equal(duration_parse(&ms, "2s", 1999), -ERANGE);
	assert_int_equal(duration_parse(&ms, "5124095576031h", UINT64_MAX),
			 -ERANGE);
	assert_int_equal(duration_parse(&ms, "111111111111111111111111111111s",
					UINT64_MAX),
			 -ERANGE);
	assert_true(ms == UNTOUCHED);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(duration_parse(&ms, cases[i].text, 86400000),
				 0);
		assert_true(ms == cases[i].ms);
		assert_string_equal(duration_format(ms, buf), cases[i].text);
	}
	assert_string_equal(duration_format(UINT64_MAX, buf),
			    "18446744073709551615ms");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_valid),
		cmocka_unit_test(test_not_a_number),
		cmocka_unit_test(test_out_of_range),
		cmocka_unit_test(test_decimal_only),
		cmocka_unit_test(test_duration),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
