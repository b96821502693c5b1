// SPDX-License-Identifier: GPL-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "openmetrics.h"

static const struct openmetrics_family gauge = {
	.name = "a_seconds",
	.unit = "seconds",
	.help = "An a",
};
static const struct openmetrics_family counter = {
	.name = "b",
	.kind = OPENMETRICS_COUNTER,
	.help = "A b",
};
static const struct openmetrics_family info = {
	.name = "c",
	.kind = OPENMETRICS_INFO,
	.help = "A c",
};

/* What is written of all three. */
static void expect(bool old, const char *expected)
{
	struct openmetrics om = { .old = old };
	char *text;
	size_t len;

	om.file = open_memstream(&text, &len);
	assert_non_null(om.file);
	openmetrics_begin(&om, &gauge);
	openmetrics_sample(&om, &gauge, "", 0);
	openmetrics_begin(&om, &counter);
	openmetrics_sample(&om, &counter, "x=\"1\"", 1);
	openmetrics_sample(&om, &counter, "x=\"2\"", UINT64_MAX);
	openmetrics_begin(&om, &info);
	openmetrics_sample(&om, &info, "version=\"1\"", 1);
	openmetrics_end(&om);
	fclose(om.file);
	assert_string_equal(text, expected);
	free(text);
}

static void test_formats(void **state)
{
	(void)state;
	expect(false, "# HELP a_seconds An a\n"
		      "# TYPE a_seconds gauge\n"
		      "# UNIT a_seconds seconds\n"
		      "a_seconds 0\n"
		      "# HELP b A b\n"
		      "# TYPE b counter\n"
		      "b_total{x=\"1\"} 1\n"
		      "b_total{x=\"2\"} 18446744073709551615\n"
		      "# HELP c A c\n"
		      "# TYPE c info\n"
		      "c_info{version=\"1\"} 1\n"
		      "# EOF\n");
	expect(true, "# HELP a_seconds An a\n"
		     "# TYPE a_seconds gauge\n"
		     "a_seconds 0\n"
		     "# HELP b_total A b\n"
		     "# TYPE b_total counter\n"
		     "b_total{x=\"1\"} 1\n"
		     "b_total{x=\"2\"} 18446744073709551615\n"
		     "# HELP c_info A c\n"
		     "# TYPE c_info gauge\n"
		     "c_info{version=\"1\"} 1\n");
}

static void test_labels(void **state)
{
	char buf[64] = "";

	(void)state;
	openmetrics_label(buf, sizeof(buf), "a", "");
	assert_string_equal(buf, "a=\"\"");
	openmetrics_label(buf, sizeof(buf), "b", "x\\y\"z\nw}{,=");
	assert_string_equal(buf, "a=\"\",b=\"x\\\\y\\\"z\\nw}{,=\"");
}

/* Whatever the room is, quotes are closed and escapes are whole. */
static void test_label_room(void **state)
{
	static const char whole[] = "a=\"1\",b=\"\\\"\\\"\\\"\\\"\"";
	char *buf;
	size_t size, len;

	(void)state;
	for (size = 6; size < sizeof(whole) + 4; size++) {
		/* On the heap, where the sanitizer sees its end. */
		buf = calloc(1, size);
		assert_non_null(buf);
		strcpy(buf, "a=\"1\"");
		openmetrics_label(buf, size, "b", "\"\"\"\"");
		len = strlen(buf);
		assert_true(len < size);
		assert_int_equal(buf[len - 1], '"');
		if (len > 5) {
			assert_int_equal(len % 2, 0);
			assert_memory_equal(buf, whole, len - 1);
		}
		free(buf);
	}
	assert_int_equal(len, sizeof(whole) - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_formats),
		cmocka_unit_test(test_labels),
		cmocka_unit_test(test_label_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
