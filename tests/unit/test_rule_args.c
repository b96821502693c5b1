// SPDX-License-Identifier: GPL-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "args.h"
#include "cli.h"
#include "rule_args.h"

static struct cli cli;

static int setup(void **state)
{
	(void)state;
	return cli_init(&cli, stdout, stderr);
}

static int teardown(void **state)
{
	(void)state;
	cli_exit(&cli);
	return 0;
}

static int parse(struct rule_spec *spec, const char *line)
{
	char error[ARGS_ERROR_MAX];
	char *words[ARGS_MAX];
	struct args args = { .words = words };
	char *copy = strdup(line);
	int status;

	assert_non_null(copy);
	assert_int_equal(args_split(copy, words, &args.n, error), 0);
	status = rule_args(&cli, &args, spec);
	free(copy);
	return status;
}

static void refused(const char *line, const char *part)
{
	struct rule_spec spec;

	assert_int_equal(parse(&spec, line), CLI_USAGE);
	if (!strstr(cli.error, part))
		fail_msg("%s: %s", line, cli.error);
}

static void test_exclude(void **state)
{
	static const uint8_t net[16] = { 0x20, 0x01, 0x0d, 0xb8 };
	struct rule_spec spec;

	(void)state;
	assert_int_equal(parse(&spec, "priority 10 dst 2001:db8::/32 exclude"),
			 CLI_OK);
	assert_int_equal(spec.priority, 10);
	assert_int_equal(spec.dst.addr.family, AF_INET6);
	assert_memory_equal(spec.dst.addr.octets, net, 16);
	assert_int_equal(spec.dst.len, 32);
	assert_int_equal(spec.src.addr.family, 0);
	assert_int_equal(spec.protocol, 0);
	assert_true(spec.exclude);
}

static void test_flow(void **state)
{
	struct rule_spec spec;

	(void)state;
	assert_int_equal(parse(&spec, "protocol tcp port 5201-5210 tag 3/14 "
				      "mark label,do idle-timeout 1"),
			 CLI_OK);
	assert_false(spec.exclude);
	assert_int_equal(spec.protocol, 6);
	assert_int_equal(spec.port.min, 5201);
	assert_int_equal(spec.port.max, 5210);
	assert_int_equal(spec.sport.max, 0);
	assert_int_equal(spec.flow.experiment, 3);
	assert_int_equal(spec.flow.activity, 14);
	assert_int_equal(spec.flow.mark, SCITAG_MARK_LABEL | SCITAG_MARK_DO);
	assert_int_equal(spec.flow.layout, FLOW_LAYOUT_DEFAULT);
	assert_int_equal(spec.flow.idle_timeout, 1);
	assert_string_equal(cli.advice, "");

	assert_int_equal(parse(&spec, "tag 2/26 sport 1094 dport 1-65535"),
			 CLI_OK);
	assert_int_equal(spec.sport.min, 1094);
	assert_int_equal(spec.sport.max, 1094);
	assert_int_equal(spec.dport.min, 1);
	assert_int_equal(spec.dport.max, 65535);
	assert_int_equal(spec.flow.mark, SCITAG_MARK_LABEL);
	assert_int_equal(spec.flow.idle_timeout, FLOW_TIMEOUT_DEFAULT);
}

static void test_prefixes(void **state)
{
	static const uint8_t net4[16] = { 192, 0, 2, 128 };
	struct rule_spec spec;

	(void)state;
	assert_int_equal(parse(&spec, "src 192.0.2.128/25 exclude"), CLI_OK);
	assert_int_equal(spec.src.addr.family, AF_INET);
	assert_memory_equal(spec.src.addr.octets, net4, 16);
	assert_int_equal(spec.src.len, 25);
	assert_int_equal(parse(&spec, "src 192.0.2.1 exclude"), CLI_OK);
	assert_int_equal(spec.src.len, 32);
	assert_int_equal(parse(&spec, "src ::1 dst ::/0 exclude"), CLI_OK);
	assert_int_equal(spec.src.len, 128);
	assert_int_equal(spec.dst.len, 0);
	assert_int_equal(spec.dst.addr.family, AF_INET6);

	refused("dst 2001:db8::1/64 exclude",
		"bits beyond its length: write 2001:db8::/64");
	refused("dst 192.0.2.1/31 exclude", "write 192.0.2.0/31");
	refused("dst 192.0.2.0/33 exclude", "not a length of 0..32");
	refused("dst 2001:db8::/129 exclude", "not a length of 0..128");
	refused("dst 2001:db8::/ exclude", "not a length");
	refused("dst host exclude", "not an IP address or prefix");
	refused("src ::1 dst 192.0.2.1 exclude", "one of src and dst is IPv4");
}

static void test_users(void **state)
{
	struct rule_spec spec;

	(void)state;
	assert_int_equal(parse(&spec, "uid root exclude"), CLI_OK);
	assert_true(spec.has_uid);
	assert_int_equal(spec.uid_min, 0);
	assert_int_equal(spec.uid_max, 0);
	assert_int_equal(parse(&spec, "uid 1000-1999 exclude"), CLI_OK);
	assert_int_equal(spec.uid_min, 1000);
	assert_int_equal(spec.uid_max, 1999);
	refused("uid no-such-user exclude", "the name of a user");
	refused("uid 2-1 exclude", "the name of a user");
	refused("uid 4294967295 exclude", "the name of a user");
}

static void test_places(void **state)
{
	struct rule_spec spec;
	char line[300];

	(void)state;
	assert_int_equal(parse(&spec, "fwmark 0x10/0xff oif eth0 exclude "
				      "cgroup /sys/fs/cgroup/system.slice"),
			 CLI_OK);
	assert_true(spec.has_fwmark);
	assert_int_equal(spec.fwmark, 0x10);
	assert_int_equal(spec.fwmask, 0xff);
	assert_string_equal(spec.oif, "eth0");
	assert_string_equal(spec.cgroup, "/system.slice");
	assert_int_equal(parse(&spec, "fwmark 7 cgroup 'a b' exclude"), CLI_OK);
	assert_int_equal(spec.fwmask, 0xffffffff);
	assert_string_equal(spec.cgroup, "a b");
	refused("fwmark 0x10/0x0f exclude", "never matches");
	refused("fwmark 0x100000000 exclude", "32 bits");
	refused("fwmark 1/ exclude", "VALUE/MASK");
	refused("oif 1234567890123456 exclude", "longer than 15");
	refused("oif '' exclude", "empty");
	memset(line, 'c', sizeof(line));
	memcpy(line, "exclude cgroup ", 15);
	line[15 + 256] = '\0';
	refused(line, "longer than 255");
}

static void test_all(void **state)
{
	struct rule_spec spec, same;

	(void)state;
	assert_int_equal(parse(&spec, "all tag 3/14"), CLI_OK);
	assert_int_equal(parse(&same, "tag 3/14"), CLI_OK);
	assert_memory_equal(&spec, &same, sizeof(spec));
	refused("all dst ::1 tag 3/14", "without conditions");
}

static void test_actions(void **state)
{
	struct rule_spec spec;

	(void)state;
	refused("dst ::1", "missing: tag");
	refused("dst ::1 exclude tag 3/14", "no tag or mark beside it");
	refused("dst ::1 exclude mark do", "no tag or mark beside it");
	refused("dst ::1 tag 600/1", "does not fit");
	refused("dst ::1 tag 3/14 end-on-close", "not a keyword here");
	refused("dst ::1 tag 3/14 id 1", "not a keyword here");
	refused("dst ::1 tag 3/14 idle-timeout 0", "always age");
	refused("priority -1 exclude", "not a number of 0..4294967295");
	refused("port 0 exclude", "neither a port");
	refused("port 10-9 exclude", "neither a port");
	refused("port 1-65536 exclude", "neither a port");
	refused("port 1- exclude", "neither a port");

	/* Both protocols are TCP, too; UDP alone is not. */
	assert_int_equal(parse(&spec, "all tag 3/14 mark do layout ids"),
			 CLI_OK);
	assert_string_not_equal(cli.advice, "");
	cli.advice[0] = '\0';
	assert_int_equal(parse(&spec, "proto udp tag 3/14 mark do layout ids"),
			 CLI_OK);
	assert_string_equal(cli.advice, "");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_exclude), TEST(test_flow),   TEST(test_prefixes),
		TEST(test_users),   TEST(test_places), TEST(test_all),
		TEST(test_actions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
