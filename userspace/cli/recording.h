/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A file that `scitag record` has written: what there is to plot.
 */
#ifndef SCITAG_RECORDING_H
#define SCITAG_RECORDING_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* What is plotted over time. */
enum series {
	SERIES_RTT, /* ms */
	SERIES_RTTVAR, /* ms */
	SERIES_CWND, /* segments */
	SERIES_PMTU, /* octets */
	SERIES_SENT, /* Mbit/s since the sample before */
	SERIES_RECEIVED,
	SERIES_COUNT,
};

struct sample {
	double time; /* seconds since 1970 */
	double value[SERIES_COUNT]; /* NAN if it is not known */
};

#define RECORDED_NAME_MAX 256

struct recorded_flow {
	uint32_t id;
	char name[RECORDED_NAME_MAX]; /* 5-tuple and experiment; or "" */
	struct sample *samples;
	size_t n_samples;
	size_t size;
	uint64_t last_ns;
	double octets[2]; /* that were sent and received until then */
};

struct recording {
	struct recorded_flow *flows; /* those that have samples */
	size_t n_flows;
	size_t size;
};

#define RECORDING_ERROR_MAX 256

/*
 * Read file to its end; only what belongs to one flow, if flow is not 0.
 * Returns 0 or -errno, with a text in error: "LINE: what is wrong", or without
 * the line if it is not that.
 */
int recording_read(struct recording *recording, FILE *file, uint32_t flow,
		   char error[static RECORDING_ERROR_MAX]);
void recording_exit(struct recording *recording);

#endif /* SCITAG_RECORDING_H */
