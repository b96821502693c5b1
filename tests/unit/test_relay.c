// SPDX-License-Identifier: GPL-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "relay.h"

static void test_recent(void **state)
{
	struct relay relay = { .next = 0 };
	unsigned int i;

	(void)state;
	assert_true(relay_is_new(&relay, "", 0));
	assert_false(relay_is_new(&relay, "", 0));
	for (i = 1; i < RELAY_RECENT; i++)
		assert_true(relay_is_new(&relay, &i, sizeof(i)));
	assert_false(relay_is_new(&relay, "", 0));
	/* One more, and the oldest is forgotten. */
	assert_true(relay_is_new(&relay, &i, sizeof(i)));
	assert_true(relay_is_new(&relay, "", 0));
	i = 2;
	assert_false(relay_is_new(&relay, &i, sizeof(i)));
}

static void test_alike(void **state)
{
	struct relay relay = { .next = 0 };
	char a[1232], b[1232];
	size_t i;

	(void)state;
	memset(a, 'x', sizeof(a));
	assert_true(relay_is_new(&relay, a, sizeof(a)));
	for (i = 0; i < sizeof(a); i += 77) {
		memcpy(b, a, sizeof(b));
		b[i] = 'y';
		assert_true(relay_is_new(&relay, b, sizeof(b)));
	}
	assert_true(relay_is_new(&relay, a, sizeof(a) - 1));
	assert_false(relay_is_new(&relay, a, sizeof(a)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_recent),
		cmocka_unit_test(test_alike),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
