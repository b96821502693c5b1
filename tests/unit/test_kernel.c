// SPDX-License-Identifier: GPL-2.0
/*
 * kernel.c with a module, its events and a table of flows that write down what
 * they are asked for.
 */
#include <errno.h>
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
	(void)genl;
	(void)bad;
	assert_int_equal(n, 1);
	entered = specs[0];
	note("enter");
	return 0;
}

int genl_flow_del(struct genl *genl, const struct flow_key *key)
{
	(void)genl;
	(void)key;
	note("delete");
	return 0;
}

int genl_flow_get_id(struct genl *genl, uint32_t id, struct flow_state *state)
{
	(void)genl;
	(void)id;
	(void)state;
	return -ENOENT;
}

int genl_snapshot_get(struct genl *genl, const struct flow_key *key,
		      struct flow_state *state, struct snapshot *snapshot)
{
	(void)genl;
	(void)key;
	(void)state;
	(void)snapshot;
	return -ENOENT;
}

int kernel_events_new(struct kernel_events **out, sd_event *event,
		      const struct kernel_events_calls *events_calls)
{
	(void)event;
	(void)events_calls;
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
	(void)reason;
}

void flows_kernel_del(struct flows *flows, uint32_t id)
{
	(void)flows;
	(void)id;
}

void flows_snapshot(struct flows *flows, const struct snapshot *snapshot)
{
	(void)flows;
	(void)snapshot;
}

void flows_resync(struct flows *flows)
{
	(void)flows;
}

size_t flow_egress_keys(const struct flow *flow, struct flow_key keys[static 2])
{
	keys[0] = flow->key;
	return 1;
}

static int start(void **state)
{
	(void)state;
	is_loaded = true;
	config = (struct config){
		.marks = SCITAG_MARK_LABEL,
		.layout = FLOW_LAYOUT_DEFAULT,
		.option_type = FLOW_OPTION_TYPE_DEFAULT,
		.period_s = 10,
	};
	calls[0] = '\0';
	assert_int_equal(kernel_new(&kernel, &config, NULL), 0);
	kernel_attach(kernel, (struct flows *)calls);
	expect("want;connect;listen;");
	return 0;
}

static int stop(void **state)
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
	expect("want;");
}

static void test_marks(void **state)
{
	struct config other = config;

	(void)state;
	other.marks = SCITAG_MARK_HBH;
	other.layout = SCITAG_LAYOUT_LABEL;
	other.option_type = 0x1e;
	kernel_reload(kernel, &other);
	expect("want;listen;back;listen;enter;");
	assert_int_equal(entered.mark, SCITAG_MARK_HBH);
	assert_int_equal(entered.layout, SCITAG_LAYOUT_LABEL);
	assert_int_equal(entered.option_type, 0x1e);
	assert_int_equal(entered.snapshot_interval, 10000);
	kernel_reload(kernel, &config);
	expect("want;listen;back;listen;enter;");
	assert_int_equal(entered.layout, FLOW_LAYOUT_DEFAULT);
}

static void test_period(void **state)
{
	struct config other = config;

	(void)state;
	other.period_s = 0;
	kernel_reload(kernel, &other);
	expect("do not want;listen;back;listen;enter;");
	assert_int_equal(entered.snapshot_interval, 0);
	kernel_reload(kernel, &config);
	expect("want;listen;back;listen;enter;");
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
	expect("want;connect;listen;back;listen;enter;");
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
	expect("want;");
	is_loaded = true;
	kernel_mark(kernel, &open_flow);
	expect("connect;listen;back;listen;enter;listen;enter;");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, start, stop)
	const struct CMUnitTest tests[] = {
		TEST(test_same),     TEST(test_marks),	   TEST(test_period),
		TEST(test_no_marks), TEST(test_no_module),
	};

	log_set_level(LOG_EMERG);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
