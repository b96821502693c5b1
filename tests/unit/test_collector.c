// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <json-c/json.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "collector.h"
#include "firefly.h"

static struct firefly firefly(enum firefly_state state, const char *src,
			      const char *dst, int experiment)
{
	struct flow_key key = {
		.protocol = IPPROTO_TCP,
		.sport = 1094,
		.dport = 40000,
	};
	struct firefly f;

	assert_int_equal(addr_parse(&key.src, src), 0);
	assert_int_equal(addr_parse(&key.dst, dst), 0);
	firefly_init(&f, state, &key);
	f.has_ids = experiment >= 0;
	f.experiment = experiment;
	return f;
}

static bool wants(const struct collector *c, enum firefly_state state,
		  const char *src, const char *dst, int experiment)
{
	struct firefly f = firefly(state, src, dst, experiment);

	return collector_wants(c, &f);
}

static void test_all(void **state)
{
	struct collector c = { .states = 0 };

	(void)state;
	assert_true(wants(&c, FIREFLY_START, "::1", "::2", 3));
	assert_true(wants(&c, FIREFLY_ONGOING, "192.0.2.1", "192.0.2.2", 3));
	assert_true(wants(&c, FIREFLY_END, "::1", "::2", -1));
}

/* Either end may be the one that is in a network. */
static void test_networks(void **state)
{
	char error[COLLECTOR_ERROR_MAX];
	struct collector c = { .states = 0 };

	(void)state;
	assert_int_equal(collector_add_network(&c, "2001:db8:1::/48", error),
			 0);
	assert_int_equal(collector_add_network(&c, "192.0.2.128/25", error), 0);
	assert_true(wants(&c, FIREFLY_START, "2001:db8:1::5", "::2", 3));
	assert_true(wants(&c, FIREFLY_START, "::2", "2001:db8:1::5", 3));
	assert_true(wants(&c, FIREFLY_END, "192.0.2.1", "192.0.2.200", 3));
	assert_false(wants(&c, FIREFLY_START, "2001:db8:2::5", "::2", 3));
	assert_false(wants(&c, FIREFLY_START, "192.0.2.1", "192.0.2.2", 3));
	assert_int_equal(collector_add_network(&c, "192.0.2.129/25", error),
			 -EINVAL);
	assert_non_null(strstr(error, "write 192.0.2.128/25"));
	assert_int_equal(c.n_networks, 2);
	collector_clear(&c);
}

static void test_experiments(void **state)
{
	char error[COLLECTOR_ERROR_MAX];
	struct collector c = { .states = 0 };

	(void)state;
	assert_int_equal(collector_add_experiment(&c, "ATLAS", error), 0);
	assert_int_equal(collector_add_experiment(&c, "65535", error), 0);
	/* scitags.org: atlas is 2. */
	assert_int_equal(c.experiments[0], 2);
	assert_true(wants(&c, FIREFLY_START, "::1", "::2", 2));
	assert_true(wants(&c, FIREFLY_START, "::1", "::2", 65535));
	assert_false(wants(&c, FIREFLY_START, "::1", "::2", 3));
	assert_false(wants(&c, FIREFLY_END, "::1", "::2", -1));
	assert_int_equal(collector_add_experiment(&c, "65536", error), -EINVAL);
	assert_string_equal(error, "\"65536\" is neither a number of 0..65535 "
				   "nor an experiment of the registry");
	assert_int_equal(collector_add_experiment(&c, "nobody", error),
			 -EINVAL);
	assert_int_equal(c.n_experiments, 2);
	collector_clear(&c);
}

static void test_states(void **state)
{
	char error[COLLECTOR_ERROR_MAX];
	struct collector c = { .states = 0 };

	(void)state;
	assert_int_equal(collector_add_state(&c, "start", error), 0);
	assert_int_equal(collector_add_state(&c, "end", error), 0);
	assert_true(wants(&c, FIREFLY_START, "::1", "::2", 2));
	assert_false(wants(&c, FIREFLY_ONGOING, "::1", "::2", 2));
	assert_true(wants(&c, FIREFLY_END, "::1", "::2", 2));
	assert_int_equal(collector_add_state(&c, "stop", error), -EINVAL);
	assert_string_equal(error, "\"stop\" is none of start, ongoing, end");
}

static void prints(const struct collector *c, const char *expected)
{
	struct json_object *value = collector_get(c);

	assert_string_equal(json_object_to_json_string_ext(
				    value, JSON_C_TO_STRING_NOSLASHESCAPE),
			    expected);
	json_object_put(value);
}

static void test_get(void **state)
{
	char error[COLLECTOR_ERROR_MAX];
	struct collector c = { .states = 0 };

	(void)state;
	assert_int_equal(collector_set_address(&c, "[::1", error), -EINVAL);
	assert_null(c.at.host);
	assert_int_equal(collector_set_address(&c, "example.org", error), 0);
	prints(&c, "\"example.org:10514\"");
	collector_add_network(&c, "::1", error);
	collector_add_experiment(&c, "2", error);
	collector_add_state(&c, "ongoing", error);
	prints(&c, "{\"address\":\"example.org:10514\",\"networks\":"
		   "[\"::1/128\"],\"experiments\":[2],"
		   "\"states\":[\"ongoing\"]}");
	collector_clear(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all),
		cmocka_unit_test(test_networks),
		cmocka_unit_test(test_experiments),
		cmocka_unit_test(test_states),
		cmocka_unit_test(test_get),
	};

	const char *top = getenv("SCITAG_TOP");
	char registry[4096];

	snprintf(registry, sizeof(registry), "%s/userspace/registry.json",
		 top ? top : ".");
	setenv("SCITAG_REGISTRY", registry, 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
