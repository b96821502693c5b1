// SPDX-License-Identifier: GPL-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <json-c/json.h>

#include "args.h"
#include "cli.h"
#include "registry.h"
#include "rule_args.h"
#include "rule_json.h"

static struct rule_state some_rule(void)
{
	return (struct rule_state){
		.id = 4,
		.flows = 17,
		.spec = {
			.priority = 10,
			.protocol = 6,
			.dst = { { AF_INET6, { 0x20, 0x01, 0x0d, 0xb8 } }, 32 },
			.port = { 5201, 5210 },
			.flow = {
				.experiment = 3,
				.activity = 14,
				.mark = SCITAG_MARK_LABEL | SCITAG_MARK_DO,
				.layout = FLOW_LAYOUT_DEFAULT,
				.option_type = FLOW_OPTION_TYPE_DEFAULT,
				.idle_timeout = FLOW_TIMEOUT_DEFAULT,
			},
		},
	};
}

static void test_json(void **state)
{
	struct rule_state rule = some_rule();
	struct json_object *object = rule_json_new(&rule, NULL);

	(void)state;
	assert_string_equal(
		json_object_to_json_string_ext(
			object, JSON_C_TO_STRING_PLAIN |
					JSON_C_TO_STRING_NOSLASHESCAPE),
		"{\"id\":4,\"priority\":10,\"protocol\":\"tcp\",\"src\":null,"
		"\"sport\":null,\"dst\":\"2001:db8::/32\",\"dport\":null,"
		"\"port\":{\"min\":5201,\"max\":5210},\"uid\":null,"
		"\"cgroup\":null,\"fwmark\":null,\"fwmask\":null,\"oif\":null,"
		"\"exclude\":false,\"experiment\":3,\"experiment-name\":null,"
		"\"activity\":14,\"activity-name\":null,\"scitag-flow\":206,"
		"\"mark\":[\"label\",\"do\"],\"layout\":null,"
		"\"option-type\":null,\"entropy\":\"constant\","
		"\"oversize\":\"skip\",\"idle-timeout\":null,"
		"\"hard-timeout\":0,\"snapshot-interval\":0,"
		"\"snapshot-on\":[],\"snapshot-factor\":null,\"flows\":17}");
	json_object_put(object);
}

/* The line of a rule, into memory to be freed. */
static char *line(const struct rule_state *rule,
		  const struct registry *registry)
{
	char *text;
	size_t len;
	FILE *file = open_memstream(&text, &len);
	struct output *out = output_new(file);

	output_lines_begin(out, rule_fields, n_rule_fields);
	output_list_add(out, rule_json_new(rule, registry));
	output_list_end(out);
	assert_int_equal(output_finish(out), 0);
	output_free(out);
	fclose(file);
	return text;
}

static void check_line(const struct rule_state *rule, const char *want)
{
	char *text = line(rule, NULL);

	assert_string_equal(text, want);
	free(text);
}

static void test_lines(void **state)
{
	struct rule_state rule = some_rule();

	(void)state;
	check_line(&rule, "priority 10  proto tcp  dst 2001:db8::/32  "
			  "port 5201-5210  tag 3/14  mark label,do  "
			  "# id 4, 17 flows\n");
	/* The kernel says what it took where nothing was given. */
	rule.spec.flow.option_type = 0x1e;
	check_line(&rule, "priority 10  proto tcp  dst 2001:db8::/32  "
			  "port 5201-5210  tag 3/14  mark label,do  "
			  "# id 4, 17 flows\n");
	rule.spec.flow.option_type = 0x1f;
	check_line(&rule, "priority 10  proto tcp  dst 2001:db8::/32  "
			  "port 5201-5210  tag 3/14  mark label,do  "
			  "option-type 0x1f  # id 4, 17 flows\n");
	rule.spec.flow.snapshot_interval = 60000;
	rule.spec.flow.snapshot_on = 4;
	rule.spec.flow.snapshot_factor = 150; /* of no use */
	check_line(&rule, "priority 10  proto tcp  dst 2001:db8::/32  "
			  "port 5201-5210  tag 3/14  mark label,do  "
			  "option-type 0x1f  snapshot 1m  snapshot-on rto  "
			  "# id 4, 17 flows\n");
	rule.spec.flow.snapshot_interval = 0;
	rule.spec.flow.snapshot_on = 0;
	rule.spec.flow.snapshot_factor = 0;
	rule.spec.exclude = true;
	check_line(&rule, "priority 10  proto tcp  dst 2001:db8::/32  "
			  "port 5201-5210  exclude  # id 4, 17 flows\n");
	memset(&rule.spec, 0, offsetof(struct rule_spec, flow));
	rule.spec.flow.option_type = 0x1e;
	check_line(&rule, "all  tag 3/14  mark label,do  # id 4, 17 flows\n");
}

/* What is printed means the same when it is read. */
static void check_round(const struct rule_state *rule,
			const struct registry *registry)
{
	struct rule_spec got, want = rule->spec;
	char *words[ARGS_MAX], *text = line(rule, registry);
	char error[ARGS_ERROR_MAX];
	struct args args = { .words = words };
	struct cli cli;

	assert_int_equal(cli_init(&cli, stdout, stderr), 0);
	assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
	text[strlen(text) - 1] = '\0';
	assert_int_equal(args_split(text, words, &args.n, error), 0);
	if (rule_args(&cli, &args, &got))
		fail_msg("%s", cli.error);
	want.flow.key.protocol = want.exclude ? 0 : want.protocol;
	assert_memory_equal(&got, &want, sizeof(want));
	cli_exit(&cli);
	free(text);
}

static void test_round(void **state)
{
	struct rule_state rule = some_rule();

	(void)state;
	check_round(&rule, NULL);
	rule.spec.src = (struct prefix){ .addr.family = AF_INET6 };
	rule.spec.sport = (struct port_range){ 1, 65535 };
	rule.spec.dport = (struct port_range){ 443, 443 };
	rule.spec.has_uid = true;
	rule.spec.uid_max = 4294967294;
	rule.spec.has_fwmark = true;
	rule.spec.fwmark = 0x80000000;
	rule.spec.fwmask = 0xf0000000;
	strcpy(rule.spec.oif, "#0\"'\\");
	strcpy(rule.spec.cgroup, "/a b/it's # \\ \"x\"/\tc");
	rule.spec.flow.layout = SCITAG_LAYOUT_LABEL4;
	rule.spec.flow.option_type = 0x1e;
	rule.spec.flow.entropy = SCITAG_ENTROPY_HASH;
	rule.spec.flow.oversize = SCITAG_OVERSIZE_FRAGMENT;
	rule.spec.flow.idle_timeout = 1;
	rule.spec.flow.hard_timeout = FLOW_TIMEOUT_MAX;
	rule.spec.flow.snapshot_interval = 1500;
	rule.spec.flow.snapshot_on = 2 | 4 | 8 | 16;
	rule.spec.flow.snapshot_factor = 150;
	check_round(&rule, NULL);
	/* The longest there is. */
	memset(rule.spec.cgroup, ' ', RULE_CGROUP_MAX - 1);
	check_round(&rule, NULL);

	memset(&rule.spec, 0, sizeof(rule.spec));
	rule.spec.exclude = true;
	check_round(&rule, NULL);
}

/* Names are a comment, whatever they hold. */
static void test_names(void **state)
{
	static const char text[] =
		"{\"version\":1,\"experiments\":[{\"expName\":\"a\\nexclude\","
		"\"expId\":3,\"activities\":[{\"activityName\":"
		"\"x\",\"activityId\":14}]}]}";
	struct rule_state rule = some_rule();
	char error[REGISTRY_ERROR_MAX];
	struct registry *registry;

	(void)state;
	if (registry_parse(&registry, text, strlen(text), error))
		return; /* No such name can come. */
	check_round(&rule, registry);
	registry_free(registry);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_round),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
