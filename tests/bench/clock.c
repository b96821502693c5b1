// SPDX-License-Identifier: GPL-2.0
#include "clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define CHECK_LOOPS 20000000ul

uint64_t clock_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

/* Long for a machine whose clock jumps when there is nothing to do. */
void clock_settle(void)
{
	usleep(200000);
}

double clock_check(void)
{
	unsigned long left = CHECK_LOOPS;
	uint64_t start = clock_now();

	/* Two instructions in each turn. */
	__asm__ volatile("1: dec %0\n\tjnz 1b" : "+r"(left) : : "cc");
	return (clock_now() - start) / (2.0 * CHECK_LOOPS);
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

void clock_print(double *values, unsigned int n)
{
	double median;

	qsort(values, n, sizeof(*values), compare);
	median = (values[(n - 1) / 2] + values[n / 2]) / 2;
	printf("%.1f\t%.1f\t%.1f", values[0], median, values[n - 1]);
}
