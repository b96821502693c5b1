// SPDX-License-Identifier: GPL-2.0
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <uapi/linux/scitag.h>

#include "config.h"
#include "entry.h"
#include "flows.h"

static struct flow_spec make(uint32_t marks, int layout, int option_type,
			     bool is_left)
{
	const struct config config = {
		.marks = marks,
		.layout = layout,
		.option_type = option_type,
		.period_s = 10,
	};
	const struct flow flow = {
		.key = { .protocol = IPPROTO_TCP,
			 .src.family = AF_INET6,
			 .dst.family = AF_INET6,
			 .sport = 1,
			 .dport = 2 },
		.side = LOCAL_DST,
		.experiment = 3,
		.activity = 14,
	};
	struct flow_spec specs[2];

	assert_int_equal(entry_make(specs, &config, &flow, is_left), 1);
	return specs[0];
}

static void test_make(void **state)
{
	struct flow_spec spec = make(SCITAG_MARK_LABEL, -1, -1, false);

	(void)state;
	/* The packets that leave here go to its source. */
	assert_int_equal(spec.key.sport, 2);
	assert_int_equal(spec.key.dport, 1);
	assert_int_equal(spec.snapshot_interval, 10000);
	assert_false(spec.end_on_close);
	assert_true(make(SCITAG_MARK_LABEL, -1, -1, true).end_on_close);
}

/* As the kernel tells of it: with the type of the option. */
static void test_is_there(void **state)
{
	const struct flow_spec asked = make(SCITAG_MARK_LABEL, -1, -1, false);
	struct flow_spec has = asked;

	(void)state;
	has.option_type = 0x1e;
	assert_true(entry_is_there(&asked, &has));
	has.activity = 9;
	assert_false(entry_is_there(&asked, &has));
	has = make(SCITAG_MARK_DO, -1, -1, false);
	assert_false(entry_is_there(&asked, &has));
	has = make(SCITAG_MARK_LABEL, -1, -1, true);
	assert_false(entry_is_there(&asked, &has));
	has = asked;
	has.snapshot_interval = 1000;
	assert_false(entry_is_there(&asked, &has));
	has = asked;
	has.key.dport = 3;
	assert_false(entry_is_there(&asked, &has));
}

static void test_options(void **state)
{
	struct flow_spec asked = make(SCITAG_MARK_DO, 0, 0x1e, false);
	struct flow_spec has = asked;

	(void)state;
	assert_true(entry_is_there(&asked, &has));
	has.option_type = 0x3e;
	assert_false(entry_is_there(&asked, &has));
	has = asked;
	has.layout = FLOW_LAYOUT_DEFAULT;
	assert_false(entry_is_there(&asked, &has));
	/* Is what it has the default? */
	asked.option_type = FLOW_OPTION_TYPE_DEFAULT;
	has = asked;
	has.option_type = 0x1e;
	assert_false(entry_is_there(&asked, &has));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_make),
		cmocka_unit_test(test_is_there),
		cmocka_unit_test(test_options),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
