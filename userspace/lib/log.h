/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Messages to stderr with a level; the journal understands the "<N>" prefix.
 */
#ifndef SCITAG_LOG_H
#define SCITAG_LOG_H

#include <stdbool.h>
#include <syslog.h>

/* Messages above this level are dropped. Default LOG_INFO. */
void log_set_level(int level);
bool log_is_dropped(int level);

/*
 * Somebody who is told of every message that is not dropped, without its
 * level's prefix; NULL: nobody. Must not log.
 */
typedef void (*log_observer)(void *data, int level, const char *text);
void log_set_observer(log_observer observer, void *data);

/* level is LOG_ERR, LOG_WARNING, LOG_NOTICE, LOG_INFO or LOG_DEBUG. */
void log_msg(int level, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#define log_err(...) log_msg(LOG_ERR, __VA_ARGS__)
#define log_warn(...) log_msg(LOG_WARNING, __VA_ARGS__)
#define log_notice(...) log_msg(LOG_NOTICE, __VA_ARGS__)
#define log_info(...) log_msg(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_msg(LOG_DEBUG, __VA_ARGS__)

#endif /* SCITAG_LOG_H */
