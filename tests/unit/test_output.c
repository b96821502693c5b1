// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <json-c/json.h>

#include "output.h"

static void upper_text(char buf[static OUTPUT_TEXT_MAX],
		       struct json_object *object)
{
	struct json_object *value;

	if (json_object_object_get_ex(object, "name", &value) && value)
		snprintf(buf, OUTPUT_TEXT_MAX, "[%s]",
			 json_object_get_string(value));
}

static const struct output_field fields[] = {
	{ .heading = "N", .key = "n", .right = true },
	{ .heading = "NAME", .text = upper_text },
	{ .heading = "REST", .key = "rest" },
};

/* What is written, and to where. */
struct page {
	struct output *out;
	FILE *file;
	char *text;
	size_t len;
};

static void page_open(struct page *page, bool json)
{
	page->file = open_memstream(&page->text, &page->len);
	assert_non_null(page->file);
	page->out = output_new(page->file);
	assert_non_null(page->out);
	output_set_json(page->out, json);
}

static void page_close(struct page *page, const char *want)
{
	assert_int_equal(output_finish(page->out), 0);
	assert_string_equal(page->text, want);
	output_free(page->out);
	fclose(page->file);
	free(page->text);
}

static struct json_object *object(const char *json)
{
	struct json_object *value = json_tokener_parse(json);

	assert_non_null(value);
	return value;
}

static void add_three(struct output *out)
{
	output_list_begin(out, fields, 3);
	output_list_add(out,
			object("{\"n\":7,\"name\":\"a/b\",\"rest\":\"x\"}"));
	output_list_add(out, object("{\"n\":18446744073709551615,"
				    "\"name\":null,\"rest\":null}"));
	output_list_add(out, object("{\"n\":10,\"name\":\"\xc3\xa9t\xc3\xa9\","
				    "\"rest\":true}"));
	output_list_end(out);
}

static void test_table(void **state)
{
	struct page page;

	(void)state;
	page_open(&page, false);
	add_three(page.out);
	page_close(&page, "                   N  NAME   REST\n"
			  "                   7  [a/b]  x\n"
			  "18446744073709551615  -      -\n"
			  "                  10  [\xc3\xa9t\xc3\xa9]  true\n");
}

/* A list of lines is a list of its own kind as text, and no other as JSON. */
static void test_lines(void **state)
{
	struct page page;

	(void)state;
	page_open(&page, false);
	output_lines_begin(page.out, fields, 3);
	output_list_add(page.out, object("{\"n\":7,\"rest\":\"x\"}"));
	output_list_add(page.out, object("{\"rest\":\"y\"}"));
	output_list_end(page.out);
	add_three(page.out);
	page_close(&page, "N 7  REST x\n"
			  "REST y\n"
			  "                   N  NAME   REST\n"
			  "                   7  [a/b]  x\n"
			  "18446744073709551615  -      -\n"
			  "                  10  [\xc3\xa9t\xc3\xa9]  true\n");
	page_open(&page, true);
	output_lines_begin(page.out, fields, 3);
	output_list_add(page.out, object("{\"n\":7}"));
	output_list_end(page.out);
	page_close(&page, "[\n{\"n\":7}\n]\n");
}

static void test_list_json(void **state)
{
	struct page page;

	(void)state;
	page_open(&page, true);
	add_three(page.out);
	page_close(&page,
		   "[\n"
		   "{\"n\":7,\"name\":\"a/b\",\"rest\":\"x\"},\n"
		   "{\"n\":18446744073709551615,\"name\":null,\"rest\":null},\n"
		   "{\"n\":10,\"name\":\"\xc3\xa9t\xc3\xa9\",\"rest\":true}\n"
		   "]\n");
}

static void test_empty_list(void **state)
{
	struct page page;

	(void)state;
	page_open(&page, false);
	output_list_begin(page.out, fields, 3);
	output_list_end(page.out);
	page_close(&page, "");
	page_open(&page, true);
	output_list_begin(page.out, fields, 3);
	output_list_end(page.out);
	page_close(&page, "[]\n");
}

/* The second list knows nothing of the first. */
static void test_two_lists(void **state)
{
	struct page page;

	(void)state;
	page_open(&page, false);
	output_list_begin(page.out, fields, 3);
	output_list_add(page.out, object("{\"n\":1000,\"rest\":\"wide\"}"));
	output_list_end(page.out);
	output_list_begin(page.out, fields, 1);
	output_list_add(page.out, object("{\"n\":2}"));
	output_list_end(page.out);
	page_close(&page, "   N  NAME  REST\n"
			  "1000  -     wide\n"
			  "N\n"
			  "2\n");
}

static void test_long_list(void **state)
{
	struct page page;
	int i;

	(void)state;
	page_open(&page, false);
	output_list_begin(page.out, fields, 3);
	for (i = 0; i < 5000; i++)
		output_list_add(page.out, object("{\"n\":1}"));
	output_list_end(page.out);
	assert_int_equal(output_finish(page.out), 0);
	/* 5,001 lines of "N  NAME  REST" and "1  -     -". */
	assert_int_equal(page.len, 14 + 5000 * 11);
	output_free(page.out);
	fclose(page.file);
	free(page.text);
}

static void test_record(void **state)
{
	static const char json[] = "{\"n\":7,\"name\":\"a\",\"rest\":null}";
	struct page page;

	(void)state;
	page_open(&page, false);
	output_record(page.out, fields, 3, object(json));
	page_close(&page, "N     7\nNAME  [a]\n");
	page_open(&page, true);
	output_record(page.out, fields, 3, object(json));
	page_close(&page, "{\"n\":7,\"name\":\"a\",\"rest\":null}\n");
}

/* A line is out at once, without output_finish(). */
static void test_line(void **state)
{
	static const char json[] = "{\"n\":7,\"rest\":\"x\"}";
	struct page page;

	(void)state;
	page_open(&page, false);
	output_line(page.out, fields, 3, object(json));
	assert_string_equal(page.text, "N 7  REST x\n");
	page_close(&page, "N 7  REST x\n");
	page_open(&page, true);
	output_line(page.out, fields, 3, object(json));
	assert_string_equal(page.text, "{\"n\":7,\"rest\":\"x\"}\n");
	page_close(&page, "{\"n\":7,\"rest\":\"x\"}\n");
}

static void test_errors(void **state)
{
	FILE *full = fopen("/dev/full", "w");
	struct output *out;

	(void)state;
	assert_non_null(full);
	out = output_new(full);
	output_record(out, fields, 3, object("{\"n\":1}"));
	assert_int_equal(output_finish(out), -ENOSPC);
	output_free(out);
	fclose(full);

	out = output_new(stderr);
	output_record(out, fields, 3, NULL);
	assert_int_equal(output_finish(out), -ENOMEM);
	output_free(out);
	output_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_list_json),
		cmocka_unit_test(test_empty_list),
		cmocka_unit_test(test_two_lists),
		cmocka_unit_test(test_long_list),
		cmocka_unit_test(test_record),
		cmocka_unit_test(test_line),
		cmocka_unit_test(test_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
