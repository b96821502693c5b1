// SPDX-License-Identifier: GPL-2.0
/*
 * scitag top over flows that are made up, for test_top.py:
 *
 *	top_fake INTERVAL_MS COUNT FLOWS [json|batch|screen] [FILTER]
 *
 * Flow n sends n Mbit/s, receives half of it, has a round-trip time of n ms and
 * n retransmissions per second, by its own clock, which goes on by a second with
 * each time it is read. Flow 1 is of UDP. The third time, nothing can be read.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "output.h"
#include "snapshot.h"
#include "top.h"

#define MBIT 125000 /* octets */

static unsigned int n_flows;
static unsigned int n_reads;

static struct flow_state state_of(unsigned int n, unsigned int second)
{
	struct flow_state state = {
		.id = n,
		.packets = 100 * n,
		.marked = n == 2 ? 100 : 100 * n,
		.bytes = (uint64_t)n * MBIT * second,
		.age_ms = second * 1000,
		.spec = {
			.experiment = 2 + n % 2,
			.activity = 1,
			.mark = SCITAG_MARK_LABEL,
			.key = {
				.sport = 1000 + n,
				.dport = 443,
				.protocol = n == 1 ? IPPROTO_UDP : IPPROTO_TCP,
			},
		},
	};
	char src[ADDR_TEXT_MAX];

	snprintf(src, sizeof(src), "2001:db8::%x", n);
	addr_parse(&state.spec.key.src, src);
	addr_parse(&state.spec.key.dst, "2001:db8:ffff::1");
	return state;
}

static int read_fake(struct cli *cli, genl_flow_snapshot_cb cb, void *data)
{
	unsigned int n, second = ++n_reads;

	if (n_reads == 3)
		return cli_fail(cli, CLI_NO_MODULE, "there is nothing to read");
	for (n = 1; n <= n_flows; n++) {
		struct flow_state state = state_of(n, second);
		struct snapshot snapshot = {
			.flow_id = n,
			.age_ns = second * 1000000000ULL,
			.has_tcp = n > 1,
		};

		snapshot.tcp_info.tcpi_rtt = n * 1000;
		snapshot.tcp_info.tcpi_snd_cwnd = 10;
		snapshot.tcp_info.tcpi_total_retrans = n * second;
		snapshot.tcp_info.tcpi_bytes_received =
			(uint64_t)n * MBIT / 2 * second;
		cb(&state, &snapshot, data);
	}
	return CLI_OK;
}

int main(int argc, char **argv)
{
	static const struct top_source source = { read_fake };
	struct top_options options = { .filter = "" };
	struct cli cli;
	int status;

	if (argc < 5)
		return CLI_USAGE;
	options.interval_ms = atoi(argv[1]);
	options.count = strtoull(argv[2], NULL, 10);
	n_flows = atoi(argv[3]);
	options.batch = strcmp(argv[4], "batch") == 0;
	if (argc > 5)
		options.filter = argv[5];
	if (cli_init(&cli, stdout, stderr))
		return EXIT_FAILURE;
	output_set_json(cli.out, strcmp(argv[4], "json") == 0);
	status = top_run(&cli, &options, &source);
	if (status)
		fprintf(stderr, "%s\n", cli.error);
	cli_exit(&cli);
	return status;
}
