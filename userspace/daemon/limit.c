// SPDX-License-Identifier: GPL-2.0
#include "limit.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include "log.h"

static void begin_period(struct limit *limit, int level, int64_t now_s)
{
	if (limit->left_out)
		log_msg(level, "%u messages like the next one were left out",
			limit->left_out);
	limit->period_s = now_s;
	limit->logged = 0;
	limit->left_out = 0;
}

void limit_log(struct limit *limit, int level, const char *format, ...)
{
	struct timespec now;
	char text[512];
	va_list ap;

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (!limit->period_s || now.tv_sec >= limit->period_s + LIMIT_PERIOD_S)
		begin_period(limit, level, now.tv_sec);
	if (limit->logged == LIMIT_MESSAGES) {
		limit->left_out++;
		return;
	}
	limit->logged++;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	log_msg(level, "%s", text);
}

const char *limit_quote(char out[static LIMIT_QUOTE_MAX], const char *text,
			unsigned int len)
{
	unsigned int i;

	for (i = 0; i < len && i < LIMIT_QUOTE_MAX - 1; i++)
		out[i] = text[i] >= 0x20 && text[i] < 0x7f ? text[i] : '?';
	out[i] = '\0';
	if (i < len)
		snprintf(out + LIMIT_QUOTE_MAX - 4, 4, "...");
	return out;
}
