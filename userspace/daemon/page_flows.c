// SPDX-License-Identifier: GPL-2.0
#include "page_flows.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdint.h>
#include <sys/queue.h>

#include "answer.h"
#include "firefly.h"
#include "flow_input.h"
#include "flows.h"
#include "json_util.h"
#include "number.h"
#include "pages.h"
#include "timestamp.h"

/* Flows in one answer, so that it is not long in the making. */
#define LIMIT_DEFAULT 1000
#define LIMIT_MAX 10000

static void add_u64(struct json_object *object, const char *key, uint64_t v)
{
	json_add(object, key, json_new_u64(v));
}

/* NULL becomes null. */
static void add_text(struct json_object *object, const char *key,
		     const char *text)
{
	json_add(object, key, text ? json_object_new_string(text) : NULL);
}

static struct json_object *flow_object(const struct flow *flow)
{
	static const char *const sides[] = {
		[LOCAL_SRC] = "src",
		[LOCAL_DST] = "dst",
		[LOCAL_BOTH] = "both",
	};
	struct json_object *object = json_object_new_object();
	char addr[ADDR_TEXT_MAX], time[TIMESTAMP_TEXT_MAX];

	add_text(object, "protocol", protocol_name(flow->key.protocol));
	add_text(object, "src", addr_format(&flow->key.src, addr));
	add_u64(object, "sport", flow->key.sport);
	add_text(object, "dst", addr_format(&flow->key.dst, addr));
	add_u64(object, "dport", flow->key.dport);
	add_u64(object, "experiment", flow->experiment);
	add_u64(object, "activity", flow->activity);
	add_text(object, "application", flow->application);
	add_text(object, "start-time", timestamp_format(flow->start_us, time));
	add_text(object, "local", sides[flow->side]);
	json_add(object, "kernel-id",
		 flow->kernel_id ? json_new_u64(flow->kernel_id) : NULL);
	return object;
}

static void answer_list(struct answer *answer, size_t total, size_t offset,
			struct json_object *list)
{
	struct json_object *object = json_object_new_object();

	add_u64(object, "total", total);
	add_u64(object, "offset", offset);
	json_add(object, "flows", list);
	answer_json(answer, ANSWER_OK, object);
}

/* A number of the query. Returns 0; or -EINVAL, and the answer says it. */
static int query_number(uint64_t *value, const struct page_request *request,
			const char *name, uint64_t otherwise, uint64_t max,
			struct answer *answer)
{
	const char *text = request->query(request, name);

	*value = otherwise;
	if (!text || !decimal_parse(value, text, max))
		return 0;
	answer_error(answer, ANSWER_BAD_REQUEST,
		     "%s is not a number of 0..%llu", name,
		     (unsigned long long)max);
	return -EINVAL;
}

static void list_flows(const struct pages *pages,
		       const struct page_request *request,
		       struct answer *answer)
{
	const struct flow *flow = flows_first(pages->flows);
	struct json_object *list;
	uint64_t limit, offset, i;

	if (query_number(&limit, request, "limit", LIMIT_DEFAULT, LIMIT_MAX,
			 answer) ||
	    query_number(&offset, request, "offset", 0, UINT32_MAX, answer))
		return;
	list = json_object_new_array();
	for (i = 0; flow && i < offset; i++)
		flow = TAILQ_NEXT(flow, link);
	for (i = 0; flow && i < limit; i++) {
		json_append(list, flow_object(flow));
		flow = TAILQ_NEXT(flow, link);
	}
	answer_list(answer, flows_count(pages->flows), offset, list);
}

static void answer_not_open(struct answer *answer, const struct flow_key *key)
{
	char text[FLOW_KEY_TEXT_MAX];

	answer_error(answer, ANSWER_NOT_FOUND, "%s is not open",
		     flow_key_text(key, text));
}

void page_flows_get(const struct pages *pages,
		    const struct page_request *request, struct answer *answer)
{
	char error[FLOW_INPUT_ERROR_MAX];
	struct json_object *list;
	const struct flow *flow;
	struct flow_key key;
	int ret;

	ret = flow_input_query(&key, request, error);
	if (ret == -ENODATA) {
		list_flows(pages, request, answer);
		return;
	}
	if (ret) {
		answer_refusal(answer, ret, error);
		return;
	}
	flow = flows_find(pages->flows, &key);
	if (!flow) {
		answer_not_open(answer, &key);
		return;
	}
	list = json_object_new_array();
	json_append(list, flow_object(flow));
	answer_list(answer, 1, 0, list);
}

void page_flows_post(const struct pages *pages,
		     const struct page_request *request, struct answer *answer)
{
	enum answer_status status = ANSWER_OK;
	char error[FLOWS_ERROR_MAX];
	char text[FLOW_KEY_TEXT_MAX];
	const struct flow *flow;
	struct firefly said;
	int ret;

	ret = flow_input_start(&said, request, error);
	if (!ret) {
		if (!flows_find(pages->flows, &said.key))
			status = ANSWER_CREATED;
		ret = flows_start(pages->flows, &said, error);
	}
	if (ret) {
		answer_refusal(answer, ret, error);
		return;
	}
	flow = flows_find(pages->flows, &said.key);
	if (flow)
		answer_json(answer, status, flow_object(flow));
	else
		answer_error(answer, ANSWER_BAD_REQUEST,
			     "%s is late: its connection has closed",
			     flow_key_text(&said.key, text));
}

void page_flows_delete(const struct pages *pages,
		       const struct page_request *request,
		       struct answer *answer)
{
	char error[FLOWS_ERROR_MAX];
	struct json_object *object;
	const struct flow *flow;
	struct firefly said;
	struct flow_key key;
	int ret;

	ret = request->body_len ? flow_input_key(&key, request, error) :
				  flow_input_query(&key, request, error);
	if (ret) {
		answer_refusal(answer, -EINVAL,
			       ret == -ENODATA ? "no flow is named" : error);
		return;
	}
	flow = flows_find(pages->flows, &key);
	object = flow ? flow_object(flow) : NULL;
	firefly_init(&said, FIREFLY_END, &key);
	ret = flows_end(pages->flows, &said, error);
	if (ret)
		answer_refusal(answer, ret, error);
	else
		answer_json(answer, ANSWER_OK, object);
}
