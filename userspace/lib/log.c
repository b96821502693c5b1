// SPDX-License-Identifier: GPL-2.0
#include "log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* Longest message; what is longer is cut. */
#define LOG_TEXT_MAX 1024

static int log_level = LOG_INFO;
static log_observer log_observed_by;
static void *log_observer_data;

void log_set_level(int level)
{
	log_level = level;
}

bool log_is_dropped(int level)
{
	return level > log_level;
}

void log_set_observer(log_observer observer, void *data)
{
	log_observed_by = observer;
	log_observer_data = data;
}

void log_msg(int level, const char *format, ...)
{
	char text[LOG_TEXT_MAX];
	int saved = errno;
	va_list args;

	if (log_is_dropped(level))
		return;
	va_start(args, format);
	errno = saved; /* for %m */
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);

	/* systemd sets the variable where stderr goes to the journal. */
	if (getenv("JOURNAL_STREAM"))
		fprintf(stderr, "<%d>%s\n", level, text);
	else
		fprintf(stderr, "%s\n", text);
	if (log_observed_by)
		log_observed_by(log_observer_data, level, text);
	errno = saved;
}
