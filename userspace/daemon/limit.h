/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Messages about input that anybody can send: the first few of each period
 * are logged, the rest are counted.
 */
#ifndef SCITAGD_LIMIT_H
#define SCITAGD_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

#define LIMIT_PERIOD_S 10
#define LIMIT_MESSAGES 10

/* One per kind of message; all zero at first. */
struct limit {
	int64_t period_s; /* when this period began */
	unsigned int logged;
	unsigned int left_out;
};

/* As log_msg(), which it calls unless the limit of the period is reached. */
void limit_log(struct limit *limit, int level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * Text from outside as it may go into a message: without control characters,
 * cut to size. Returns out.
 */
#define LIMIT_QUOTE_MAX 128
const char *limit_quote(char out[static LIMIT_QUOTE_MAX], const char *text,
			unsigned int len);

#endif /* SCITAGD_LIMIT_H */
