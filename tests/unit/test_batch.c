// SPDX-License-Identifier: GPL-2.0
/*
 * Batches against a kernel that is played here: the functions of genl.h that
 * the commands call write down what they are asked for.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "batch.h"
#include "cli.h"
#include "genl.h"

#define FLOW "proto tcp src 2001:db8::1 sport 1 dst 2001:db8::2 dport 443 "

/* What was asked for, e.g. "add 3, del 17, ". */
static char asked[1024];
static struct flow_spec last;

/* Refuse a flow with this source port; with no index if at_all. */
static unsigned int refuse_sport;
static bool refuse_at_all;
static const char *warning = "";

static void ask(const char *what, unsigned long n)
{
	size_t len = strlen(asked);

	snprintf(asked + len, sizeof(asked) - len, "%s %lu, ", what, n);
}

int genl_new(struct genl **out)
{
	*out = (struct genl *)asked;
	return 0;
}

void genl_free(struct genl *genl)
{
	(void)genl;
}

const char *genl_error(const struct genl *genl)
{
	(void)genl;
	return "the kernel says no";
}

const char *genl_warning(const struct genl *genl)
{
	(void)genl;
	return warning;
}

const char *genl_strerror(int error)
{
	return strerror(error);
}

static int set(const char *what, const struct flow_spec *specs, size_t n,
	       size_t *bad)
{
	size_t i;

	ask(what, n);
	last = specs[n - 1];
	for (i = 0; i < n; i++) {
		if (specs[i].key.sport != refuse_sport)
			continue;
		*bad = refuse_at_all ? n : i;
		return -EEXIST;
	}
	return 0;
}

int genl_flow_add(struct genl *genl, const struct flow_spec *specs, size_t n,
		  size_t *bad)
{
	(void)genl;
	return set("add", specs, n, bad);
}

int genl_flow_replace(struct genl *genl, const struct flow_spec *specs,
		      size_t n, size_t *bad)
{
	(void)genl;
	return set("replace", specs, n, bad);
}

int genl_flow_del(struct genl *genl, const struct flow_key *key)
{
	(void)genl;
	ask("del sport", key->sport);
	return 0;
}

int genl_flow_del_id(struct genl *genl, uint32_t id)
{
	(void)genl;
	ask("del id", id);
	return id == 404 ? -ENOENT : 0;
}

int genl_flow_flush(struct genl *genl)
{
	(void)genl;
	ask("flush", 0);
	return 0;
}

int genl_flow_get(struct genl *genl, const struct flow_key *key,
		  struct flow_state *state)
{
	(void)genl;
	(void)key;
	(void)state;
	return -ENOENT;
}

int genl_flow_get_id(struct genl *genl, uint32_t id, struct flow_state *state)
{
	(void)genl;
	(void)id;
	(void)state;
	return -ENOENT;
}

int genl_flow_dump(struct genl *genl, genl_flow_cb cb, void *data)
{
	(void)genl;
	(void)cb;
	(void)data;
	ask("dump", 0);
	return 0;
}

int genl_snapshot_get(struct genl *genl, const struct flow_key *key,
		      struct flow_state *state, struct snapshot *snapshot)
{
	(void)genl;
	(void)state;
	(void)snapshot;
	ask("snapshot sport", key->sport);
	return -ENOENT;
}

int genl_snapshot_get_id(struct genl *genl, uint32_t id,
			 struct flow_state *state, struct snapshot *snapshot)
{
	(void)genl;
	(void)state;
	(void)snapshot;
	ask("snapshot", id);
	return -ENOENT;
}

int genl_snapshot_dump(struct genl *genl, genl_flow_snapshot_cb cb, void *data)
{
	(void)genl;
	(void)cb;
	(void)data;
	ask("snapshots", 0);
	return 0;
}

int genl_rule_set(struct genl *genl, const struct rule_spec *specs, size_t n,
		  size_t *bad)
{
	(void)genl;
	(void)specs;
	(void)bad;
	ask("rule set", n);
	return 0;
}

int genl_rule_dump(struct genl *genl, genl_rule_cb cb, void *data)
{
	(void)genl;
	(void)cb;
	(void)data;
	ask("rule dump", 0);
	return 0;
}

int genl_stats_get(struct genl *genl, struct genl_stats *stats)
{
	(void)genl;
	(void)stats;
	return -EPERM;
}

int genl_status_get(struct genl *genl, struct genl_status *status)
{
	(void)genl;
	(void)status;
	return -EPERM;
}

int genl_events_new(struct genl_events **out)
{
	(void)out;
	return -EPERM;
}

void genl_events_free(struct genl_events *events)
{
	(void)events;
}

int genl_events_fd(const struct genl_events *events)
{
	(void)events;
	return -1;
}

int genl_events_read(struct genl_events *events, genl_event_cb cb, void *data)
{
	(void)events;
	(void)cb;
	(void)data;
	return -EPERM;
}

/* Parse and, if that goes well, carry out a batch called "f". */
static void run_octets(const char *text, size_t text_len, int want_status,
		       const char *want_asked, const char *want_err)
{
	struct batch batch = { .name = "f" };
	char *out_text, *err_text;
	size_t out_len, err_len;
	FILE *out = open_memstream(&out_text, &out_len);
	FILE *err = open_memstream(&err_text, &err_len);
	char *copy = malloc(text_len + 1);
	struct cli cli;
	int status;

	assert_non_null(copy);
	memcpy(copy, text, text_len);
	copy[text_len] = '\0';
	asked[0] = '\0';
	assert_int_equal(cli_init(&cli, out, err), 0);
	cli.registry_path = "/nonexistent";
	status = batch_parse(&batch, &cli, copy, text_len);
	if (!status)
		status = batch_run(&batch, &cli);
	batch_exit(&batch);
	free(copy);
	cli_exit(&cli);
	fclose(out);
	fclose(err);

	assert_string_equal(err_text, want_err);
	assert_string_equal(asked, want_asked);
	assert_int_equal(status, want_status);
	free(out_text);
	free(err_text);
}

static void run(const char *text, int want_status, const char *want_asked,
		const char *want_err)
{
	run_octets(text, strlen(text), want_status, want_asked, want_err);
}

static int reset(void **state)
{
	(void)state;
	refuse_sport = 0;
	refuse_at_all = false;
	warning = "";
	return 0;
}

static void test_nothing(void **state)
{
	(void)state;
	run("", 0, "", "");
	run("\n\n# comment\n  \t\n", 0, "", "");
}

static void test_sequence(void **state)
{
	(void)state;
	run("flow add " FLOW "tag 2/26\n"
	    "\n"
	    "flow add " FLOW "tag 2/26 # comment\r\n"
	    "flow replace " FLOW "tag 2/26\n"
	    "flow add " FLOW "tag 2/26\n"
	    "flow del id 17\n"
	    "flow del id 18\n"
	    "flow del " FLOW "\n"
	    "flow list\n"
	    "flow flush\n"
	    "rule flush\n"
	    "rule list\n",
	    0,
	    "add 2, replace 1, add 1, del id 17, del id 18, del sport 1, "
	    "dump 0, flush 0, rule set 0, rule dump 0, ",
	    "");
}

static void test_spec(void **state)
{
	static const uint8_t dst[4] = { 192, 0, 2, 2 };

	(void)state;
	run("flow add mark 'hbh,do' dport 65535 tag scitag 206 layout label4\t"
	    "dst 192.0.2.2 option-type 0x1e sport 7 src 192.0.2.1 proto UDP",
	    0, "add 1, ", "");
	assert_int_equal(last.key.protocol, 17);
	assert_int_equal(last.key.src.family, AF_INET);
	assert_memory_equal(last.key.dst.octets, dst, 4);
	assert_int_equal(last.key.sport, 7);
	assert_int_equal(last.key.dport, 65535);
	assert_int_equal(last.experiment, 3);
	assert_int_equal(last.activity, 14);
	assert_int_equal(last.mark, SCITAG_MARK_HBH | SCITAG_MARK_DO);
	assert_int_equal(last.layout, SCITAG_LAYOUT_LABEL4);
	assert_int_equal(last.option_type, 0x1e);

	run("flow replace " FLOW "experiment 511 activity 63", 0, "replace 1, ",
	    "");
	assert_int_equal(last.experiment, 511);
	assert_int_equal(last.activity, 63);
	assert_int_equal(last.mark, SCITAG_MARK_LABEL);
	assert_int_equal(last.layout, FLOW_LAYOUT_DEFAULT);
	assert_int_equal(last.option_type, FLOW_OPTION_TYPE_DEFAULT);
}

static void test_spec_rest(void **state)
{
	(void)state;
	run("flow add " FLOW "tag 2/26 end-on-close entropy hash "
	    "oversize emsgsize hard-timeout 3600 idle-timeout 31536000",
	    0, "add 1, ", "");
	assert_int_equal(last.entropy, SCITAG_ENTROPY_HASH);
	assert_int_equal(last.oversize, SCITAG_OVERSIZE_EMSGSIZE);
	assert_int_equal(last.idle_timeout, 31536000);
	assert_int_equal(last.hard_timeout, 3600);
	assert_true(last.end_on_close);

	run("flow replace " FLOW "tag 2/26", 0, "replace 1, ", "");
	assert_int_equal(last.entropy, SCITAG_ENTROPY_CONSTANT);
	assert_int_equal(last.oversize, SCITAG_OVERSIZE_SKIP);
	assert_int_equal(last.idle_timeout, FLOW_TIMEOUT_DEFAULT);
	assert_int_equal(last.hard_timeout, 0);
	assert_false(last.end_on_close);
}

static void test_spec_snapshot(void **state)
{
	static const struct {
		const char *text;
		uint32_t ms;
	} times[] = {
		{ "10ms", 10 },	     { "1s", 1000 },
		{ "5m", 300000 },    { "1h", 3600000 },
		{ "24h", 86400000 }, { "1440m", 86400000 },
		{ "1500ms", 1500 },  { "86400s", 86400000 },
	};
	char text[256];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		snprintf(text, sizeof(text),
			 "flow add " FLOW "tag 2/26 snapshot %s",
			 times[i].text);
		run(text, 0, "add 1, ", "");
		assert_int_equal(last.snapshot_interval, times[i].ms);
		assert_int_equal(last.snapshot_on, 0);
		assert_int_equal(last.snapshot_factor, 0);
	}
	run("flow replace " FLOW "snapshot-factor 10000 tag 2/26 "
	    "snapshot-on cwnd,state",
	    0, "replace 1, ", "");
	assert_int_equal(last.snapshot_interval, 0);
	assert_int_equal(last.snapshot_on, 2 | 16);
	assert_int_equal(last.snapshot_factor, 10000);
}

static void test_snapshots(void **state)
{
	(void)state;
	run("flow list --snapshot\nflow list -s\n", 0,
	    "snapshots 0, snapshots 0, ", "");
	run("flow show -s id 5\n", 1, "snapshot 5, ",
	    "f:1: the kernel says no\n"
	    "f: 0 of 1 commands were carried out, none from line 1 on\n");
	run("flow show proto tcp src ::1 sport 7 --snapshot dst ::2 dport 8\n",
	    1, "snapshot sport 7, ",
	    "f:1: the kernel says no\n"
	    "f: 0 of 1 commands were carried out, none from line 1 on\n");
	run("flow del -s id 5\n", 2, "",
	    "f:1: \"-s\" is not a keyword here: write proto, src, sport, "
	    "dst, dport, id\n");
}

/* A mistake anywhere: nothing is sent, and each is named by its line. */
static void test_mistakes(void **state)
{
	(void)state;
	run("flow add " FLOW "tag 2/26\nflow ad\n\nflow del id 0\n", 2, "",
	    "f:2: \"flow ad\" is not a command: write one of add, replace, "
	    "del, show, list, flush\n"
	    "f:4: id: \"0\" is not a number of 1..4294967295\n");
	run("flow flush\nflow flush 'x y\n", 2, "",
	    "f:2: the ' is not closed\n");
	run("flow flush\nmonitor\n", 2, "",
	    "f:2: monitor cannot stand in a batch\n");
	run("flow flush\n--json flow list\n", 2, "",
	    "f:2: \"--json\" is not a command: scitag --help has "
	    "all of them\n");
	run("flow flush now\n", 2, "",
	    "f:1: flow flush takes no more words: \"now\"\n");
	run_octets("flow flush\nflow\0flush\n", 22, 2, "",
		   "f:2: there is a NUL in the line\n");
}

/* The first mistake decides the status: a name that is not known is 1. */
static void test_unknown_name(void **state)
{
	(void)state;
	run("tag cms/14\nflow ad\n", 1, "",
	    "f:1: experiment \"cms\": no registry to look it up in (registry "
	    "/nonexistent: No such file or directory)\n"
	    "f:2: \"flow ad\" is not a command: write one of add, replace, "
	    "del, show, list, flush\n");
}

static void test_many_mistakes(void **state)
{
	char text[200] = "";
	char want[1000] = "";
	size_t len = 0;
	int i;

	(void)state;
	for (i = 1; i <= 15; i++) {
		strcat(text, "x\n");
		if (i <= 10)
			len += snprintf(want + len, sizeof(want) - len,
					"f:%d: \"x\" is not a command: scitag "
					"--help has all of them\n",
					i);
	}
	snprintf(want + len, sizeof(want) - len, "f: more mistakes follow\n");
	run(text, 2, "", want);
}

/* n flows in n lines from first on, with source ports 1.. */
static char *many(const char *before, unsigned int n)
{
	char *text;
	size_t len;
	FILE *file = open_memstream(&text, &len);
	unsigned int i;

	assert_non_null(file);
	fputs(before, file);
	for (i = 1; i <= n; i++)
		fprintf(file,
			"flow add proto tcp src 2001:db8::1 sport %u "
			"dst 2001:db8::2 dport 443 tag 2/26\n",
			i);
	fclose(file);
	return text;
}

static void test_messages(void **state)
{
	char *text;

	(void)state;
	text = many("", 512);
	run(text, 0, "add 512, ", "");
	free(text);
	text = many("", 513);
	run(text, 0, "add 512, add 1, ", "");
	free(text);
	text = many("flow flush\n", 1100);
	run(text, 0, "flush 0, add 512, add 512, add 76, ", "");
	free(text);
}

/* The line of the flow that was refused, and what had been done before. */
static void test_refused(void **state)
{
	char *text = many("\nflow flush\n", 700);

	(void)state;
	refuse_sport = 600;
	run(text, 1, "flush 0, add 512, add 188, ",
	    "f:602: the kernel says no\n"
	    "f: 513 of 701 commands were carried out, none from line 515 on\n");
	refuse_at_all = true;
	run(text, 1, "flush 0, add 512, add 188, ",
	    "f:515-702: the kernel says no\n"
	    "f: 513 of 701 commands were carried out, none from line 515 on\n");
	free(text);
	run("flow del id 404\nflow flush\n", 1, "del id 404, ",
	    "f:1: the kernel says no\n"
	    "f: 0 of 2 commands were carried out, none from line 1 on\n");
}

static void test_warning(void **state)
{
	(void)state;
	warning = "careful";
	run("flow add " FLOW "tag 2/26\n", 0, "add 1, ",
	    "f:1: warning: careful\n");
	run("flow add " FLOW "tag 2/26\n\nflow add " FLOW "tag 2/26\n", 0,
	    "add 2, ", "f:1-3: warning: careful\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_nothing, reset),
		cmocka_unit_test_setup(test_sequence, reset),
		cmocka_unit_test_setup(test_spec, reset),
		cmocka_unit_test_setup(test_spec_rest, reset),
		cmocka_unit_test_setup(test_spec_snapshot, reset),
		cmocka_unit_test_setup(test_snapshots, reset),
		cmocka_unit_test_setup(test_mistakes, reset),
		cmocka_unit_test_setup(test_unknown_name, reset),
		cmocka_unit_test_setup(test_many_mistakes, reset),
		cmocka_unit_test_setup(test_messages, reset),
		cmocka_unit_test_setup(test_refused, reset),
		cmocka_unit_test_setup(test_warning, reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
