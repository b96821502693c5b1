/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What scitag-bench can do. Each function prints its results on standard
 * output as MIN<tab>MEDIAN<tab>MAX, what is wrong on standard error, and
 * returns the exit status.
 */
#ifndef SCITAG_BENCH_H
#define SCITAG_BENCH_H

#include <stdbool.h>

#include "flow.h"

struct kind;

/* Most sockets, and most rounds of a measurement. */
#define BENCH_SOCKETS_MAX 512
#define BENCH_ROUNDS_MAX 99

/**
 * struct send_job - packets to send
 * @kind: how
 * @first: number of the first flow; the others follow
 * @sockets: how many flows, one socket for each, taken in turn
 * @packets: calls of send() in one round
 * @rounds: rounds that are measured, after one that is not
 * @marked: all packets are to be marked by the module; if not, none
 * @label: sender sets the flow label: that which the module gives the flow,
 *         or any if there is no such flow
 */
struct send_job {
	const struct kind *kind;
	unsigned int first;
	unsigned int sockets;
	unsigned int packets;
	unsigned int rounds;
	bool marked;
	bool label;
};

/* Instructions for each call of send(). */
int bench_send(const struct send_job *job);

/**
 * struct stream_job - connections that send as fast as they can
 * @kind: how; it has a peer
 * @namespace: file of the network namespace of the other end
 * @first: number of the flow of the first connection; the others follow
 * @mebibytes: of payload, over each connection
 * @rounds: connections that are measured, after one that is not
 * @marked: nearly all packets are to be marked
 */
struct stream_job {
	const struct kind *kind;
	const char *namespace;
	unsigned int first;
	unsigned int mebibytes;
	unsigned int rounds;
	bool marked;
};

/* Instructions of both ends together for each megabit of payload. */
int bench_stream(const struct stream_job *job);

/*
 * Add flows first .. first + count - 1, with protocol and mark of another; not
 * measured.
 */
int bench_add(const struct flow_spec *like, unsigned int first,
	      unsigned int count);

/*
 * Instructions for each flow of adding, dumping and deleting count flows, with
 * so many in one message. Three lines, each with its name before the numbers.
 */
int bench_netlink(unsigned int count, unsigned int batch, unsigned int rounds);

/*
 * Instructions for each of count connections of finding out how they are: by a
 * dump of inet_diag, by one of snapshots, and by the sampler once a second, its
 * listener included. Three lines, as above.
 */
int bench_snapshots(unsigned int count, unsigned int rounds);

#endif /* SCITAG_BENCH_H */
