// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "config.h"

static char path[] = "/tmp/test_option_flows.XXXXXX";
static char error[512]; /* the last one, without the path */

static void on_error(void *data, const char *text)
{
	(void)data;
	if (!strncmp(text, path, strlen(path)))
		text += strlen(path);
	snprintf(error, sizeof(error), "%s", text);
}

static int load(struct config **config, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
	error[0] = '\0';
	return config_load(config, path, on_error, NULL);
}

static void refuse(const char *text, const char *expected)
{
	struct config *config;

	assert_int_equal(load(&config, text), -EINVAL);
	assert_string_equal(error, expected);
}

static const char rules[] =
	"rules:\n"
	"- exclude: true\n"
	"  dst: 2001:db8:1::/48\n"
	"- experiment: atlas\n"
	"  activity: 9\n"
	"  port: 5201-5210\n"
	"  proto: tcp\n"
	"  application: iperf3\n"
	"  idle-timeout: 60\n"
	"- {tag: 3/14, all: yes, priority: 7, hard-timeout: 86400}\n";

static void check_rules(const struct config *c)
{
	const struct rule_spec *spec;

	assert_int_equal(c->n_rules, 3);
	spec = &c->rules[0].spec;
	assert_true(spec->exclude);
	assert_int_equal(spec->dst.len, 48);
	assert_null(config_rule_application(&c->rules[0]));
	spec = &c->rules[1].spec;
	assert_false(spec->exclude);
	assert_int_equal(spec->flow.experiment, 2);
	assert_int_equal(spec->flow.activity, 9);
	assert_int_equal(spec->port.min, 5201);
	assert_int_equal(spec->port.max, 5210);
	assert_int_equal(spec->protocol, IPPROTO_TCP);
	assert_int_equal(spec->flow.idle_timeout, 60);
	assert_string_equal(config_rule_application(&c->rules[1]), "iperf3");
	spec = &c->rules[2].spec;
	assert_int_equal(spec->flow.experiment, 3);
	assert_int_equal(spec->flow.activity, 14);
	assert_int_equal(spec->priority, 7);
	assert_int_equal(spec->flow.hard_timeout, 86400);
	assert_int_equal(spec->flow.idle_timeout, FLOW_TIMEOUT_DEFAULT);
}

static void test_rules(void **state)
{
	struct config *config, *again;
	FILE *file;

	(void)state;
	assert_int_equal(load(&config, rules), 0);
	check_rules(config);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(config_print(config, NULL, file), 0);
	fclose(file);
	assert_int_equal(config_load(&again, path, on_error, NULL), 0);
	check_rules(again);
	config_free(config);
	config_free(again);

	assert_int_equal(load(&config, "rules: {tag: 3/14, all: true}\n"), 0);
	assert_int_equal(config->n_rules, 1);
	config_free(config);
	assert_int_equal(load(&config, "rules: []\n"), 0);
	assert_int_equal(config->n_rules, 0);
	config_free(config);
}

static void test_bad_rules(void **state)
{
	(void)state;
	refuse("rules: all\n", ":1: rules: \"all\" is not a mapping");
	refuse("rules:\n- tag: 3/14\n",
	       ":2: rules: has conditions, or all: true");
	refuse("rules:\n- tag: 3/14\n  all: true\n  dport: 1\n",
	       ":2: rules: has conditions, or all: true");
	refuse("rules:\n- dport: 1\n",
	       ":2: rules: needs experiment and activity, or a tag, or exclude: true");
	refuse("rules:\n- {dport: 1, experiment: 3}\n",
	       ":2: rules: needs experiment and activity, or a tag, or exclude: true");
	refuse("rules:\n- {dport: 1, tag: 3/14, activity: 3}\n",
	       ":2: rules: needs experiment and activity, or a tag, or exclude: true");
	refuse("rules:\n- {dport: 1, exclude: true, tag: 3/14}\n",
	       ":2: rules: exclude leaves connections alone: write no tag beside it");
	refuse("rules:\n- all: true\n  tag: 3/14\n  dport: 70000\n",
	       ":4: rules.dport: \"70000\" is neither a port (1..65535) nor a range of them (5201-5210)");
	refuse("rules:\n- all: true\n  tag: 3/14\n  colour: red\n",
	       ":4: rules.colour: unknown key");
	refuse("rules:\n- {src: '::1', dst: 192.0.2.1, tag: 3/14}\n",
	       ":2: rules: one of src and dst is IPv4, the other IPv6");
	refuse("rules:\n- {all: true, tag: 3/14, idle-timeout: 0}\n",
	       ":2: rules.idle-timeout: \"0\" is not a number of 1..31536000");
	refuse("rules:\n- {all: true, tag: 512/1}\n",
	       ": rules: experiment 512, activity 1: the marks have no room for more than 511 and 63");
	refuse("marks: []\nrules:\n- {all: true, tag: 3/14}\n",
	       ": rules: there are none without marks");
}

static void test_others(void **state)
{
	struct config *config;

	(void)state;
	assert_int_equal(load(&config, ""), 0);
	assert_true(config->command_line);
	assert_false(config->end_at_shutdown);
	assert_string_equal(config->state_file, "/var/lib/scitagd/state");
	config_free(config);
	assert_int_equal(load(&config, "command-line: no\nstate-file: none\n"
				       "fireflies: {end-at-shutdown: on}\n"),
			 0);
	assert_false(config->command_line);
	assert_true(config->end_at_shutdown);
	assert_null(config->state_file);
	config_free(config);
	refuse("state-file: state\n",
	       ":1: state-file: \"state\" is not an absolute path");
	refuse("command-line: maybe\n",
	       ":1: command-line: \"maybe\" is not true or false");
}

static int make_file(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	return fd < 0 ? -1 : close(fd);
}

static int remove_file(void **state)
{
	(void)state;
	return unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_bad_rules),
		cmocka_unit_test(test_others),
	};
	char registry[512];

	snprintf(registry, sizeof(registry), "%s/userspace/registry.json",
		 getenv("SCITAG_TOP") ? getenv("SCITAG_TOP") : ".");
	setenv("SCITAG_REGISTRY", registry, 1);
	return cmocka_run_group_tests(tests, make_file, remove_file);
}
