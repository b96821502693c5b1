// SPDX-License-Identifier: GPL-2.0
#include "page_status.h"

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "addr.h"
#include "answer.h"
#include "config.h"
#include "counters.h"
#include "emitter.h"
#include "endpoint.h"
#include "genl.h"
#include "json_util.h"
#include "kernel.h"
#include "pages.h"
#include "pipe.h"
#include "receiver.h"
#include "recent.h"
#include "sources.h"
#include "targets.h"

#define REASON_MAX 128

/* Checks: "ok", or what is wrong. Each returns whether it is well. */

static bool check_module(const struct pages *pages, char reason[REASON_MAX])
{
	if (!pages->config->marks || kernel_is_there(pages->kernel))
		return true;
	snprintf(reason, REASON_MAX, "the module scitag is not loaded");
	return false;
}

static bool check_collectors(const struct pages *pages, char reason[REASON_MAX])
{
	size_t missing = emitter_unresolved(pages->emitter);

	if (!missing)
		return true;
	snprintf(reason, REASON_MAX, "%zu of %zu collectors have no address",
		 missing, pages->config->n_collectors);
	return false;
}

/* Hosts without IPv4 or without IPv6 have a receiver less: that is well. */
static bool check_sources(const struct pages *pages, char reason[REASON_MAX])
{
	if (sources_n_receivers(pages->sources) || !pages->config->n_listen)
		return true;
	snprintf(reason, REASON_MAX, "none of %zu receivers is open",
		 pages->config->n_listen);
	return false;
}

static const struct check {
	const char *name;
	bool (*is_well)(const struct pages *pages, char reason[REASON_MAX]);
} checks[] = {
	{ "module", check_module },
	{ "collectors", check_collectors },
	{ "sources", check_sources },
};

void page_health(const struct pages *pages, const struct page_request *request,
		 struct answer *answer)
{
	struct json_object *object = json_object_new_object();
	struct json_object *list = json_object_new_object();
	bool healthy = true;
	size_t i;

	(void)request;
	for (i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		char reason[REASON_MAX] = "ok";

		if (!checks[i].is_well(pages, reason))
			healthy = false;
		json_add(list, checks[i].name, json_object_new_string(reason));
	}
	json_add(object, "healthy", json_object_new_boolean(healthy));
	json_add(object, "checks", list);
	answer_json(answer, healthy ? ANSWER_OK : ANSWER_UNAVAILABLE, object);
}

static void add_u64(struct json_object *object, const char *key, uint64_t v)
{
	json_add(object, key, json_new_u64(v));
}

/* The counters of a section; more may be added. */
static struct json_object *counters_object(const struct counters *counters,
					   enum counter_section section)
{
	struct json_object *object = json_object_new_object();
	const struct counter *counter;
	size_t i;

	for (i = 0; (counter = counter_get(i)); i++)
		if (counter->section == section)
			add_u64(object, counter->key,
				counters_value(counters, counter));
	return object;
}

static struct json_object *packets_object(const struct genl_stats *stats)
{
	struct json_object *object = json_object_new_object();
	size_t i;

	for (i = 0; genl_stats_name(i); i++)
		add_u64(object, genl_stats_name(i), genl_stats_value(stats, i));
	return object;
}

/* NULL without the module. */
static struct json_object *module_object(const struct pages *pages)
{
	struct json_object *object;
	struct genl_status status;
	struct genl_stats stats;

	if (kernel_get_status(pages->kernel, &status, &stats))
		return NULL;
	object = json_object_new_object();
	json_add(object, "version", json_object_new_string(status.version));
	add_u64(object, "flows", status.flows);
	add_u64(object, "max-flows", status.max_flows);
	add_u64(object, "rules", status.rules);
	add_u64(object, "untracked", status.untracked);
	json_add(object, "packets", packets_object(&stats));
	return object;
}

static struct json_object *kernel_object(const struct pages *pages,
					 const struct counters *counters)
{
	struct json_object *object = counters_object(counters, COUNTER_KERNEL);

	json_add(object, "module", module_object(pages));
	return object;
}

static struct json_object *collectors_array(const struct pages *pages)
{
	const struct targets *targets = emitter_targets(pages->emitter);
	struct json_object *array = json_object_new_array();
	size_t i;

	for (i = 0; i < targets_count(targets); i++) {
		const struct targets_state state = targets_get(targets, i);
		struct json_object *object = json_object_new_object();
		char *at = endpoint_text(state.at);
		char text[ADDR_TEXT_MAX];

		json_add(object, "collector",
			 at ? json_object_new_string(at) : NULL);
		json_add(object, "address",
			 state.addr ? json_object_new_string(
					      addr_format(state.addr, text)) :
				      NULL);
		json_add(object, "used",
			 json_object_new_boolean(state.addr && !state.is_self));
		json_append(array, object);
		free(at);
	}
	return array;
}

static struct json_object *pipes_array(const struct pages *pages)
{
	struct json_object *array = json_object_new_array();
	size_t i;

	for (i = 0; i < sources_n_pipes(pages->sources); i++) {
		const struct pipe *pipe = sources_pipe(pages->sources, i);
		const struct pipe_counters *c = pipe_counters(pipe);
		struct json_object *object = json_object_new_object();

		json_add(object, "path",
			 json_object_new_string(pipe_path(pipe)));
		add_u64(object, "lines", c->lines);
		add_u64(object, "bad", c->bad);
		json_append(array, object);
	}
	return array;
}

static struct json_object *receivers_array(const struct pages *pages)
{
	struct json_object *array = json_object_new_array();
	size_t i;

	for (i = 0; i < sources_n_receivers(pages->sources); i++) {
		const struct receiver *receiver =
			sources_receiver(pages->sources, i);
		const struct receiver_counters *c = receiver_counters(receiver);
		struct json_object *object = json_object_new_object();

		json_add(object, "listen",
			 json_object_new_string(receiver_name(receiver)));
		add_u64(object, "received", c->received);
		add_u64(object, "bad", c->bad);
		add_u64(object, "own", c->own);
		add_u64(object, "foreign", c->foreign);
		add_u64(object, "ongoing", c->ongoing);
		add_u64(object, "relayed", c->relayed);
		add_u64(object, "lost", c->lost);
		json_append(array, object);
	}
	return array;
}

/* The latest first. */
static struct json_object *messages_array(const struct pages *pages)
{
	struct json_object *array = json_object_new_array();
	const struct recent_message *message;
	size_t i;

	for (i = 0; (message = recent_get(pages->recent, i)); i++) {
		const char *level = config_log_level_name(message->level);
		struct json_object *object = json_object_new_object();

		add_u64(object, "time", message->time_s);
		json_add(object, "level", json_object_new_string(level));
		json_add(object, "text", json_object_new_string(message->text));
		json_append(array, object);
	}
	return array;
}

void page_status(const struct pages *pages, const struct page_request *request,
		 struct answer *answer)
{
	struct json_object *object = json_object_new_object();
	struct counters counters;

	(void)request;
	counters_read(&counters, pages);
	json_add(object, "version", json_object_new_string(SCITAG_VERSION));
	add_u64(object, "start-time", pages->start_s);
	json_add(object, "flows", counters_object(&counters, COUNTER_FLOWS));
	json_add(object, "kernel", kernel_object(pages, &counters));
	json_add(object, "fireflies",
		 counters_object(&counters, COUNTER_FIREFLIES));
	json_add(object, "collectors", collectors_array(pages));
	json_add(object, "pipes", pipes_array(pages));
	json_add(object, "receivers", receivers_array(pages));
	json_add(object, "messages", messages_array(pages));
	answer_json(answer, ANSWER_OK, object);
}
