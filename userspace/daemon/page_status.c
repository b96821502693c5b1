// SPDX-License-Identifier: GPL-2.0
#include "page_status.h"

#include <json-c/json.h>
#include <stdbool.h>
#include <stdio.h>

#include "answer.h"
#include "config.h"
#include "emitter.h"
#include "kernel.h"
#include "pages.h"
#include "sources.h"

#define REASON_MAX 128

/* Checks: "ok", or what is wrong. Each returns whether it is well. */

static bool check_module(const struct pages *pages, char reason[REASON_MAX])
{
	if (!pages->config->marks || kernel_is_there(pages->kernel))
		return true;
	snprintf(reason, REASON_MAX,
		 "the module scitag is not loaded, or no flow has "
		 "started since it was");
	return false;
}

static bool check_collectors(const struct pages *pages, char reason[REASON_MAX])
{
	size_t missing = emitter_unresolved(pages->emitter);

	if (!missing)
		return true;
	snprintf(reason, REASON_MAX, "%zu of %zu collectors are left out",
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
		json_object_object_add(list, checks[i].name,
				       json_object_new_string(reason));
	}
	json_object_object_add(object, "healthy",
			       json_object_new_boolean(healthy));
	json_object_object_add(object, "checks", list);
	answer_json(answer, healthy ? ANSWER_OK : ANSWER_UNAVAILABLE, object);
}
