/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The latest warnings and errors: for those who ask how the daemon is and do
 * not read its log.
 */
#ifndef SCITAGD_RECENT_H
#define SCITAGD_RECENT_H

#include <stddef.h>
#include <stdint.h>

/* How many are kept, and how much of each with its NUL. */
#define RECENT_MAX 10
#define RECENT_TEXT_MAX 256

struct recent_message {
	int level; /* as syslog(3) has it */
	int64_t time_s; /* since 1970 */
	char text[RECENT_TEXT_MAX]; /* ASCII, printable */
};

/* All zero at first. */
struct recent {
	struct recent_message messages[RECENT_MAX];
	size_t n; /* there have been so far */
};

/*
 * Note a message if it is a warning or worse; data is the struct recent. For
 * log_set_observer().
 */
void recent_note(void *data, int level, const char *text);

/* The latest is number 0, the one before it 1, ...; NULL behind the oldest. */
const struct recent_message *recent_get(const struct recent *recent,
					size_t number);

#endif /* SCITAGD_RECENT_H */
