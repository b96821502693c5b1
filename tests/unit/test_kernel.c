// SPDX-License-Identifier: GPL-2.0
/*
 * kernel.c with a module, its events and a table of flows that write down what
 * they are asked for.
 */
#include <errno.h>
#include <json-c/json.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <uapi/linux/scitag.h>

#include "config.h"
#include "flow.h"
#include "flows.h"
#include "genl.h"
#include "kernel.h"
#include "kernel_events.h"
#include "log.h"

static char calls[4096];
static bool is_loaded;
static struct flow_spec entered; /* the last one */
static struct flow open_flow; /* the only one */
static struct kernel *kernel;
static struct config config;
static struct kernel_events_calls told;
static struct rule_state rules_there[4];
static size_t n_rules;
static uint32_t last_rule_id, has_id, experiment_now;
static int del_error, replace_error;
static bool is_listed;
static struct flow_state looked_at; /* of these */
static const struct snapshot *samples; /* what comes next */
static size_t n_samples;

static void note(const char *text)
{
	size_t used = strlen(calls);

	snprintf(calls + used, sizeof(calls) - used, "%s;", text);
}

static void expect(const char *expected)
{
	assert_string_equal(calls, expected);
	calls[0] = '\0';
}

int genl_new(struct genl **out)
{
	*out = is_loaded ? (struct genl *)&is_loaded : NULL;
	return is_loaded ? 0 : -ENOPROTOOPT;
}

void genl_free(struct genl *genl)
{
	if (genl)
		note("disconnect");
}

const char *genl_error(const struct genl *genl)
{
	(void)genl;
	return "";
}

const char *genl_warning(const struct genl *genl)
{
	(void)genl;
	return "";
}

int genl_status_get(struct genl *genl, struct genl_status *status)
{
	(void)genl;
	*status = (struct genl_status){ .version = "1" };
	note("connect");
	return 0;
}

int genl_stats_get(struct genl *genl, struct genl_stats *stats)
{
	(void)genl;
	*stats = (struct genl_stats){ .marked = 0 };
	return 0;
}

int genl_flow_replace(struct genl *genl, const struct flow_spec *specs,
		      size_t n, size_t *bad)
{
	int ret;

	(void)genl;
	(void)bad;
	assert_int_equal(n, 1);
	entered = specs[0];
	note("enter");
	ret = replace_error;
	replace_error = 0;
	return ret;
}

int genl_flow_del(struct genl *genl, const struct flow_key *key)
{
	(void)genl;
	(void)key;
	note("delete");
	return del_error;
}

int genl_flow_get_id(struct genl *genl, uint32_t id, struct flow_state *state)
{
	(void)genl;
	(void)id;
	*state = (struct flow_state){ .spec.experiment = experiment_now };
	return experiment_now ? 0 : -ENOENT;
}

int genl_flow_del_id(struct genl *genl, uint32_t id)
{
	(void)genl;
	(void)id;
	note("delete id");
	return del_error;
}

int genl_flow_dump(struct genl *genl, genl_flow_cb cb, void *data)
{
	struct flow_state state = { .id = 5 };

	(void)genl;
	note("list");
	return is_listed ? cb(&state, data) : 0;
}

int genl_rule_set(struct genl *genl, const struct rule_spec *specs, size_t n,
		  size_t *bad)
{
	char text[32];
	size_t i;

	(void)genl;
	snprintf(text, sizeof(text), "rules %zu", n);
	note(text);
	*bad = n;
	if (n && specs[0].exclude) {
		*bad = 0;
		return -EINVAL;
	}
	n_rules = n;
	for (i = 0; i < n; i++)
		rules_there[i] = (struct rule_state){ .spec = specs[i],
						      .id = ++last_rule_id };
	return 0;
}

int genl_rule_dump(struct genl *genl, genl_rule_cb cb, void *data)
{
	size_t i;

	(void)genl;
	for (i = 0; i < n_rules; i++)
		cb(&rules_there[i], data);
	return 0;
}

const char *genl_strerror(int error)
{
	(void)error;
	return "an error";
}

int genl_watch_new(struct genl_watch **out)
{
	note("watch");
	*out = (struct genl_watch *)calls;
	return 0;
}

void genl_watch_free(struct genl_watch *watch)
{
	(void)watch;
}

int genl_watch_fd(const struct genl_watch *watch)
{
	(void)watch;
	return -1;
}

int genl_watch_read(struct genl_watch *watch, bool *arrived)
{
	(void)watch;
	*arrived = false;
	return 0;
}

int genl_snapshot_get(struct genl *genl, const struct flow_key *key,
		      struct flow_state *state, struct snapshot *snapshot)
{
	(void)genl;
	(void)key;
	*state = looked_at;
	if (!n_samples)
		return -ENOENT;
	*snapshot = *samples++;
	n_samples--;
	return 0;
}

int kernel_events_new(struct kernel_events **out, sd_event *event,
		      const struct kernel_events_calls *events_calls)
{
	(void)event;
	told = *events_calls;
	*out = (struct kernel_events *)calls;
	return 0;
}

void kernel_events_free(struct kernel_events *events)
{
	(void)events;
}

void kernel_events_open(struct kernel_events *events)
{
	(void)events;
	note("listen");
}

void kernel_events_read(struct kernel_events *events)
{
	(void)events;
	note("read");
}

void kernel_events_close(struct kernel_events *events)
{
	(void)events;
	note("deaf");
}

void kernel_events_want(struct kernel_events *events, bool snapshots)
{
	(void)events;
	note(snapshots ? "want" : "do not want");
}

const struct kernel_events_counters *
kernel_events_counters(const struct kernel_events *events)
{
	(void)events;
	return NULL;
}

void kernel_events_log_counters(const struct kernel_events *events)
{
	(void)events;
}

void flows_kernel_back(struct flows *flows)
{
	(void)flows;
	note("back");
	kernel_mark(kernel, &open_flow);
}

void flows_kernel_leave(struct flows *flows)
{
	(void)flows;
	note("leave");
	kernel_unmark(kernel, &open_flow);
}

void flows_kernel_gone(struct flows *flows)
{
	(void)flows;
	note("gone");
}

void flows_kernel_end(struct flows *flows, const struct snapshot *last,
		      const char *reason)
{
	(void)flows;
	(void)last;
	note(reason);
}

void flows_kernel_del(struct flows *flows, const struct snapshot *last)
{
	(void)flows;
	(void)last;
	note("deleted");
}

void flows_kernel_new(struct flows *flows, const struct flow_state *state,
		      enum flow_origin origin, const char *application)
{
	static const char *const names[] = {
		[FLOW_OF_RULE] = "of a rule",
		[FLOW_OF_HAND] = "of hand",
	};

	(void)flows;
	(void)state;
	note(names[origin]);
	if (application)
		note(application);
}

bool flows_kernel_has(const struct flows *flows, uint32_t id)
{
	(void)flows;
	return id == has_id;
}

bool flows_kernel_differs(const struct flows *flows,
			  const struct flow_state *state)
{
	(void)flows;
	return state->spec.experiment != 3;
}

void flows_kernel_update(struct flows *flows, const struct flow_state *state)
{
	char text[32];

	(void)flows;
	snprintf(text, sizeof(text), "update %u", state->spec.experiment);
	note(text);
}

void flows_snapshot(struct flows *flows, const struct snapshot *snapshot)
{
	(void)flows;
	(void)snapshot;
}

void flows_resync(struct flows *flows)
{
	(void)flows;
	note("resync");
}

size_t flow_egress_keys(const struct flow *flow, struct flow_key keys[static 2])
{
	keys[0] = flow->key;
	return 1;
}

static int setup(void **state)
{
	(void)state;
	is_loaded = true;
	config = (struct config){
		.marks = SCITAG_MARK_LABEL,
		.layout = FLOW_LAYOUT_DEFAULT,
		.option_type = FLOW_OPTION_TYPE_DEFAULT,
		.period_s = 10,
	};
	n_rules = last_rule_id = has_id = experiment_now = 0;
	del_error = replace_error = 0;
	is_listed = false;
	open_flow = (struct flow){ .key.protocol = IPPROTO_TCP };
	calls[0] = '\0';
	assert_int_equal(kernel_new(&kernel, &config, NULL), 0);
	kernel_attach(kernel, (struct flows *)calls);
	kernel_settle(kernel);
	expect("want;watch;connect;listen;list;");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	kernel_free(kernel);
	return 0;
}

static void test_same(void **state)
{
	struct config same = config;

	(void)state;
	same.max_flows = 7;
	kernel_reload(kernel, &same);
	expect("want;list;");
}

static void test_marks(void **state)
{
	struct config other = config;

	(void)state;
	other.marks = SCITAG_MARK_HBH;
	other.layout = SCITAG_LAYOUT_LABEL;
	other.option_type = 0x1e;
	kernel_reload(kernel, &other);
	expect("want;listen;back;listen;enter;list;");
	assert_int_equal(entered.mark, SCITAG_MARK_HBH);
	assert_int_equal(entered.layout, SCITAG_LAYOUT_LABEL);
	assert_int_equal(entered.option_type, 0x1e);
	assert_int_equal(entered.snapshot_interval, 10000);
	kernel_reload(kernel, &config);
	expect("want;listen;back;listen;enter;list;");
	assert_int_equal(entered.layout, FLOW_LAYOUT_DEFAULT);
}

static void test_period(void **state)
{
	struct config other = config;

	(void)state;
	other.period_s = 0;
	kernel_reload(kernel, &other);
	expect("do not want;listen;back;listen;enter;list;");
	assert_int_equal(entered.snapshot_interval, 0);
	kernel_reload(kernel, &config);
	expect("want;listen;back;listen;enter;list;");
	assert_int_equal(entered.snapshot_interval, 10000);
}

static void test_no_marks(void **state)
{
	struct config none = config;

	(void)state;
	none.marks = 0;
	kernel_reload(kernel, &none);
	expect("want;leave;delete;deaf;disconnect;gone;");
	kernel_mark(kernel, &open_flow);
	expect("");
	kernel_reload(kernel, &config);
	expect("want;watch;connect;listen;back;listen;enter;list;");
}

/* Marks are wanted now, and the module is not there; then it is. */
static void test_no_module(void **state)
{
	struct config none = config;

	(void)state;
	none.marks = 0;
	kernel_reload(kernel, &none);
	is_loaded = false;
	calls[0] = '\0';
	kernel_reload(kernel, &config);
	expect("want;watch;");
	is_loaded = true;
	kernel_mark(kernel, &open_flow);
	expect("connect;listen;back;listen;enter;list;listen;enter;");
}

/*
 * The module is unloaded and loaded while a flow is entered. If that is found
 * by going through all, none may be forgotten before the end: what the kernel
 * tells of itself has it done then.
 */
static void test_lost(void **state)
{
	struct config other = config;

	(void)state;
	replace_error = -ENOPROTOOPT;
	kernel_mark(kernel, &open_flow);
	expect("listen;enter;deaf;disconnect;gone;"
	       "connect;listen;back;listen;enter;list;enter;");

	other.period_s = 20;
	replace_error = -ENOPROTOOPT;
	kernel_reload(kernel, &other);
	expect("want;listen;back;listen;enter;list;");
	told.gone(told.data);
	expect("deaf;disconnect;gone;");

	/* The same at the end. */
	kernel_mark(kernel, &open_flow);
	expect("connect;listen;back;listen;enter;list;listen;enter;");
	kernel_hand_over(kernel);
	replace_error = -ENOPROTOOPT;
	kernel_mark(kernel, &open_flow);
	expect("listen;enter;");
	told.gone(told.data);
	expect("deaf;disconnect;gone;");
	kernel_mark(kernel, &open_flow);
	expect("");
	kernel_reload(kernel, &config);
	calls[0] = '\0';
}

static void tell(enum genl_event_type type, int reason, uint32_t rule,
		 uint32_t experiment)
{
	struct genl_event event = {
		.type = type,
		.end_reason = reason,
		.flow = { .id = 5,
			  .rule = rule,
			  .spec = { .key = open_flow.key,
				    .experiment = experiment } },
	};

	told.event(told.data, &event);
}

static struct config_rule rule_of(const char *json, uint32_t priority)
{
	return (struct config_rule){
		.spec = { .priority = priority, .protocol = IPPROTO_TCP },
		.source = json_tokener_parse(json),
	};
}

/* In force in the order of their priorities; told apart from those of others. */
static void test_rules(void **state)
{
	struct config_rule rules[2];
	struct config with = config;

	(void)state;
	with.command_line = true;
	with.rules = rules;
	with.n_rules = 2;
	rules[0] = rule_of("{\"application\":\"second\"}", 7);
	rules[1] = rule_of("{\"application\":\"first\"}", 1);
	kernel_reload(kernel, &with);
	expect("want;rules 2;list;");
	assert_int_equal(rules_there[0].spec.flow.mark, SCITAG_MARK_LABEL);
	assert_int_equal(rules_there[0].spec.flow.snapshot_interval, 10000);
	/* What the kernel sorts. */
	tell(GENL_FLOW_NEW, 0, 1, 3);
	expect("of a rule;first;");
	tell(GENL_FLOW_NEW, 0, 2, 3);
	expect("of a rule;second;");
	tell(GENL_FLOW_NEW, 0, 9, 3);
	expect("of a rule;");
	tell(GENL_FLOW_NEW, 0, 0, 3);
	expect("of hand;");

	with.command_line = false;
	kernel_reload(kernel, &with);
	expect("want;rules 2;list;");
	tell(GENL_FLOW_NEW, 0, 9, 3);
	tell(GENL_FLOW_NEW, 0, 0, 3);
	expect("");
	tell(GENL_FLOW_NEW, 0, 3, 3);
	expect("of a rule;first;");

	/* Others have taken their place, and stay there. */
	rules_there[0].id = 77;
	kernel_hand_over(kernel);
	expect("");
	kernel_reload(kernel, &with);
	expect("want;rules 2;list;");
	kernel_hand_over(kernel);
	expect("rules 0;");

	/* The kernel takes all or none. */
	rules[0].spec.exclude = true;
	kernel_reload(kernel, &with);
	expect("want;rules 2;list;");
	kernel_hand_over(kernel);
	expect("");
	kernel_reload(kernel, &config);
	expect("want;list;");
	json_object_put(rules[0].source);
	json_object_put(rules[1].source);
}

/* What was done from here is no news, however late the kernel tells of it. */
static void test_own(void **state)
{
	struct config with = config;

	(void)state;
	with.command_line = true;
	kernel_reload(kernel, &with);
	kernel_unmark(kernel, &open_flow);
	expect("want;list;delete;");
	tell(GENL_FLOW_NEW, 0, 0, 3);
	tell(GENL_FLOW_UPDATE, 0, 0, 2);
	tell(GENL_FLOW_END, SCITAG_END_REASON_DELETED, 0, 3);
	expect("");
	/* This one is. */
	tell(GENL_FLOW_NEW, 0, 0, 3);
	tell(GENL_FLOW_END, SCITAG_END_REASON_DELETED, 0, 3);
	expect("of hand;deleted;");

	/* Deleted twice, and there is nothing to be told of the second. */
	del_error = -ENOENT;
	kernel_unmark(kernel, &open_flow);
	tell(GENL_FLOW_NEW, 0, 0, 3);
	expect("delete;of hand;");

	/* It had ended by itself, which is yet to be heard. */
	open_flow.kernel_id = 5;
	kernel_unmark(kernel, &open_flow);
	tell(GENL_FLOW_END, SCITAG_END_REASON_CLOSED, 0, 3);
	expect("delete;");
	tell(GENL_FLOW_END, SCITAG_END_REASON_CLOSED, 0, 3);
	expect("closed;");

	/* What is lost is not waited for. */
	del_error = 0;
	kernel_unmark(kernel, &open_flow);
	told.missed(told.data);
	tell(GENL_FLOW_NEW, 0, 0, 3);
	expect("delete;resync;list;of hand;");
	kernel_reload(kernel, &config);
	calls[0] = '\0';
}

static void test_origins(void **state)
{
	(void)state;
	open_flow.origin = FLOW_OF_HAND;
	kernel_unmark(kernel, &open_flow);
	expect("");
	/* The same 5-tuple may have a new flow. */
	open_flow.origin = FLOW_OF_RULE;
	open_flow.kernel_id = 5;
	kernel_unmark(kernel, &open_flow);
	expect("delete id;");
	kernel_mark(kernel, &open_flow);
	expect("listen;enter;");
	assert_true(entered.end_on_close);
	open_flow.origin = FLOW_ANNOUNCED;
	kernel_mark(kernel, &open_flow);
	expect("listen;enter;");
	assert_false(entered.end_on_close);

	/* The daemon ends. */
	kernel_hand_over(kernel);
	kernel_mark(kernel, &open_flow);
	expect("listen;enter;");
	assert_true(entered.end_on_close);
	assert_int_equal(entered.idle_timeout, 0);
	open_flow.key.protocol = IPPROTO_UDP;
	kernel_mark(kernel, &open_flow);
	expect("listen;enter;");
	assert_false(entered.end_on_close);
	assert_int_equal(entered.idle_timeout, 600);
}

/* A flow of which nothing was heard before; others' changes of its ids. */
static void test_told(void **state)
{
	struct config with = config;

	(void)state;
	with.command_line = true;
	is_listed = true;
	kernel_reload(kernel, &with);
	expect("want;list;of hand;");
	tell(GENL_FLOW_END, SCITAG_END_REASON_CLOSED, 4, 3);
	expect("of a rule;closed;");
	has_id = 5;
	tell(GENL_FLOW_END, SCITAG_END_REASON_IDLE, 4, 3);
	expect("idle;");

	tell(GENL_FLOW_UPDATE, 0, 0, 3);
	tell(GENL_FLOW_UPDATE, 0, 0, 2);
	expect("");
	experiment_now = 7;
	tell(GENL_FLOW_UPDATE, 0, 0, 2);
	expect("update 7;");
	kernel_reload(kernel, &config);
	calls[0] = '\0';
}

/* States are those of linux/tcp_states.h. */
static void test_sample(void **state)
{
	static const struct snapshot open[] = {
		{ .flow_id = 1, .has_tcp = true, .state = 1 },
		{ .flow_id = 2 },
	};
	static const struct snapshot closing[] = {
		{ .flow_id = 1, .has_tcp = true, .state = 7 },
		{ .flow_id = 1, .has_tcp = true, .state = 7, .closed_from = 9 },
		{ .flow_id = 2 },
	};
	static const struct snapshot gone[] = {
		{ .flow_id = 1 },
		{ .flow_id = 1, .has_tcp = true, .state = 7, .closed_from = 6 },
	};
	struct snapshot got = { .flow_id = 9 };

	(void)state;
	kernel_sample(kernel, &open_flow, &got);
	assert_int_equal(got.flow_id, 0);
	samples = open;
	n_samples = 2;
	kernel_sample(kernel, &open_flow, &got);
	assert_int_equal(n_samples, 1);
	assert_int_equal(got.state, 1);
	/* What it closed from is needed, and not known at once. */
	samples = closing;
	n_samples = 3;
	kernel_sample(kernel, &open_flow, &got);
	assert_int_equal(n_samples, 1);
	assert_int_equal(got.closed_from, 9);
	kernel_sample(kernel, &open_flow, &got);
	assert_int_equal(got.flow_id, 2);
	assert_int_equal(n_samples, 0);
	/* There was a socket, and its last snapshot is not there at once. */
	samples = gone;
	n_samples = 2;
	open_flow.last.has_tcp = true;
	kernel_sample(kernel, &open_flow, &got);
	assert_int_equal(got.closed_from, 6);
	open_flow.last.has_tcp = false;
}

static void look(uint32_t id, const struct flow_spec *spec)
{
	struct snapshot got, one = { .flow_id = id };

	looked_at = (struct flow_state){ .id = id, .spec = *spec };
	samples = &one;
	n_samples = 1;
	kernel_sample(kernel, &open_flow, &got);
	assert_int_equal(got.flow_id, id);
}

/*
 * After a restart most entries are as they should be: those are not written
 * again. Anything else is, and so is all that was not looked at just before.
 */
static void test_seen(void **state)
{
	struct flow_spec right, other;
	struct snapshot got;

	(void)state;
	open_flow.kernel_id = 5;
	open_flow.activity = 14;
	kernel_mark(kernel, &open_flow);
	expect("listen;enter;");
	right = other = entered;

	look(5, &right);
	kernel_mark(kernel, &open_flow);
	expect("listen;");
	kernel_mark(kernel, &open_flow);
	expect("listen;enter;");

	/* Another of its ids, another flow, one that is not there any more. */
	other.activity = 9;
	look(5, &other);
	kernel_mark(kernel, &open_flow);
	look(6, &right);
	kernel_mark(kernel, &open_flow);
	look(5, &right);
	kernel_sample(kernel, &open_flow, &got);
	kernel_mark(kernel, &open_flow);
	expect("listen;enter;listen;enter;listen;enter;");

	/* What it should be is not what it was. */
	look(5, &right);
	open_flow.activity = 9;
	kernel_mark(kernel, &open_flow);
	expect("listen;enter;");
	open_flow.activity = 14;
	look(5, &right);
	kernel_reload(kernel, &config);
	kernel_mark(kernel, &open_flow);
	expect("want;list;listen;enter;");
	kernel_hand_over(kernel);
	look(5, &right);
	kernel_mark(kernel, &open_flow);
	expect("listen;enter;");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_same),     TEST(test_marks),	   TEST(test_period),
		TEST(test_no_marks), TEST(test_no_module), TEST(test_rules),
		TEST(test_own),	     TEST(test_origins),   TEST(test_told),
		TEST(test_sample),   TEST(test_lost),	   TEST(test_seen),
	};

	log_set_level(LOG_EMERG);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
