// SPDX-License-Identifier: GPL-2.0
/*
 * /v1/flows with a table whose kernel is made up: what test_http.py cannot
 * bring about without the module.
 */
#include "flows_fixture.h"

#include <errno.h>

#include "answer.h"
#include "log.h"
#include "page_flows.h"
#include "pages.h"

static struct answer post(struct fixture *fx)
{
	static const char body[] =
		"{\"protocol\":\"tcp\",\"src\":\"2001:db8::1\",\"sport\":1094,"
		"\"dst\":\"2001:db8::2\",\"dport\":40000,"
		"\"experiment\":3,\"activity\":14}";
	const struct page_request request = {
		.method = "POST",
		.path = "/v1/flows",
		.body = body,
		.body_len = strlen(body),
	};
	const struct pages pages = { .flows = fx->flows };
	struct answer answer = { .text = NULL };

	page_flows_post(&pages, &request, &answer);
	assert_non_null(answer.text);
	return answer;
}

/* A start that comes after the end of its connection opens nothing. */
static void test_late(void **state)
{
	struct snapshot last = { .flow_id = 17 };
	struct fixture *fx = *state;
	struct answer answer;

	sample_tcp(fx, 1, 2, 3);
	answer = post(fx);
	assert_int_equal(answer.status, ANSWER_CREATED);
	free(answer.text);
	answer = post(fx);
	assert_int_equal(answer.status, ANSWER_OK);
	free(answer.text);

	flows_kernel_end(fx->flows, &last, "closed");
	sample_counters(fx, 18);
	answer = post(fx);
	assert_int_equal(answer.status, ANSWER_BAD_REQUEST);
	assert_string_equal(
		answer.text,
		"{\"error\":\"tcp [2001:db8::1]:1094 > [2001:db8::2]:40000 is "
		"late: its connection has closed\"}");
	free(answer.text);
	assert_int_equal(flows_count(fx->flows), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_late, setup, teardown),
	};

	log_set_level(LOG_ERR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
