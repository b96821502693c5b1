// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "registry.h"

#define HEAD "{\"version\":1,\"experiments\":["
#define TWO(a, b) a "," b
#define TAIL "]}"
#define ACT(name, id) "{\"activityName\":\"" name "\",\"activityId\":" id "}"
#define EXP(name, id, acts) \
	"{\"expName\":\"" name "\",\"expId\":" id ",\"activities\":[" acts "]}"

static struct registry *parsed(const char *text)
{
	char error[REGISTRY_ERROR_MAX];
	struct registry *registry;

	if (registry_parse(&registry, text, strlen(text), error))
		fail_msg("%s: %s", text, error);
	return registry;
}

static void test_lookup(void **state)
{
	struct registry *r;
	uint32_t id = 0;

	(void)state;
	r = parsed(HEAD TWO(EXP("one", "65535", ACT("Up/Down (Job)", "255")),
			    EXP("two", "0", "")) TAIL);
	assert_string_equal(registry_experiment_name(r, 65535), "one");
	assert_string_equal(registry_experiment_name(r, 0), "two");
	assert_null(registry_experiment_name(r, 1));
	assert_string_equal(registry_activity_name(r, 65535, 255),
			    "Up/Down (Job)");
	assert_null(registry_activity_name(r, 65535, 0));
	assert_null(registry_activity_name(r, 0, 255));
	assert_null(registry_activity_name(r, 1, 255));

	assert_int_equal(registry_experiment_id(r, "ONE", &id), 0);
	assert_int_equal(id, 65535);
	assert_int_equal(registry_activity_id(r, 65535, "up/down (job)", &id),
			 0);
	assert_int_equal(id, 255);
	assert_int_equal(registry_experiment_id(r, "on", &id), -ENOENT);
	assert_int_equal(registry_experiment_id(r, "", &id), -ENOENT);
	assert_int_equal(registry_activity_id(r, 0, "up/down (job)", &id),
			 -ENOENT);
	assert_int_equal(registry_activity_id(r, 7, "up/down (job)", &id),
			 -ENOENT);
	registry_free(r);
	registry_free(NULL);
}

static void test_refused(void **state)
{
	static const struct {
		const char *text;
		const char *error;
	} cases[] = {
		{ "", "line 1" },
		{ "[]", "is not a JSON object" },
		{ "{}", "\"version\"" },
		{ "{\"version\":2,\"experiments\":[]}", "\"version\"" },
		{ "{\"version\":\"1\",\"experiments\":[]}", "\"version\"" },
		{ "{\"version\":1}", "experiments" },
		{ "{\"version\":1,\"experiments\":{}}", "experiments" },
		{ HEAD "1" TAIL, "is not an object" },
		{ HEAD "null" TAIL, "is not an object" },
		{ HEAD EXP("a", "65536", "") TAIL, "0..65535" },
		{ HEAD EXP("a", "-1", "") TAIL, "0..65535" },
		{ HEAD EXP("a", "\"1\"", "") TAIL, "0..65535" },
		{ HEAD EXP("a", "1.5", "") TAIL, "0..65535" },
		{ HEAD EXP("", "1", "") TAIL, "expName" },
		{ HEAD EXP("a\\u0000b", "1", "") TAIL, "expName" },
		{ HEAD EXP("a\\u001b[2J", "1", "") TAIL, "expName" },
		{ HEAD EXP("a\\u007f", "1", "") TAIL, "expName" },
		{ HEAD "{\"expId\":1,\"activities\":[]}" TAIL, "expName" },
		{ HEAD "{\"expName\":\"a\",\"activities\":[]}" TAIL, "expId" },
		{ HEAD "{\"expName\":\"a\",\"expId\":1}" TAIL, "activities" },
		{ HEAD EXP("a", "1", "") "," EXP("b", "1", "") TAIL, "twice" },
		{ HEAD EXP("a", "1", "") "," EXP("A", "2", "") TAIL, "twice" },
		{ HEAD EXP("a", "1", ACT("x", "256")) TAIL, "0..255" },
		{ HEAD EXP("a", "1", ACT("x", "1") "," ACT("X", "2")) TAIL,
		  "experiment \"a\": activity \"X\" is there twice" },
		{ HEAD EXP("a", "1", ACT("x", "1") "," ACT("y", "1")) TAIL,
		  "experiment \"a\": activity \"y\": id 1 is there twice" },
		{ HEAD TWO(EXP("ok", "7", ACT("x", "1")),
			   EXP("a", "1", ACT("y", "1") ",5")) TAIL,
		  "experiment \"a\"" },
	};
	char error[REGISTRY_ERROR_MAX];
	struct registry *registry;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		registry = NULL;
		error[0] = '\0';
		assert_int_equal(registry_parse(&registry, cases[i].text,
						strlen(cases[i].text), error),
				 -EBADMSG);
		assert_null(registry);
		if (!strstr(error, cases[i].error))
			fail_msg("%s: \"%s\"", cases[i].text, error);
	}
}

/* A text cut anywhere is refused and does not leak. */
static void test_truncated(void **state)
{
	static const char text[] =
		HEAD TWO(EXP("one", "1", ACT("x", "1") "," ACT("y", "2")),
			 EXP("two", "2", ACT("x", "1"))) TAIL;
	char error[REGISTRY_ERROR_MAX];
	struct registry *registry;
	size_t len;

	(void)state;
	for (len = 0; len < strlen(text); len++)
		assert_int_equal(registry_parse(&registry, text, len, error),
				 -EBADMSG);
	registry_free(parsed(text));
}

/* Names are long, messages are not. */
static void test_long_names(void **state)
{
	char text[4096], name[1001];
	char error[REGISTRY_ERROR_MAX];
	struct registry *registry;

	(void)state;
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	snprintf(text, sizeof(text),
		 HEAD "{\"expName\":\"%s\",\"expId\":1,\"activities\":["
		      "{\"activityName\":\"%s\",\"activityId\":300}]}" TAIL,
		 name, name);
	assert_int_equal(registry_parse(&registry, text, strlen(text), error),
			 -EBADMSG);
	assert_in_range(strlen(error), 50, REGISTRY_ERROR_MAX - 1);
}

static void test_load_errors(void **state)
{
	char error[REGISTRY_ERROR_MAX];
	struct registry *registry;

	(void)state;
	assert_int_equal(registry_load(&registry, "/nonexistent", error),
			 -ENOENT);
	assert_string_equal(error,
			    "registry /nonexistent: No such file or directory");
	assert_int_equal(registry_load(&registry, "/dev/null", error),
			 -EBADMSG);
	assert_non_null(strstr(error, "registry /dev/null: line 1"));
	assert_int_equal(setenv("SCITAG_REGISTRY", "/nonexistent2", 1), 0);
	assert_int_equal(registry_load(&registry, NULL, error), -ENOENT);
	assert_non_null(strstr(error, "/nonexistent2"));
	assert_int_equal(unsetenv("SCITAG_REGISTRY"), 0);
}

struct walked {
	struct registry *registry;
	size_t n;
};

static int count_and_check(const struct tag *tag, void *data)
{
	struct walked *walked = data;
	const char *experiment, *activity;
	char text[256], error[TAG_ERROR_MAX];
	struct tag back;

	experiment =
		registry_experiment_name(walked->registry, tag->experiment);
	activity = registry_activity_name(walked->registry, tag->experiment,
					  tag->activity);
	assert_non_null(experiment);
	assert_non_null(activity);
	snprintf(text, sizeof(text), "%s/%s", experiment, activity);
	if (tag_parse(&back, walked->registry, text, error))
		fail_msg("%s: %s", text, error);
	assert_int_equal(back.experiment, tag->experiment);
	assert_int_equal(back.activity, tag->activity);
	walked->n++;
	return 0;
}

static int stop_at_once(const struct tag *tag, void *data)
{
	(void)tag;
	(void)data;
	return 77;
}

/* The shipped registry: figures counted by hand in the published one. */
static void test_shipped(void **state)
{
	const char *top = getenv("SCITAG_TOP");
	struct walked walked = { .n = 0 };
	char error[REGISTRY_ERROR_MAX];
	char path[4096];

	(void)state;
	assert_non_null(top);
	snprintf(path, sizeof(path), "%s/userspace/registry.json", top);
	if (registry_load(&walked.registry, path, error))
		fail_msg("%s", error);
	assert_int_equal(registry_walk(walked.registry, count_and_check,
				       &walked),
			 0);
	assert_int_equal(walked.n, 114);
	assert_int_equal(registry_walk(walked.registry, stop_at_once, NULL),
			 77);
	assert_string_equal(registry_experiment_name(walked.registry, 14),
			    "xenon");
	assert_string_equal(registry_activity_name(walked.registry, 2, 26),
			    "Data Challenge");
	assert_string_equal(registry_activity_name(walked.registry, 3, 14),
			    "Analysis Input");
	assert_null(registry_activity_name(walked.registry, 2, 5));
	registry_free(walked.registry);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lookup),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_long_names),
		cmocka_unit_test(test_load_errors),
		cmocka_unit_test(test_shipped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
