// SPDX-License-Identifier: GPL-2.0
#include "command.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "args.h"
#include "cli.h"
#include "genl.h"
#include "number.h"
#include "top.h"

#define DEFAULT_INTERVAL_MS 2000
#define INTERVAL_MIN_S 0.1
#define INTERVAL_MAX_S 3600.0

/*
 * A dump that changes while it is read may miss a flow: it is there the next
 * time. After an error the module may be another one the next time.
 */
static int read_kernel(struct cli *cli, genl_flow_snapshot_cb cb, void *data)
{
	int status = cli_connect(cli);
	int ret;

	if (status)
		return status;
	ret = genl_snapshot_dump(cli->genl, cb, data);
	if (ret == -EINTR)
		ret = 0;
	status = cli_genl_status(cli, ret);
	if (status) {
		genl_free(cli->genl);
		cli->genl = NULL;
	}
	return status;
}

static int run_top(struct cli *cli, const struct request *request)
{
	static const struct top_source kernel = { read_kernel };

	return top_run(cli, &request->top, &kernel);
}

static int parse_interval(struct cli *cli, struct args *args,
			  struct top_options *options)
{
	const char *text;
	double seconds;
	char *end;

	options->interval_ms = DEFAULT_INTERVAL_MS;
	if (!args_take_value(args, "--interval", &text) &&
	    !args_take_value(args, "-d", &text))
		return CLI_OK;
	seconds = text ? strtod(text, &end) : 0;
	if (!text || *end || !(seconds >= INTERVAL_MIN_S) ||
	    seconds > INTERVAL_MAX_S)
		return cli_fail(cli, CLI_USAGE,
				"--interval: write seconds, 0.1..3600");
	options->interval_ms = seconds * 1000;
	return CLI_OK;
}

static int parse_count(struct cli *cli, struct args *args,
		       struct top_options *options)
{
	const char *text;

	options->count = UINT64_MAX;
	if (!args_take_value(args, "--count", &text) &&
	    !args_take_value(args, "-n", &text))
		return CLI_OK;
	if (!text || decimal_parse(&options->count, text, UINT64_MAX) ||
	    !options->count)
		return cli_fail(cli, CLI_USAGE,
				"--count: write a number above 0");
	return CLI_OK;
}

static int parse_key(struct cli *cli, struct args *args,
		     struct top_options *options)
{
	const char *text;

	options->key = TOPLIST_OUT;
	if (!args_take_value(args, "--sort", &text))
		return CLI_OK;
	if (!text || toplist_key_parse(&options->key, text))
		return cli_fail(
			cli, CLI_USAGE,
			"--sort: write out, in, rtt, retransmits, retransmit-rate, cwnd, marked, age, experiment, activity, source or destination");
	return CLI_OK;
}

static int parse_top(struct cli *cli, struct args *args,
		     struct request *request)
{
	struct top_options *options = &request->top;
	int status;

	options->batch = args_take_option(args, "-b", "--batch");
	options->reverse = args_take_option(args, "-r", "--reverse");
	options->filter = "";
	if (args_take_value(args, "--filter", &options->filter) &&
	    !options->filter)
		return cli_fail(cli, CLI_USAGE, "--filter has no value");
	status = parse_interval(cli, args, options);
	if (!status)
		status = parse_count(cli, args, options);
	if (!status)
		status = parse_key(cli, args, options);
	if (!status)
		status = command_parse_none(cli, args, request);
	return status;
}

const struct command cmd_top[] = {
	{ "top", NULL, parse_top, run_top, false, NULL },
	{ .group = NULL },
};
