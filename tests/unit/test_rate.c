// SPDX-License-Identifier: GPL-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rate.h"

#define SECOND 1000000LL

/* How many of n leave at this moment. */
static unsigned int take(struct rate *rate, bool urgent, unsigned int n,
			 int64_t now_us)
{
	unsigned int taken = 0;

	while (n--)
		taken += rate_take(rate, urgent, now_us);
	return taken;
}

static void test_none(void **state)
{
	struct rate rate;

	(void)state;
	rate_set(&rate, 0, 0);
	assert_int_equal(take(&rate, false, 100000, 0), 100000);
}

/* What is not urgent leaves nine tenths to what is. */
static void test_burst(void **state)
{
	struct rate rate;

	(void)state;
	rate_set(&rate, 100, 5 * SECOND);
	assert_int_equal(take(&rate, false, 1000, 5 * SECOND), 100);
	assert_int_equal(take(&rate, true, 2000, 5 * SECOND), 900);
	assert_int_equal(take(&rate, false, 1, 6 * SECOND), 0);
	assert_int_equal(take(&rate, true, 200, 6 * SECOND), 100);
}

/* For a long time, both at once and more than there may be. */
static void test_displaced(void **state)
{
	unsigned int urgent = 0, other = 0;
	struct rate rate;
	int64_t ms;

	(void)state;
	rate_set(&rate, 1000, 0);
	for (ms = 0; ms < 60000; ms++) {
		other += take(&rate, false, 5, ms * 1000);
		urgent += ms % 2 ? take(&rate, true, 1, ms * 1000) : 0;
	}
	/* 500 in a second, all of them; the rest is left to the others. */
	assert_int_equal(urgent, 30000);
	assert_in_range(other, 30000 - 1, 31000 + 1);
}

/* A large burst of what is urgent, after a flood of the rest. */
static void test_flood(void **state)
{
	struct rate rate;
	int64_t ms;

	(void)state;
	rate_set(&rate, 1000, 0);
	for (ms = 0; ms < 10000; ms++)
		take(&rate, false, 100, ms * 1000);
	assert_int_equal(take(&rate, true, 9000, ms * 1000), 9000);
}

/* No more than is saved, however long it takes; the largest rate there is. */
static void test_long(void **state)
{
	struct rate rate;

	(void)state;
	rate_set(&rate, 1000000, 0);
	assert_int_equal(take(&rate, true, 20000000, 0), 10000000);
	assert_int_equal(take(&rate, true, 20000000, INT64_MAX), 10000000);
	rate_set(&rate, 1, 0);
	assert_int_equal(take(&rate, true, 100, 0), 10);
	assert_int_equal(take(&rate, true, 1, SECOND - 1), 0);
	assert_int_equal(take(&rate, true, 2, SECOND), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_none),	  cmocka_unit_test(test_burst),
		cmocka_unit_test(test_displaced), cmocka_unit_test(test_flood),
		cmocka_unit_test(test_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
