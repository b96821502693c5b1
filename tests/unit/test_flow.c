// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "flow.h"

static void test_mark_parse(void **state)
{
	static const struct {
		const char *text;
		uint32_t mark;
	} valid[] = {
		{ "label", 1 },	       { "hbh", 2 },	      { "do", 4 },
		{ "label,hbh,do", 7 }, { "do,hbh,label", 7 }, { "LABEL,Do", 5 },
		{ "none", 0 },
	};
	static const char *const invalid[] = {
		"",	  ",",	       "label,",     ",label",
		"labels", "lab",       "label,none", "label,label",
		"dst",	  "label hbh", "label,,do",
	};
	uint32_t mark;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(valid) / sizeof(valid[0]); i++) {
		assert_int_equal(flow_mark_parse(&mark, valid[i].text), 0);
		assert_int_equal(mark, valid[i].mark);
	}
	for (i = 0; i < sizeof(invalid) / sizeof(invalid[0]); i++) {
		mark = 99;
		assert_int_equal(flow_mark_parse(&mark, invalid[i]), -EINVAL);
		assert_int_equal(mark, 99);
	}
}

static void test_mark_format(void **state)
{
	static const char *const texts[] = {
		"none", "label",    "hbh",    "label,hbh",
		"do",	"label,do", "hbh,do", "label,hbh,do",
	};
	char buf[FLOW_MARK_TEXT_MAX];
	uint32_t mark;

	(void)state;
	for (mark = 0; mark < 8; mark++)
		assert_string_equal(flow_mark_format(mark, buf), texts[mark]);
	assert_string_equal(flow_mark_format(8, buf), "?");
	assert_string_equal(flow_mark_format(0xffffffff, buf),
			    "label,hbh,do,?");
}

static void test_layout(void **state)
{
	static const char *const names[] = { "ids", "label", "label4", "safe" };
	int layout;
	int i;

	(void)state;
	for (i = 0; i < 4; i++) {
		layout = 99;
		assert_int_equal(flow_layout_parse(&layout, names[i]), 0);
		assert_int_equal(layout, i);
		assert_string_equal(flow_layout_name(i), names[i]);
	}
	assert_int_equal(flow_layout_parse(&layout, "SAFE"), 0);
	assert_int_equal(layout, SCITAG_LAYOUT_SAFE);
	assert_int_equal(flow_layout_parse(&layout, "label5"), -EINVAL);
	assert_int_equal(flow_layout_parse(&layout, ""), -EINVAL);
	assert_null(flow_layout_name(4));
	assert_null(flow_layout_name(FLOW_LAYOUT_DEFAULT));
}

static void test_entropy(void **state)
{
	int entropy = 99;

	(void)state;
	assert_int_equal(flow_entropy_parse(&entropy, "constant"), 0);
	assert_int_equal(entropy, 0);
	assert_int_equal(flow_entropy_parse(&entropy, "none"), 0);
	assert_int_equal(entropy, 1);
	assert_int_equal(flow_entropy_parse(&entropy, "Hash"), 0);
	assert_int_equal(entropy, 2);
	assert_int_equal(flow_entropy_parse(&entropy, "random"), -EINVAL);
	assert_string_equal(flow_entropy_name(2), "hash");
	assert_null(flow_entropy_name(3));
}

static void test_oversize(void **state)
{
	int oversize = 99;

	(void)state;
	assert_int_equal(flow_oversize_parse(&oversize, "skip"), 0);
	assert_int_equal(oversize, 0);
	assert_int_equal(flow_oversize_parse(&oversize, "fragment"), 0);
	assert_int_equal(oversize, 1);
	assert_int_equal(flow_oversize_parse(&oversize, "emsgsize"), 0);
	assert_int_equal(oversize, 2);
	assert_int_equal(flow_oversize_parse(&oversize, "drop"), -EINVAL);
	assert_string_equal(flow_oversize_name(1), "fragment");
	assert_null(flow_oversize_name(-1));
}

static void test_end_reason(void **state)
{
	static const char *const names[] = {
		NULL,	 "deleted",   "flushed", "closed",
		"reset", "timed-out", "idle",	 "expired",
	};
	int i;

	(void)state;
	for (i = 1; i <= 7; i++)
		assert_string_equal(flow_end_reason_name(i), names[i]);
	assert_null(flow_end_reason_name(0));
	assert_null(flow_end_reason_name(8));
}

/* Only 8 octets of Destination Options, and only before TCP. */
static void test_unsafe(void **state)
{
	(void)state;
	assert_true(flow_layout_is_unsafe(6, 4, SCITAG_LAYOUT_IDS));
	assert_true(flow_layout_is_unsafe(0, 7, SCITAG_LAYOUT_LABEL4));
	assert_false(flow_layout_is_unsafe(17, 4, SCITAG_LAYOUT_IDS));
	assert_false(flow_layout_is_unsafe(6, 3, SCITAG_LAYOUT_IDS));
	assert_false(flow_layout_is_unsafe(6, 4, SCITAG_LAYOUT_SAFE));
	assert_false(flow_layout_is_unsafe(6, 4, FLOW_LAYOUT_DEFAULT));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mark_parse),
		cmocka_unit_test(test_mark_format),
		cmocka_unit_test(test_layout),
		cmocka_unit_test(test_entropy),
		cmocka_unit_test(test_oversize),
		cmocka_unit_test(test_end_reason),
		cmocka_unit_test(test_unsafe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
