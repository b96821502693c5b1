// SPDX-License-Identifier: GPL-2.0
#include "command.h"

#include <json-c/json.h>

#include "cli.h"
#include "genl.h"
#include "json_util.h"
#include "output.h"
#include "status_json.h"

#define N(array) (sizeof(array) / sizeof((array)[0]))

static const struct output_field stats_fields[] = {
	{ .heading = "marked", .key = "marked" },
	{ .heading = "no room in MSS", .key = "no-room" },
	{ .heading = "too big for MTU", .key = "too-big" },
	{ .heading = "has other header", .key = "ext-header" },
	{ .heading = "jumbogram", .key = "jumbo" },
	{ .heading = "no checksum offload", .key = "offload" },
	{ .heading = "no memory", .key = "no-memory" },
	{ .heading = "refused", .key = "refused" },
};

static const struct output_field status_fields[] = {
	{ .heading = "module version", .key = "version" },
	{ .heading = "flows", .key = "flows" },
	{ .heading = "most flows", .key = "max-flows" },
	{ .heading = "hooked", .text = status_text_hooked },
	{ .heading = "rules", .key = "rules" },
	{ .heading = "most rules", .key = "max-rules" },
	{ .heading = "untracked packets", .key = "untracked" },
	{ .heading = "ends of connections seen", .text = status_text_tracing },
};

static struct json_object *stats_json(const struct genl_stats *stats)
{
	const struct {
		const char *key;
		uint64_t value;
	} counters[] = {
		{ "marked", stats->marked },
		{ "no-room", stats->no_room },
		{ "too-big", stats->too_big },
		{ "ext-header", stats->ext_header },
		{ "jumbo", stats->jumbo },
		{ "offload", stats->offload },
		{ "no-memory", stats->no_memory },
		{ "refused", stats->refused },
	};
	struct json_object *object = json_object_new_object();
	size_t i;

	for (i = 0; object && i < N(counters); i++)
		json_object_object_add(object, counters[i].key,
				       json_new_u64(counters[i].value));
	return object;
}

static int run_stats(struct cli *cli, const struct request *request)
{
	int status = cli_connect(cli);
	struct genl_stats stats;

	(void)request;
	if (!status)
		status =
			cli_genl_status(cli, genl_stats_get(cli->genl, &stats));
	if (!status)
		output_record(cli->out, stats_fields, N(stats_fields),
			      stats_json(&stats));
	return status;
}

static int run_status(struct cli *cli, const struct request *request)
{
	int status = cli_connect(cli);
	struct genl_status state;

	(void)request;
	if (!status)
		status = cli_genl_status(cli,
					 genl_status_get(cli->genl, &state));
	if (!status)
		output_record(cli->out, status_fields, N(status_fields),
			      status_json_new(&state));
	return status;
}

const struct command cmd_stats[] = {
	{ "stats", NULL, command_parse_none, run_stats, true, NULL },
	{ "status", NULL, command_parse_none, run_status, true, NULL },
	{ .group = NULL },
};
