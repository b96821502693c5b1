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
#include "emitter.h"
#include "endpoint.h"
#include "flows.h"
#include "genl.h"
#include "json_util.h"
#include "kernel.h"
#include "kernel_events.h"
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

static struct json_object *flows_object(const struct pages *pages)
{
	const struct flows_counters *c = flows_counters(pages->flows);
	struct json_object *object = json_object_new_object();

	add_u64(object, "open", flows_count(pages->flows));
	add_u64(object, "max", pages->config->max_flows);
	add_u64(object, "started", c->started);
	add_u64(object, "retagged", c->retagged);
	add_u64(object, "repeated", c->repeated);
	add_u64(object, "ended", c->ended);
	add_u64(object, "ended-by-kernel", c->kernel_ended);
	add_u64(object, "ended-unheard", c->missed);
	add_u64(object, "unknown-ends", c->unknown);
	add_u64(object, "refused", c->refused);
	return object;
}

static struct json_object *packets_object(const struct genl_stats *stats)
{
	struct json_object *object = json_object_new_object();

	add_u64(object, "marked", stats->marked);
	add_u64(object, "no-room", stats->no_room);
	add_u64(object, "too-big", stats->too_big);
	add_u64(object, "ext-header", stats->ext_header);
	add_u64(object, "jumbo", stats->jumbo);
	add_u64(object, "offload", stats->offload);
	add_u64(object, "no-memory", stats->no_memory);
	add_u64(object, "refused", stats->refused);
	return object;
}

static struct json_object *kernel_object(const struct pages *pages)
{
	struct kernel_counters c = kernel_counters(pages->kernel);
	struct json_object *object = json_object_new_object();
	struct json_object *module = NULL;
	struct genl_status status;
	struct genl_stats stats;

	add_u64(object, "flows-marked", c.marked);
	add_u64(object, "flows-failed", c.failed);
	add_u64(object, "snapshots", c.events->snapshots);
	add_u64(object, "snapshots-lost", c.events->snapshots_lost);
	add_u64(object, "ends-missed", c.events->missed);
	if (!kernel_get_status(pages->kernel, &status, &stats)) {
		module = json_object_new_object();
		json_add(module, "version",
			 json_object_new_string(status.version));
		add_u64(module, "flows", status.flows);
		add_u64(module, "max-flows", status.max_flows);
		add_u64(module, "rules", status.rules);
		json_add(module, "packets", packets_object(&stats));
	}
	json_add(object, "module", module);
	return object;
}

static struct json_object *fireflies_object(const struct pages *pages)
{
	struct emitter_counters c = emitter_counters(pages->emitter);
	struct json_object *object = json_object_new_object();

	add_u64(object, "sent", c.sent);
	add_u64(object, "failed", c.failed);
	add_u64(object, "unresolved", c.unresolved);
	add_u64(object, "limited", c.limited);
	add_u64(object, "limited-ongoing", c.limited_ongoing);
	add_u64(object, "filtered", c.filtered);
	add_u64(object, "excluded", c.excluded);
	add_u64(object, "unfit", c.unfit);
	add_u64(object, "ongoing", flows_counters(pages->flows)->ongoing);
	add_u64(object, "collectors-left-out",
		emitter_unresolved(pages->emitter));
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

	(void)request;
	json_add(object, "version", json_object_new_string(SCITAG_VERSION));
	add_u64(object, "start-time", pages->start_s);
	json_add(object, "flows", flows_object(pages));
	json_add(object, "kernel", kernel_object(pages));
	json_add(object, "fireflies", fireflies_object(pages));
	json_add(object, "collectors", collectors_array(pages));
	json_add(object, "pipes", pipes_array(pages));
	json_add(object, "receivers", receivers_array(pages));
	json_add(object, "messages", messages_array(pages));
	answer_json(answer, ANSWER_OK, object);
}
