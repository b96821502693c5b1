// SPDX-License-Identifier: GPL-2.0
#include "command.h"

#include <errno.h>
#include <json-c/json.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "args.h"
#include "cli.h"
#include "download.h"
#include "file.h"
#include "json_util.h"
#include "number.h"
#include "output.h"
#include "paths.h"
#include "registry.h"
#include "registry_change.h"

#define DEFAULT_URL "https://www.scitags.org/api.json"
#define DEFAULT_TIMEOUT_S 60
#define TIMEOUT_MAX_S 3600

#define REGISTRY_MODE 0644

/* Beside the registry: the URL it came from, and its ETag, a line each. */
#define ETAG_SUFFIX ".etag"
#define ETAG_FILE_MAX 8192

#define N(array) (sizeof(array) / sizeof((array)[0]))

static const struct output_field fields[] = {
	{ .heading = "file", .key = "file" },
	{ .heading = "result", .key = "result" },
	{ .heading = "modified", .key = "modified" },
	{ .heading = "experiments", .key = "experiments" },
	{ .heading = "tags", .key = "tags" },
	{ .heading = "compared with", .key = "compared-with" },
	{ .heading = "added", .text = registry_change_text_added },
	{ .heading = "removed", .text = registry_change_text_removed },
	{ .heading = "renamed", .text = registry_change_text_renamed },
};

static struct json_object *registry_json(const char *path,
					 const struct registry *registry)
{
	struct json_object *object = json_object_new_object();
	const char *modified = registry_modified(registry);

	json_add(object, "file", json_object_new_string(path));
	json_add(object, "modified",
		 modified ? json_object_new_string(modified) : NULL);
	json_add(object, "experiments",
		 json_new_u64(registry_n_experiments(registry)));
	json_add(object, "tags", json_new_u64(registry_n_tags(registry)));
	return object;
}

/* Where the one that is in force is. */
static const char *path_of(const struct cli *cli)
{
	return cli->registry_path ? cli->registry_path :
				    registry_default_path();
}

static int run_show(struct cli *cli, const struct request *request)
{
	const struct registry *registry = cli_registry(cli);

	(void)request;
	if (!registry)
		return cli_fail(cli, CLI_REFUSED, "%s", cli->registry_error);
	output_record(cli->out, fields, N(fields),
		      registry_json(path_of(cli), registry));
	return CLI_OK;
}

/* What becomes of it if another one takes its place, and whether it may. */
static int compare(struct cli *cli, struct json_object *object,
		   const struct registry *registry, const char *what)
{
	const struct registry *before = cli_registry(cli);
	size_t lost;

	if (before)
		json_add(object, "compared-with",
			 json_object_new_string(path_of(cli)));
	registry_change_add(object, before, registry);
	if (registry_change_is_sane(object, &lost, before, registry))
		return CLI_OK;
	if (!registry_n_tags(registry))
		return cli_fail(cli, CLI_REFUSED, "%s has no tags", what);
	return cli_fail(cli, CLI_REFUSED,
			"%s: %zu of %zu tags would be gone or renamed", what,
			lost, registry_n_tags(before));
}

static int run_check(struct cli *cli, const struct request *request)
{
	char error[REGISTRY_ERROR_MAX];
	struct json_object *object;
	struct registry *registry;
	int status;

	if (registry_load(&registry, request->path, error))
		return cli_fail(cli, CLI_REFUSED, "%s", error);
	object = registry_json(request->path, registry);
	status = compare(cli, object, registry, request->path);
	output_record(cli->out, fields, N(fields), object);
	registry_free(registry);
	return status;
}

static char *etag_path(const char *path)
{
	char *result;

	return asprintf(&result, "%s" ETAG_SUFFIX, path) < 0 ? NULL : result;
}

/* Only if the file is good, and came from there. */
static void read_etag(struct download *download, const char *path)
{
	char error[REGISTRY_ERROR_MAX];
	struct registry *registry;
	char *name = etag_path(path);
	char *text = NULL;
	char *url, *etag, *rest;
	size_t len;

	if (registry_load(&registry, path, error)) {
		free(name);
		return;
	}
	registry_free(registry);
	if (name && !file_read(name, ETAG_FILE_MAX, &text, &len)) {
		url = strtok_r(text, "\n", &rest);
		etag = strtok_r(NULL, "\n", &rest);
		if (url && etag && !strcmp(url, download->url) &&
		    strlen(etag) < sizeof(download->etag))
			strcpy(download->etag, etag);
	}
	free(text);
	free(name);
}

/* If it cannot be kept, the file is fetched whole again: no harm. */
static void keep_etag(const struct download *download, const char *path)
{
	char *name = etag_path(path);
	char *text;
	int len;

	len = asprintf(&text, "%s\n%s\n", download->url, download->etag);
	if (name && len >= 0)
		file_replace(name, text, len, REGISTRY_MODE);
	if (len >= 0)
		free(text);
	free(name);
}

static int put_file(struct cli *cli, const char *path,
		    const struct download *download)
{
	char *copy = strdup(path);
	int ret;

	/* One directory: the one of the default. */
	if (copy)
		mkdir(dirname(copy), 0755);
	free(copy);
	ret = file_replace(path, download->data, download->len, REGISTRY_MODE);
	if (ret)
		return cli_fail(cli, CLI_REFUSED, "%s: %s", path,
				strerror(-ret));
	keep_etag(download, path);
	return CLI_OK;
}

/* What came takes the place of what there is, if it is a good one. */
static int take(struct cli *cli, const struct request *request,
		const struct download *download)
{
	char error[REGISTRY_ERROR_MAX];
	struct json_object *object;
	struct registry *registry;
	int status;

	if (registry_parse(&registry, download->data, download->len, error))
		return cli_fail(cli, CLI_REFUSED, "%s is not a registry: %s",
				request->url, error);
	object = registry_json(request->path, registry);
	json_add(object, "result", json_object_new_string("updated"));
	status = compare(cli, object, registry, request->url);
	if (status && request->force && registry_n_tags(registry))
		status = CLI_OK;
	if (!status)
		status = put_file(cli, request->path, download);
	if (status)
		json_object_put(object);
	else
		output_record(cli->out, fields, N(fields), object);
	registry_free(registry);
	return status;
}

static int say_unchanged(struct cli *cli, const char *path)
{
	char error[REGISTRY_ERROR_MAX];
	struct json_object *object;
	struct registry *registry;

	if (registry_load(&registry, path, error))
		return cli_fail(cli, CLI_REFUSED, "%s", error);
	object = registry_json(path, registry);
	json_add(object, "result", json_object_new_string("unchanged"));
	output_record(cli->out, fields, N(fields), object);
	registry_free(registry);
	return CLI_OK;
}

static int run_update(struct cli *cli, const struct request *request)
{
	struct download download = {
		.url = request->url,
		.cacert = request->cacert,
		.insecure = request->insecure,
		.timeout_s = request->count,
		.max = REGISTRY_SIZE_MAX,
	};
	int status, ret;

	if (!request->force)
		read_etag(&download, request->path);
	ret = download_run(&download);
	if (ret < 0)
		return cli_fail(cli, CLI_REFUSED, "%s", download.error);
	if (ret == DOWNLOAD_NOT_MODIFIED)
		return say_unchanged(cli, request->path);
	status = take(cli, request, &download);
	free(download.data);
	return status;
}

static int parse_check(struct cli *cli, struct args *args,
		       struct request *request)
{
	request->path = args_take(args);
	if (!request->path)
		return cli_fail(cli, CLI_USAGE, "registry check: which file?");
	return command_parse_none(cli, args, request);
}

/* Takes an option with a value; *value stays if it is not there. */
static int take_value(struct cli *cli, struct args *args, const char *name,
		      const char **value)
{
	if (args_take_value(args, name, value) && !*value)
		return cli_fail(cli, CLI_USAGE, "%s has no value", name);
	return CLI_OK;
}

static int parse_update(struct cli *cli, struct args *args,
			struct request *request)
{
	const char *timeout = NULL;
	int status;

	request->url = DEFAULT_URL;
	request->path = PATHS_REGISTRY_UPDATED;
	request->count = DEFAULT_TIMEOUT_S;
	request->insecure = args_take_option(args, "--insecure", "--insecure");
	request->force = args_take_option(args, "--force", "--force");
	status = take_value(cli, args, "--url", &request->url);
	if (!status)
		status = take_value(cli, args, "--output", &request->path);
	if (!status)
		status = take_value(cli, args, "--cacert", &request->cacert);
	if (!status)
		status = take_value(cli, args, "--timeout", &timeout);
	if (status)
		return status;
	if (timeout &&
	    (decimal_parse(&request->count, timeout, TIMEOUT_MAX_S) ||
	     !request->count))
		return cli_fail(cli, CLI_USAGE,
				"--timeout: write a number of 1..%d",
				TIMEOUT_MAX_S);
	return command_parse_none(cli, args, request);
}

const struct command cmd_registry[] = {
	{ "registry", "show", command_parse_none, run_show, false, NULL },
	{ "registry", "check", parse_check, run_check, false, NULL },
	{ "registry", "update", parse_update, run_update, false, NULL },
	{ .group = NULL },
};
