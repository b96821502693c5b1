// SPDX-License-Identifier: GPL-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "snapshot.h"
#include "tagcount.h"

static int setup(void **state)
{
	*state = calloc(1, sizeof(struct tagcounts));
	return *state ? 0 : -1;
}

static int teardown(void **state)
{
	free(*state);
	return 0;
}

static struct snapshot counters(uint32_t id, uint64_t packets, uint64_t bytes,
				uint64_t marked)
{
	return (struct snapshot){
		.flow_id = id,
		.packets = packets,
		.bytes = bytes,
		.marked = marked,
	};
}

static void expect(const struct tagcount *tag, uint64_t flows, uint64_t packets,
		   uint64_t bytes, uint64_t marked)
{
	assert_int_equal(tag->flows, flows);
	assert_int_equal(tag->packets, packets);
	assert_int_equal(tag->bytes, bytes);
	assert_int_equal(tag->marked, marked);
}

static void test_sums(void **state)
{
	struct snapshot none = counters(0, 0, 0, 0);
	struct snapshot first = counters(7, 10, 1000, 8);
	struct snapshot second = counters(7, 15, 1500, 13);
	struct snapshot other = counters(8, 3, 300, 3);
	struct tagcounts *counts = *state;

	tagcount_start(counts, 3, 14);
	tagcount_start(counts, 3, 14);
	tagcount_start(counts, 2, 9);
	assert_int_equal(counts->n, 2);
	tagcount_add(counts, 3, 14, &none, &first);
	expect(&counts->tags[0], 2, 10, 1000, 8);
	tagcount_add(counts, 3, 14, &first, &first);
	tagcount_add(counts, 3, 14, &first, &second);
	expect(&counts->tags[0], 2, 15, 1500, 13);
	tagcount_add(counts, 3, 14, &none, &other);
	expect(&counts->tags[0], 2, 18, 1800, 16);
	/* A flow that is retagged goes on counting. */
	second.packets = 16;
	tagcount_add(counts, 2, 9, &first, &second);
	expect(&counts->tags[1], 1, 6, 500, 5);
	assert_int_equal(counts->tags[1].experiment, 2);
	assert_int_equal(counts->tags[1].activity, 9);
}

/* The module came back, or the entry was deleted and added. */
static void test_anew(void **state)
{
	struct snapshot before = counters(7, 10, 1000, 8);
	struct snapshot id = counters(8, 20, 2000, 20);
	struct snapshot less = counters(7, 2, 200, 1);
	struct tagcounts *counts = *state;

	tagcount_add(counts, 3, 14, &before, &id);
	expect(&counts->tags[0], 0, 20, 2000, 20);
	tagcount_add(counts, 3, 14, &before, &less);
	expect(&counts->tags[0], 0, 22, 2200, 21);
}

static void test_many(void **state)
{
	struct tagcounts *counts = *state;
	uint32_t i;

	for (i = 0; i < TAGCOUNT_MAX + 5; i++)
		tagcount_start(counts, i, i % 64);
	assert_int_equal(counts->n, TAGCOUNT_MAX);
	assert_int_equal(counts->tags[TAGCOUNT_MAX - 1].flows, 1);
	assert_int_equal(counts->others.flows, 5);
	tagcount_start(counts, 7, 7);
	assert_int_equal(counts->tags[7].flows, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_sums, setup, teardown),
		cmocka_unit_test_setup_teardown(test_anew, setup, teardown),
		cmocka_unit_test_setup_teardown(test_many, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
