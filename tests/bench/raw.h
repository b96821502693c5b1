/* SPDX-License-Identifier: GPL-2.0 */
/*
 * TCP segments that the sender makes itself, for a raw socket: sending one is
 * sending alone, with nothing of what TCP does.
 */
#ifndef SCITAG_BENCH_RAW_H
#define SCITAG_BENCH_RAW_H

#include <stdint.h>

/* With its header: few enough for copying them to hide nothing. */
#define RAW_SEGMENT_LEN 100

/* Write a segment of flow number i. */
void raw_segment(uint8_t segment[static RAW_SEGMENT_LEN], unsigned int i);

#endif /* SCITAG_BENCH_RAW_H */
