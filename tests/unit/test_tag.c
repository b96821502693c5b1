// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "registry.h"
#include "tag.h"

static const char registry_text[] =
	"{\"version\":1,\"experiments\":["
	"{\"expName\":\"atlas\",\"expId\":2,\"activities\":["
	"{\"activityName\":\"Data Challenge\",\"activityId\":26},"
	"{\"activityName\":\"Upload/Download (Job)\",\"activityId\":22}]},"
	"{\"expName\":\"label\",\"expId\":9,\"activities\":["
	"{\"activityName\":\"x\",\"activityId\":1}]}]}";

static struct registry *registry;

static int setup(void **state)
{
	char error[REGISTRY_ERROR_MAX];

	(void)state;
	return registry_parse(&registry, registry_text, strlen(registry_text),
			      error);
}

static int teardown(void **state)
{
	(void)state;
	registry_free(registry);
	return 0;
}

static void test_valid(void **state)
{
	static const struct {
		const char *text;
		uint32_t experiment, activity;
	} cases[] = {
		{ "atlas/Data Challenge", 2, 26 },
		{ "ATLAS/data challenge", 2, 26 },
		{ "atlas / Data Challenge ", 2, 26 },
		{ "atlas/Upload/Download (Job)", 2, 22 },
		{ "2/Upload/Download (Job)", 2, 22 },
		{ "2/26", 2, 26 },
		{ "atlas/26", 2, 26 },
		{ "0x2/0x1a", 2, 26 },
		{ "0/0", 0, 0 },
		{ "65535/255", 65535, 255 },
		{ "77/3", 77, 3 },
		{ "label/x", 9, 1 },
		{ "scitag 154", 2, 26 },
		{ "scitag:154", 2, 26 },
		{ "scitag.flow=154", 2, 26 },
		{ "SciTag:0x9a", 2, 26 },
		{ "scitag:65", 1, 1 },
		{ "scitag:65535", 1023, 63 },
		{ "label 0x10068", 2, 26 },
		{ "label:65640", 2, 26 },
		{ "label:0x30038", 3, 14 },
		{ "label:0x7FEFE", 511, 63 }, /* entropy 0x40002 */
		{ "label:0xfffff", 511, 63 },
		{ "label:0", 0, 0 },
	};
	char error[TAG_ERROR_MAX];
	struct tag tag;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		memset(&tag, 0xaa, sizeof(tag));
		if (tag_parse(&tag, registry, cases[i].text, error))
			fail_msg("%s: %s", cases[i].text, error);
		assert_int_equal(tag.experiment, cases[i].experiment);
		assert_int_equal(tag.activity, cases[i].activity);
	}
}

static void refused(const struct registry *r, const char *text, int want,
		    const char *part)
{
	char error[TAG_ERROR_MAX] = "";
	struct tag tag = { 4711, 42 };
	int ret = tag_parse(&tag, r, text, error);

	if (ret != want)
		fail_msg("\"%s\": %d (%s)", text, ret, error);
	if (!strstr(error, part))
		fail_msg("\"%s\": \"%s\"", text, error);
	assert_int_equal(tag.experiment, 4711);
	assert_int_equal(tag.activity, 42);
}

static void test_out_of_range(void **state)
{
	(void)state;
	refused(registry, "65536/1", -ERANGE, "0..65535");
	refused(registry, "4294967298/26", -ERANGE, "0..65535");
	refused(registry, "2/256", -ERANGE, "0..255");
	refused(registry, "atlas/99999999999999999999", -ERANGE, "0..255");
	refused(registry, "scitag:64", -ERANGE, "65..65535");
	refused(registry, "scitag:0", -ERANGE, "65..65535");
	refused(registry, "scitag:65536", -ERANGE, "65..65535");
	refused(registry, "scitag:1048576", -ERANGE, "65..65535");
	refused(registry, "label:0x100000", -ERANGE, "0..0xfffff");
}

/* The label of 3/14 given as scitag.flow: say what to write instead. */
static void test_confusion(void **state)
{
	(void)state;
	refused(registry, "scitag:196664", -ERANGE, "label:196664");
	refused(registry, "scitag:196664", -ERANGE, "3/14");
	refused(registry, "206", -EINVAL, "scitag:206 for 3/14");
	refused(registry, "206", -EINVAL, "label:206");
	refused(registry, "196664", -EINVAL, "label:196664");
	refused(registry, "0x30038", -EINVAL, "label:0x30038");
	refused(registry, "4711471147114711", -EINVAL, "not a tag");
}

static void test_not_a_tag(void **state)
{
	static const char *const texts[] = {
		"",
		"atlas",
		"Data Challenge",
		"scitag",
		"label",
		"scitag:",
		"scitag:-1",
		"scitag: 154",
		"scitag:154 ",
		"scitag:154/2",
		"label:0x",
		"label:atlas",
		"/",
		"2/",
		"/26",
		"atlas/",
		" / ",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		refused(registry, texts[i], -EINVAL, "");
}

static void test_unknown_names(void **state)
{
	(void)state;
	refused(registry, "cms/1", -ENOENT, "\"cms\"");
	refused(registry, "-1/1", -ENOENT, "\"-1\"");
	refused(registry, "atlas/Nothing", -ENOENT, "\"Nothing\" of atlas");
	refused(registry, "9/Data Challenge", -ENOENT, "of label");
	refused(registry, "77/Data Challenge", -ENOENT, "77");
	refused(registry, "atlas/Data  Challenge", -ENOENT, "registry");
}

static void test_without_registry(void **state)
{
	char error[TAG_ERROR_MAX];
	struct tag tag;

	(void)state;
	refused(NULL, "atlas/26", -ENOENT, "no registry");
	refused(NULL, "2/Data Challenge", -ENOENT, "no registry");
	assert_int_equal(tag_parse(&tag, NULL, "2/26", error), 0);
	assert_int_equal(tag_parse(&tag, NULL, "scitag:154", error), 0);
}

/* No length of input writes behind a buffer. */
static void test_long(void **state)
{
	char text[2000], error[TAG_ERROR_MAX];
	struct tag tag;
	size_t len;

	(void)state;
	for (len = 100; len < sizeof(text); len += 37) {
		memset(text, 'a', sizeof(text));
		text[len] = '\0';
		assert_true(tag_parse(&tag, registry, text, error) < 0);
		text[len / 2] = '/';
		assert_true(tag_parse(&tag, registry, text, error) < 0);
		memset(text, '9', len);
		assert_true(tag_parse(&tag, registry, text, error) < 0);
		memcpy(text, "scitag:", 7);
		assert_true(tag_parse(&tag, registry, text, error) < 0);
		memcpy(text, "label 0x", 8);
		assert_true(tag_parse(&tag, registry, text, error) < 0);
	}
}

static void test_scitag_flow(void **state)
{
	static const struct {
		struct tag tag;
		uint32_t want;
	} cases[] = {
		{ { 1, 1 }, 65 },	{ { 3, 14 }, 206 },
		{ { 511, 63 }, 32767 }, { { 1023, 63 }, 65535 },
		{ { 1, 0 }, 0 },	{ { 0, 63 }, 0 },
		{ { 1024, 0 }, 0 },	{ { 3, 64 }, 0 },
		{ { 65535, 255 }, 0 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(tag_scitag_flow(&cases[i].tag), cases[i].want);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_valid),
		cmocka_unit_test(test_out_of_range),
		cmocka_unit_test(test_confusion),
		cmocka_unit_test(test_not_a_tag),
		cmocka_unit_test(test_unknown_names),
		cmocka_unit_test(test_without_registry),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_scitag_flow),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
