// SPDX-License-Identifier: GPL-2.0
#include "rate.h"

#define DATAGRAM 1000000ULL

/* Seconds' worth that can be saved up, and what of it is for the urgent. */
#define SAVED_S 10
#define URGENT_S 9

static uint64_t seconds_worth(const struct rate *rate, unsigned int seconds)
{
	return seconds * DATAGRAM * rate->per_s;
}

void rate_set(struct rate *rate, uint32_t per_s, int64_t now_us)
{
	rate->per_s = per_s;
	rate->level = seconds_worth(rate, SAVED_S);
	rate->last_us = now_us;
}

static void fill(struct rate *rate, int64_t now_us)
{
	uint64_t max = seconds_worth(rate, SAVED_S);
	int64_t passed_us = now_us - rate->last_us;

	rate->last_us = now_us;
	/* More would overflow, and can't be saved up anyway. */
	if (passed_us >= SAVED_S * 1000000)
		rate->level = max;
	else
		rate->level += passed_us * rate->per_s;
	if (rate->level > max)
		rate->level = max;
}

bool rate_take(struct rate *rate, bool urgent, int64_t now_us)
{
	uint64_t reserved = urgent ? 0 : seconds_worth(rate, URGENT_S);

	if (!rate->per_s)
		return true;
	fill(rate, now_us);
	if (rate->level < reserved + DATAGRAM)
		return false;
	rate->level -= DATAGRAM;
	return true;
}
