/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The clock of a machine that counts instructions: one nanosecond is one.
 */
#ifndef SCITAG_BENCH_CLOCK_H
#define SCITAG_BENCH_CLOCK_H

#include <stdint.h>

/* Instructions since some time in the past. */
uint64_t clock_now(void);

/* Let pass what others have to do: deferred work, timers. */
void clock_settle(void);

/*
 * Nanoseconds that one instruction of a known number takes: 1 if the clock is
 * what it should be, and some other number on any other machine.
 */
double clock_check(void);

/* Print the smallest, the median and the greatest of n values; sorts them. */
void clock_print(double *values, unsigned int n);

#endif /* SCITAG_BENCH_CLOCK_H */
