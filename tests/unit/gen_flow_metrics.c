// SPDX-License-Identifier: GPL-2.0
/*
 * Writes the metrics of flows for test_metrics.py, in OpenMetrics or, with
 * "old", in the format before it:
 *
 *   gen_flow_metrics COUNT [old]
 *
 * Flow number n has the ports n and 7, and an rtt of n.
 */
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "flow_metrics.h"
#include "flows.h"
#include "log.h"
#include "openmetrics.h"

static void do_nothing(void *data, const struct flow *flow)
{
	(void)data;
	(void)flow;
}

static void sample(void *data, const struct flow *flow,
		   struct snapshot *snapshot)
{
	(void)data;
	memset(snapshot, 0, sizeof(*snapshot));
	snapshot->flow_id = flow->key.sport;
	snapshot->has_tcp = true;
	snapshot->tcp_info.tcpi_rtt = flow->key.sport;
}

static void report(void *data, const struct flow *flow,
		   const struct firefly *firefly)
{
	(void)data;
	(void)flow;
	(void)firefly;
}

static void start(struct flows *flows, uint16_t port)
{
	struct flow_key key = {
		.sport = port,
		.dport = 7,
		.protocol = IPPROTO_TCP,
	};
	char error[FLOWS_ERROR_MAX];
	struct firefly said;

	if (addr_parse(&key.src, "::1") || addr_parse(&key.dst, "2001:db8::2"))
		exit(EXIT_FAILURE);
	firefly_init(&said, FIREFLY_START, &key);
	said.has_ids = true;
	if (flows_start(flows, &said, error)) {
		log_err("%s", error);
		exit(EXIT_FAILURE);
	}
}

int main(int argc, char **argv)
{
	const struct config config = { .max_flows = 65535 };
	const struct flows_calls calls = {
		.mark = do_nothing,
		.unmark = do_nothing,
		.sample = sample,
		.report = report,
	};
	const struct openmetrics om = { stdout, argc > 2 };
	struct local *local;
	struct flows *flows;
	int count, i;

	if (argc < 2 || local_new(&local, NULL, 0) ||
	    flows_new(&flows, &config, local, &calls))
		return EXIT_FAILURE;
	count = atoi(argv[1]);
	for (i = 1; i <= count; i++)
		start(flows, i);
	flow_metrics_write(&om, flows, count);
	openmetrics_end(&om);
	flows_free(flows);
	local_free(local);
	return EXIT_SUCCESS;
}
