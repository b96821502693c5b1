// SPDX-License-Identifier: GPL-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

#include <cmocka.h>

#include "recent.h"

static void test_levels(void **state)
{
	static struct recent recent;

	(void)state;
	assert_null(recent_get(&recent, 0));
	recent_note(&recent, LOG_NOTICE, "no");
	recent_note(&recent, LOG_DEBUG, "no");
	assert_null(recent_get(&recent, 0));
	recent_note(&recent, LOG_WARNING, "yes");
	assert_string_equal(recent_get(&recent, 0)->text, "yes");
	assert_int_equal(recent_get(&recent, 0)->level, LOG_WARNING);
	assert_true(time(NULL) - recent_get(&recent, 0)->time_s < 60);
	assert_null(recent_get(&recent, 1));
}

static void test_order(void **state)
{
	static struct recent recent;
	char text[16];
	size_t i;

	(void)state;
	for (i = 0; i < 3 * RECENT_MAX + 1; i++) {
		snprintf(text, sizeof(text), "%zu", i);
		recent_note(&recent, LOG_ERR, text);
	}
	for (i = 0; i < RECENT_MAX; i++) {
		snprintf(text, sizeof(text), "%zu", 3 * RECENT_MAX - i);
		assert_string_equal(recent_get(&recent, i)->text, text);
	}
	assert_null(recent_get(&recent, RECENT_MAX));
	assert_null(recent_get(&recent, 1000));
}

static void test_text(void **state)
{
	char large[2 * RECENT_TEXT_MAX];
	static struct recent recent;

	(void)state;
	recent_note(&recent, LOG_ERR, "a\nb\xff\x1b[1m");
	assert_string_equal(recent_get(&recent, 0)->text, "a?b??[1m");
	memset(large, 'x', sizeof(large));
	large[sizeof(large) - 1] = '\0';
	recent_note(&recent, LOG_ERR, large);
	assert_int_equal(strlen(recent_get(&recent, 0)->text),
			 RECENT_TEXT_MAX - 1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_levels),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
