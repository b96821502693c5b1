// SPDX-License-Identifier: GPL-2.0
/*
 * What HTTP requests say of flows, one in each line: a letter for the page,
 * then the query or the body; or "t" and the value of Authorization. The flows
 * are real, and so are the fireflies that come of them.
 */
#include <errno.h>
#include <json-c/json.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include <uapi/linux/scitag.h>

#include "answer.h"
#include "config.h"
#include "flow.h"
#include "flows.h"
#include "fuzz.h"
#include "page_flowd.h"
#include "page_flows.h"
#include "pages.h"
#include "token.h"

#define TOKEN "correct-horse-battery"
#define FLOWS_MAX 4

static void mark(void *data, const struct flow *flow)
{
	struct flow_key keys[2];
	size_t n = flow_egress_keys(flow, keys);

	(void)data;
	require(n == 1 || n == 2);
}

static void unmark(void *data, const struct flow *flow)
{
	(void)data;
	(void)flow;
}

static void sample(void *data, const struct flow *flow,
		   struct snapshot *snapshot)
{
	(void)data;
	(void)flow;
	memset(snapshot, 0, sizeof(*snapshot));
}

static bool is_gone(void *data, const struct flow *flow)
{
	(void)data;
	(void)flow;
	return false;
}

static void report(void *data, const struct flow *flow,
		   const struct firefly *firefly)
{
	char out[FIREFLY_MAX + 1], error[FIREFLY_ERROR_MAX];
	struct firefly_sender sender;
	struct firefly again;
	int len;

	(void)data;
	(void)flow;
	len = firefly_format(out, firefly, "host", "scitagd", 0);
	require(len > 0);
	require(!firefly_parse(&again, &sender, out, len, error));
	require(flow_key_equal(&again.key, &firefly->key));
	require(again.state == firefly->state);
}

static struct local *this_host(void)
{
	static struct addr here[2];
	static struct local *local;

	if (!local) {
		require(!addr_parse(&here[0], "2001:db8::1"));
		require(!addr_parse(&here[1], "192.0.2.1"));
		require(!local_new(&local, here, 2));
	}
	return local;
}

/* name=value&name=value. Values live until eight more have been asked for. */
static const char *query(const struct page_request *request, const char *name)
{
	static char values[8][4096];
	static unsigned int turn;
	const char *at = request->data;
	size_t len = strlen(name);

	for (; at; at = strchr(at, '&')) {
		at += *at == '&';
		if (strncmp(at, name, len) || at[len] != '=')
			continue;
		turn = (turn + 1) % 8;
		snprintf(values[turn], sizeof(values[turn]), "%.*s",
			 (int)strcspn(at + len + 1, "&"), at + len + 1);
		return values[turn];
	}
	return NULL;
}

static void check_answer(struct answer *answer)
{
	struct json_object *object;

	require(answer->text && answer->len == strlen(answer->text));
	require(!strcmp(answer->type, ANSWER_JSON));
	require(answer->status >= 200 && answer->status <= 503);
	object = json_tokener_parse(answer->text);
	require(json_object_is_type(object, json_type_object));
	json_object_put(object);
	free(answer->text);
}

static void check_token(const char *text)
{
	bool shown = token_is_shown(TOKEN, text);
	bool same = !strncasecmp(text, "Bearer ", 7) &&
		    !strcmp(text + 7, TOKEN);

	require(shown == same);
}

static void ask(const struct pages *pages, char page, char *text)
{
	const struct page_request request = {
		.body = text,
		.body_len = page == 'p' || page == 'd' || page == 'f' ?
				    strlen(text) :
				    0,
		.query = query,
		.data = text,
	};
	struct answer answer = { .text = NULL };

	if (page == 't') {
		check_token(text);
		return;
	}
	if (page == 'p')
		page_flows_post(pages, &request, &answer);
	else if (page == 'f')
		page_flowd_post(pages, &request, &answer);
	else if (page == 'g')
		page_flows_get(pages, &request, &answer);
	else
		page_flows_delete(pages, &request, &answer);
	check_answer(&answer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct config config = {
		.marks = SCITAG_MARK_LABEL,
		.layout = FLOW_LAYOUT_DEFAULT,
		.max_flows = FLOWS_MAX,
	};
	static const struct flows_calls calls = {
		.mark = mark,
		.unmark = unmark,
		.sample = sample,
		.is_gone = is_gone,
		.report = report,
	};
	struct pages pages = { .config = &config };
	char *text = strndup((const char *)data, size);
	char *line, *rest;

	require(text);
	require(!flows_new(&pages.flows, &config, this_host(), &calls));
	for (line = strtok_r(text, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest)) {
		ask(&pages, line[0], line + 1);
		require(flows_count(pages.flows) <= FLOWS_MAX);
	}
	flows_end_all(pages.flows);
	require(!flows_count(pages.flows));
	flows_free(pages.flows);
	free(text);
	return 0;
}
