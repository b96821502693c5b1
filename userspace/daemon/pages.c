// SPDX-License-Identifier: GPL-2.0
#include "pages.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "answer.h"
#include "json_util.h"
#include "page_flowd.h"
#include "page_flows.h"
#include "page_metrics.h"
#include "page_status.h"

#define HEALTH "/health"

static void get_root(const struct pages *pages,
		     const struct page_request *request, struct answer *answer)
{
	struct json_object *object = json_object_new_object();

	(void)pages;
	(void)request;
	json_add(object, "name", json_object_new_string("scitagd"));
	json_add(object, "version", json_object_new_string(SCITAG_VERSION));
	answer_json(answer, ANSWER_OK, object);
}

static const struct route {
	const char *method;
	const char *path;
	void (*answer)(const struct pages *pages,
		       const struct page_request *request,
		       struct answer *answer);
} routes[] = {
	{ "GET", "/", get_root },
	{ "GET", HEALTH, page_health },
	{ "GET", "/metrics", page_metrics },
	{ "POST", "/flow", page_flowd_post },
	{ "GET", "/v1/flows", page_flows_get },
	{ "POST", "/v1/flows", page_flows_post },
	{ "DELETE", "/v1/flows", page_flows_delete },
	{ "GET", "/v1/status", page_status },
};

#define N_ROUTES (sizeof(routes) / sizeof(routes[0]))

static const struct route *find(const char *method, const char *path)
{
	size_t i;

	if (!strcmp(method, "HEAD"))
		method = "GET";
	for (i = 0; i < N_ROUTES; i++)
		if (!strcmp(path, routes[i].path) &&
		    !strcmp(method, routes[i].method))
			return &routes[i];
	return NULL;
}

bool pages_has(const char *method, const char *path, struct answer *answer)
{
	char *allow = answer->allow;
	size_t i;

	if (find(method, path))
		return true;
	for (i = 0; i < N_ROUTES; i++) {
		size_t used = strlen(allow);

		if (!strcmp(path, routes[i].path))
			snprintf(allow + used, ANSWER_ALLOW_MAX - used, "%s%s",
				 used ? ", " : "", routes[i].method);
	}
	if (allow[0])
		answer_error(answer, ANSWER_BAD_METHOD, "use %s", allow);
	else
		answer_error(answer, ANSWER_NOT_FOUND, "there is no such page");
	return false;
}

bool pages_is_public(const char *path)
{
	return !strcmp(path, HEALTH);
}

void pages_answer(const struct pages *pages, const struct page_request *request,
		  struct answer *answer)
{
	find(request->method, request->path)->answer(pages, request, answer);
}
