// SPDX-License-Identifier: GPL-2.0
#include "snapshot_args.h"

#include "cli.h"
#include "number.h"
#include "snapshot.h"

/* What the kernel takes. */
#define INTERVAL_MIN 10
#define INTERVAL_MAX (24 * 3600 * 1000)
#define FACTOR_MIN 110
#define FACTOR_MAX 10000

#define BY_FACTOR (SCITAG_SNAPSHOT_TRIGGER_RTT | SCITAG_SNAPSHOT_TRIGGER_CWND)

static int parse_interval(struct cli *cli, const char *text,
			  struct flow_spec *spec)
{
	uint64_t ms;

	if (!text)
		return CLI_OK;
	if (duration_parse(&ms, text, INTERVAL_MAX) || ms < INTERVAL_MIN)
		return cli_fail(
			cli, CLI_USAGE,
			"snapshot: \"%s\" is not a time of 10ms..24h (write 50ms, 1s, 5m or 1h)",
			text);
	spec->snapshot_interval = ms;
	return CLI_OK;
}

static int parse_on(struct cli *cli, const char *text, struct flow_spec *spec)
{
	if (!text || snapshot_trigger_parse(&spec->snapshot_on, text) == 0)
		return CLI_OK;
	return cli_fail(
		cli, CLI_USAGE,
		"snapshot-on: \"%s\" is not state, rto, rtt, cwnd, or several of these with commas",
		text);
}

static int parse_factor(struct cli *cli, const char *text,
			struct flow_spec *spec)
{
	uint64_t percent;

	if (!text)
		return CLI_OK;
	if (decimal_parse(&percent, text, FACTOR_MAX) || percent < FACTOR_MIN)
		return cli_fail(
			cli, CLI_USAGE,
			"snapshot-factor: \"%s\" is not a number of percent (%d..%d)",
			text, FACTOR_MIN, FACTOR_MAX);
	if (!(spec->snapshot_on & BY_FACTOR))
		return cli_fail(
			cli, CLI_USAGE,
			"snapshot-factor is for changes of rtt and cwnd: write snapshot-on rtt or cwnd, too");
	spec->snapshot_factor = percent;
	return CLI_OK;
}

int snapshot_args(struct cli *cli, const struct keywords *keywords,
		  struct flow_spec *spec)
{
	int status;

	spec->snapshot_interval = 0;
	spec->snapshot_on = 0;
	spec->snapshot_factor = 0;
	status = parse_interval(cli, keywords->value[KW_SNAPSHOT], spec);
	if (!status)
		status = parse_on(cli, keywords->value[KW_SNAPSHOT_ON], spec);
	if (!status)
		status = parse_factor(cli, keywords->value[KW_SNAPSHOT_FACTOR],
				      spec);
	return status;
}
