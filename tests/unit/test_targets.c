// SPDX-License-Identifier: GPL-2.0
/* Which collectors get a firefly, with names that the test looks up. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "addr.h"
#include "collector.h"
#include "config.h"
#include "endpoint.h"
#include "firefly.h"
#include "flow.h"
#include "log.h"
#include "resolver.h"
#include "sockaddr.h"
#include "targets.h"

/* Names, of which those with an address of family 0 have none. */
static struct {
	char host[32];
	struct addr addr;
} names[4];
static size_t n_names;
static int set_error;
static resolver_cb resolved;
static void *resolved_data;

int resolver_new(struct resolver **out, sd_event *event, resolver_cb cb,
		 void *data)
{
	(void)event;
	*out = (struct resolver *)names;
	resolved = cb;
	resolved_data = data;
	return 0;
}

void resolver_free(struct resolver *resolver)
{
	(void)resolver;
}

static struct addr *find(const char *host)
{
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(names[i].host, host))
			return &names[i].addr;
	return NULL;
}

int resolver_set(struct resolver *resolver, const struct resolver_name *wanted,
		 size_t n)
{
	size_t i, j;

	(void)resolver;
	if (set_error)
		return set_error;
	n_names = n;
	for (i = 0; i < n; i++) {
		for (j = 0; j < i; j++)
			assert_string_not_equal(wanted[i].host, wanted[j].host);
		if (!find(wanted[i].host))
			snprintf(names[i].host, sizeof(names[i].host), "%s",
				 wanted[i].host);
	}
	return 0;
}

const struct addr *resolver_get(const struct resolver *resolver,
				const char *host, sa_family_t family)
{
	struct addr *addr = find(host);

	(void)resolver;
	(void)family;
	return addr && addr->family ? addr : NULL;
}

static struct targets *targets;
static char sent[512]; /* "address:port;" */

static struct addr address(const char *text)
{
	struct addr addr;

	assert_int_equal(addr_parse(&addr, text), 0);
	return addr;
}

static void note(void *data, const struct addr *addr, uint16_t port)
{
	char text[SOCKADDR_TEXT_MAX];
	size_t used = strlen(sent);

	(void)data;
	snprintf(sent + used, sizeof(sent) - used, "%s;",
		 sockaddr_text(addr, port, text));
}

/* A firefly goes to these. */
static void expect(uint32_t experiment, const char *expected)
{
	struct flow_key key = {
		.src = address("2001:db8::1"),
		.dst = address("2001:db8::2"),
		.sport = 1,
		.dport = 2,
	};
	struct firefly firefly;

	firefly_init(&firefly, FIREFLY_START, &key);
	firefly.has_ids = true;
	firefly.experiment = experiment;
	sent[0] = '\0';
	targets_each(targets, &firefly, note, NULL);
	assert_string_equal(sent, expected);
}

/* A configuration with collectors at these; NULL ends them. */
static void configure(struct config *config, struct collector *collectors,
		      const char *const *at)
{
	char error[COLLECTOR_ERROR_MAX];

	memset(config, 0, sizeof(*config));
	config->collectors = collectors;
	for (; *at; at++) {
		collectors[config->n_collectors] =
			(struct collector){ .states = 0 };
		assert_int_equal(collector_set_address(
					 &collectors[config->n_collectors++],
					 *at, error),
				 0);
	}
}

static void clear(struct config *config)
{
	while (config->n_collectors--)
		collector_clear(&config->collectors[config->n_collectors]);
}

static int setup(void **state)
{
	(void)state;
	memset(names, 0, sizeof(names));
	set_error = 0;
	return 0;
}

static void test_once(void **state)
{
	static const char *const at[] = { "192.0.2.1",	 "192.0.2.1:10514",
					  "192.0.2.1:9", "[2001:db8::9]:9",
					  "a.example",	 "A.EXAMPLE:10514",
					  NULL };
	struct collector collectors[6];
	struct config config;
	const struct addr there = address("192.0.2.1");

	(void)state;
	configure(&config, collectors, at);
	assert_int_equal(targets_new(&targets, NULL, &config), 0);
	assert_int_equal(n_names, 1);
	assert_int_equal(targets_unresolved(targets), 2);
	expect(3, "192.0.2.1:10514;192.0.2.1:9;[2001:db8::9]:9;");
	assert_int_equal(targets_counters(targets)->unresolved, 2);
	assert_true(targets_had(targets, &there, 9));
	assert_false(targets_had(targets, &there, 10));
	targets_free(targets);
	clear(&config);
}

/* A name follows its address; another collector may be there already. */
static void test_name(void **state)
{
	static const char *const at[] = { "a.example", "192.0.2.1", NULL };
	struct collector collectors[2];
	struct config config;

	(void)state;
	configure(&config, collectors, at);
	assert_int_equal(targets_new(&targets, NULL, &config), 0);
	assert_null(targets_get(targets, 0).addr);
	names[0].addr = address("192.0.2.7");
	expect(3, "192.0.2.1:10514;");
	resolved(resolved_data);
	assert_int_equal(targets_unresolved(targets), 0);
	expect(3, "192.0.2.7:10514;192.0.2.1:10514;");
	names[0].addr = address("192.0.2.1");
	resolved(resolved_data);
	expect(3, "192.0.2.1:10514;");
	/* Nobody has the name any more: where it was is kept. */
	names[0].addr.family = 0;
	resolved(resolved_data);
	expect(3, "192.0.2.1:10514;");
	targets_free(targets);
	clear(&config);
}

/* Nothing that this daemon sends comes back to it. */
static void test_self(void **state)
{
	static const char *const at[] = { "[::1]:9", "[::1]:10", "a.example:9",
					  NULL };
	struct endpoint listen = { .host = (char *)"::1", .port = 9 };
	struct collector collectors[3];
	struct config config;

	(void)state;
	configure(&config, collectors, at);
	config.listen = &listen;
	config.n_listen = 1;
	assert_int_equal(targets_new(&targets, NULL, &config), 0);
	names[0].addr = address("::1");
	resolved(resolved_data);
	expect(3, "[::1]:10;");
	assert_true(targets_get(targets, 0).is_self);
	assert_false(targets_get(targets, 1).is_self);
	assert_true(targets_get(targets, 2).is_self);
	names[0].addr = address("::2");
	resolved(resolved_data);
	expect(3, "[::1]:10;[::2]:9;");
	targets_free(targets);
	clear(&config);
}

static void test_filter(void **state)
{
	static const char *const at[] = { "192.0.2.1", "a.example", NULL };
	char error[COLLECTOR_ERROR_MAX];
	struct collector collectors[2];
	struct config config;

	(void)state;
	configure(&config, collectors, at);
	assert_int_equal(collector_add_experiment(&collectors[0], "2", error),
			 0);
	assert_int_equal(collector_add_experiment(&collectors[1], "2", error),
			 0);
	assert_int_equal(targets_new(&targets, NULL, &config), 0);
	expect(3, "");
	/* What it does not want is not lost for want of an address. */
	assert_int_equal(targets_counters(targets)->filtered, 2);
	assert_int_equal(targets_counters(targets)->unresolved, 0);
	expect(2, "192.0.2.1:10514;");
	targets_free(targets);
	clear(&config);
}

/* A reload that fails changes nothing; one that does not keeps what is known. */
static void test_reload(void **state)
{
	static const char *const before[] = { "a.example", NULL };
	static const char *const after[] = { "192.0.2.9", "a.example:7", NULL };
	struct collector collectors[1], others[2];
	struct config config, other;

	(void)state;
	configure(&config, collectors, before);
	configure(&other, others, after);
	assert_int_equal(targets_new(&targets, NULL, &config), 0);
	names[0].addr = address("192.0.2.7");
	resolved(resolved_data);
	set_error = -ENOMEM;
	assert_int_equal(targets_reload(targets, &other), -ENOMEM);
	expect(3, "192.0.2.7:10514;");
	set_error = 0;
	assert_int_equal(targets_reload(targets, &other), 0);
	clear(&config);
	assert_int_equal(targets_count(targets), 2);
	expect(3, "192.0.2.9:10514;192.0.2.7:7;");
	targets_free(targets);
	clear(&other);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup(f, setup)
	const struct CMUnitTest tests[] = {
		TEST(test_once),   TEST(test_name),   TEST(test_self),
		TEST(test_filter), TEST(test_reload),
	};

	log_set_level(LOG_ERR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
