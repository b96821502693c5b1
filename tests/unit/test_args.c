// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "args.h"

/* The words of a line, each in angle brackets. */
static const char *split(const char *line)
{
	static char result[1024];
	char error[ARGS_ERROR_MAX] = "";
	char *words[ARGS_MAX];
	char buf[512];
	size_t len = 0;
	size_t i, n;

	snprintf(buf, sizeof(buf), "%s", line);
	result[0] = '\0';
	if (args_split(buf, words, &n, error)) {
		snprintf(result, sizeof(result), "error: %s", error);
		return result;
	}
	for (i = 0; i < n; i++)
		len += snprintf(result + len, sizeof(result) - len, "<%s>",
				words[i]);
	return result;
}

static void test_words(void **state)
{
	(void)state;
	assert_string_equal(split(""), "");
	assert_string_equal(split(" \t \r"), "");
	assert_string_equal(split("a"), "<a>");
	assert_string_equal(split("  a\tbc  d\r"), "<a><bc><d>");
}

static void test_comments(void **state)
{
	(void)state;
	assert_string_equal(split("# all"), "");
	assert_string_equal(split("a b #c d"), "<a><b>");
	assert_string_equal(split("a#b c"), "<a#b><c>");
	assert_string_equal(split("'#' \"#\" \\#"), "<#><#><#>");
}

static void test_quotes(void **state)
{
	(void)state;
	assert_string_equal(split("tag \"atlas/Data Challenge\" x"),
			    "<tag><atlas/Data Challenge><x>");
	assert_string_equal(split("'a b'\"c d\"e"), "<a bc de>");
	assert_string_equal(split("a '' \"\" b"), "<a><><><b>");
	assert_string_equal(split("\"it's\" 'say \"x\"'"), "<it's><say \"x\">");
	assert_string_equal(split("a\\ b c\\\\ \"\\\"\""), "<a b><c\\><\">");
	assert_string_equal(split("'a\\b'"), "<a\\b>");
}

static void test_errors(void **state)
{
	(void)state;
	assert_string_equal(split("a \"b c"), "error: the \" is not closed");
	assert_string_equal(split("a 'b\""), "error: the ' is not closed");
	assert_string_equal(split("a \\"), "error: nothing follows the \\");
	assert_string_equal(split("a \"\\"), "error: nothing follows the \\");
}

static void test_too_many(void **state)
{
	char line[2 * ARGS_MAX + 3];
	size_t i;

	(void)state;
	for (i = 0; i < ARGS_MAX; i++)
		memcpy(line + 2 * i, "a ", 2);
	line[2 * i] = '\0';
	assert_int_equal(strlen(split(line)), 3 * ARGS_MAX);
	strcpy(line + 2 * i, "b");
	assert_string_equal(split(line), "error: too many words");
}

static void test_take(void **state)
{
	char a[] = "a", b[] = "b";
	char *words[] = { a, b };
	struct args args = { .words = words, .n = 2 };

	(void)state;
	assert_string_equal(args_peek(&args), "a");
	assert_string_equal(args_take(&args), "a");
	assert_string_equal(args_take(&args), "b");
	assert_null(args_peek(&args));
	assert_null(args_take(&args));
	assert_null(args_take(&args));
}

/* Wherever it stands, but not before what was taken. */
static void test_take_option(void **state)
{
	char x[] = "x", s[] = "-s", y[] = "y", long_s[] = "--snapshot";
	char *words[] = { s, x, s, y, long_s };
	struct args args = { .words = words, .n = 5, .next = 1 };

	(void)state;
	assert_true(args_take_option(&args, "-s", "--snapshot"));
	assert_int_equal(args.n, 3);
	assert_string_equal(args_take(&args), "x");
	assert_string_equal(args_take(&args), "y");
	assert_null(args_take(&args));
	assert_false(args_take_option(&args, "-s", "--snapshot"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_comments),
		cmocka_unit_test(test_quotes),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_take),
		cmocka_unit_test(test_take_option),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
