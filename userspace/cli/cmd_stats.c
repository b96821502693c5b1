// SPDX-License-Identifier: GPL-2.0
#include "command.h"

#include "cli.h"
#include "genl.h"
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
			      status_json_packets(&stats));
	return status;
}

const struct command cmd_stats[] = {
	{ "stats", NULL, command_parse_none, run_stats, true, NULL },
	{ .group = NULL },
};
