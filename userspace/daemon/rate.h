/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How many datagrams may leave in a second. What is urgent may come in bursts
 * of nine seconds' worth, everything else of one; and what is not urgent never
 * takes the place of what is.
 *
 * Pure: reads no clock.
 */
#ifndef SCITAGD_RATE_H
#define SCITAGD_RATE_H

#include <stdbool.h>
#include <stdint.h>

struct rate {
	uint32_t per_s; /* 0: as many as there are */
	uint64_t level; /* what may leave now, in millionths of a datagram */
	int64_t last_us; /* when that was so */
};

/* Set it; what has been saved up for bursts is as much as can be. */
void rate_set(struct rate *rate, uint32_t per_s, int64_t now_us);

/* May one leave now? Then it has. now_us is of a clock that is never set. */
bool rate_take(struct rate *rate, bool urgent, int64_t now_us);

#endif /* SCITAGD_RATE_H */
