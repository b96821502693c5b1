// SPDX-License-Identifier: GPL-2.0
/*
 * scitag-bench: what scripts/bench measures with, inside the machine. Called
 * by tests/bench/guest and not meant for anything else.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "clock.h"
#include "flows.h"
#include "sockets.h"

static int usage(void)
{
	fputs("Usage: scitag-bench clock\n"
	      "       scitag-bench send KIND FIRST SOCKETS PACKETS ROUNDS "
	      "none|marked [label]\n"
	      "       scitag-bench stream NAMESPACE FIRST MEBIBYTES ROUNDS "
	      "none|marked\n"
	      "       scitag-bench add udp|tcp FIRST COUNT MARK LAYOUT\n"
	      "       scitag-bench netlink COUNT BATCH ROUNDS\n"
	      "       scitag-bench snapshots COUNT ROUNDS\n"
	      "KIND: udp, gso, tcp or raw\n",
	      stderr);
	return 2;
}

/* A number of at least min and at most max; anything else is the end. */
static unsigned int number(const char *text, unsigned int min, unsigned int max)
{
	unsigned long value;
	char *rest;

	value = strtoul(text, &rest, 10);
	if (*rest || rest == text || value < min || value > max) {
		fprintf(stderr, "scitag-bench: not %u to %u: %s\n", min, max,
			text);
		exit(2);
	}
	return value;
}

static int cmd_clock(int argc, char **argv)
{
	(void)argv;
	if (argc != 0)
		return usage();
	printf("%.4f\n", clock_check());
	return 0;
}

static int cmd_send(int argc, char **argv)
{
	struct send_job job;

	if (argc < 6 || argc > 7)
		return usage();
	job = (struct send_job){
		.kind = kind_find(argv[0]),
		.first = number(argv[1], 0, 10000000),
		.sockets = number(argv[2], 1, BENCH_SOCKETS_MAX),
		.packets = number(argv[3], 1, 1000000),
		.rounds = number(argv[4], 1, BENCH_ROUNDS_MAX),
		.marked = !strcmp(argv[5], "marked"),
		.label = argc > 6,
	};
	if (!job.kind || job.kind->peer)
		return usage();
	return bench_send(&job);
}

static int cmd_stream(int argc, char **argv)
{
	struct stream_job job;

	if (argc != 5)
		return usage();
	job = (struct stream_job){
		.kind = kind_find("stream"),
		.namespace = argv[0],
		.first = number(argv[1], 0, 10000000),
		.mebibytes = number(argv[2], 1, 1024),
		.rounds = number(argv[3], 1, BENCH_ROUNDS_MAX),
		.marked = !strcmp(argv[4], "marked"),
	};
	return bench_stream(&job);
}

static int cmd_add(int argc, char **argv)
{
	struct flow_spec like;
	uint8_t protocol;
	uint32_t mark;
	int layout;

	if (argc != 5 || protocol_parse(&protocol, argv[0]) ||
	    flow_mark_parse(&mark, argv[3]) ||
	    flow_layout_parse(&layout, argv[4]))
		return usage();
	like = bench_flow_spec(protocol, 0, mark, layout);
	return bench_add(&like, number(argv[1], 0, 10000000),
			 number(argv[2], 1, 1000000));
}

static int cmd_netlink(int argc, char **argv)
{
	if (argc != 3)
		return usage();
	return bench_netlink(number(argv[0], 1, 1000000),
			     number(argv[1], 1, 512),
			     number(argv[2], 1, BENCH_ROUNDS_MAX));
}

static int cmd_snapshots(int argc, char **argv)
{
	if (argc != 2)
		return usage();
	return bench_snapshots(number(argv[0], 1, 50000),
			       number(argv[1], 1, BENCH_ROUNDS_MAX));
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(int argc, char **argv);
	} commands[] = {
		{ "clock", cmd_clock },	    { "send", cmd_send },
		{ "stream", cmd_stream },   { "add", cmd_add },
		{ "netlink", cmd_netlink }, { "snapshots", cmd_snapshots },
	};
	size_t i;

	for (i = 0; argc > 1 && i < sizeof(commands) / sizeof(commands[0]); i++)
		if (!strcmp(argv[1], commands[i].name))
			return commands[i].run(argc - 2, argv + 2);
	return usage();
}
