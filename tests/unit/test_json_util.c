// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <json-c/json.h>

#include "json_util.h"

static void refused(const char *text, size_t len, const char *want)
{
	char error[JSON_ERROR_MAX] = "";
	struct json_object *value = json_parse(text, len, error);

	if (value)
		fail_msg("\"%s\" was taken", text);
	if (strncmp(error, want, strlen(want)) != 0)
		fail_msg("\"%s\": \"%s\", not \"%s\"", text, error, want);
}

static void test_parse(void **state)
{
	static const char text[] = "{\"a\": [1, {\"b\": \"c\"}]}\n";
	char error[JSON_ERROR_MAX];
	struct json_object *value, *a;

	(void)state;
	value = json_parse(text, strlen(text), error);
	assert_non_null(value);
	assert_true(json_object_object_get_ex(value, "a", &a));
	assert_int_equal(json_object_array_length(a), 2);
	json_object_put(value);
}

static void test_parse_refused(void **state)
{
	static const struct {
		const char *text;
		const char *error;
	} cases[] = {
		{ "", "line 1:" },
		{ "{", "line 1: ends too early" },
		{ "{\"a\":1}x", "line 1:" },
		{ "{\"a\":1}\n\n{}", "line " },
		{ "{\"a\":1,}", "line 1:" },
		{ "{\n\"a\":1,\nb:2\n}", "line 3:" },
		{ "{\n\"a\":\n\n[1,\n2,}", "line 5:" },
		{ "null", "line 1:" },
		{ "nonsense", "line 1:" },
		{ "[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]",
		  "line 1:" },
		{ "{\"a\":\"\xff\"}", "line 1:" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		refused(cases[i].text, strlen(cases[i].text), cases[i].error);
	refused("{}\0{}", 5, "line 1: is not text");
}

/* The length counts, not a NUL. */
static void test_parse_length(void **state)
{
	char error[JSON_ERROR_MAX];
	struct json_object *value;

	(void)state;
	value = json_parse("{}garbage", 2, error);
	assert_non_null(value);
	json_object_put(value);
	refused("{}", 1, "line 1: ends too early");
}

static void test_add(void **state)
{
	struct json_object *object = json_object_new_object();
	struct json_object *array = json_object_new_array();

	(void)state;
	json_append(array, json_object_new_int(1));
	json_append(array, json_object_new_string("b"));
	json_add(object, "a", array);
	assert_string_equal(
		json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN),
		"{\"a\":[1,\"b\"]}");
	json_object_put(object);
	/* The sanitizer would tell of what is left. */
	json_add(NULL, "a", json_object_new_int(1));
	json_append(NULL, json_object_new_int(1));
}

static void test_u64(void **state)
{
	static const uint64_t numbers[] = {
		0, 1, INT64_MAX, (uint64_t)INT64_MAX + 1, UINT64_MAX,
	};
	static const char *const texts[] = {
		"0",
		"1",
		"9223372036854775807",
		"9223372036854775808",
		"18446744073709551615",
	};
	struct json_object *value;
	size_t i;

	(void)state;
	for (i = 0; i < 5; i++) {
		value = json_new_u64(numbers[i]);
		assert_string_equal(json_object_to_json_string(value),
				    texts[i]);
		json_object_put(value);
	}
}

static int get(const char *text, uint64_t max, uint64_t *out)
{
	char error[JSON_ERROR_MAX];
	struct json_object *value = json_parse(text, strlen(text), error);
	int ret;

	assert_non_null(value);
	ret = json_get_u64(json_object_array_get_idx(value, 0), max, out);
	json_object_put(value);
	return ret;
}

static void test_get_u64(void **state)
{
	uint64_t n = 4711;

	(void)state;
	assert_int_equal(get("[\"5\"]", 10, &n), -EINVAL);
	assert_int_equal(get("[5.0]", 10, &n), -EINVAL);
	assert_int_equal(get("[true]", 10, &n), -EINVAL);
	assert_int_equal(get("[null]", 10, &n), -EINVAL);
	assert_int_equal(get("[-1]", 10, &n), -ERANGE);
	assert_int_equal(get("[11]", 10, &n), -ERANGE);
	/* Since 0.18, json-c does not even parse it. */
	if (json_c_version_num() < ((0 << 16) | (18 << 8)))
		assert_int_equal(get("[99999999999999999999]", 10, &n),
				 -ERANGE);
	assert_true(n == 4711);
	assert_int_equal(get("[10]", 10, &n), 0);
	assert_true(n == 10);
	assert_int_equal(get("[4294967296]", UINT64_MAX, &n), 0);
	assert_true(n == 4294967296);
}

static void test_get_text(void **state)
{
	static const char text[] = "[\"abc\", \"a\\u0000c\", \"\", 5]";
	char error[JSON_ERROR_MAX];
	struct json_object *array;

	(void)state;
	array = json_parse(text, strlen(text), error);
	assert_non_null(array);
	assert_string_equal(json_get_text(json_object_array_get_idx(array, 0)),
			    "abc");
	assert_null(json_get_text(json_object_array_get_idx(array, 1)));
	assert_string_equal(json_get_text(json_object_array_get_idx(array, 2)),
			    "");
	assert_null(json_get_text(json_object_array_get_idx(array, 3)));
	assert_null(json_get_text(NULL));
	json_object_put(array);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_parse_refused),
		cmocka_unit_test(test_parse_length),
		cmocka_unit_test(test_add),
		cmocka_unit_test(test_u64),
		cmocka_unit_test(test_get_u64),
		cmocka_unit_test(test_get_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
