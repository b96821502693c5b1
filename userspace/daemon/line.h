/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is written into the named pipe: one line per start or end of a flow,
 *
 *   start|end tcp|udp SRC_IP SRC_PORT DST_IP DST_PORT EXPERIMENT ACTIVITY
 */
#ifndef SCITAGD_LINE_H
#define SCITAGD_LINE_H

#include <stdbool.h>
#include <stddef.h>

#include "firefly.h"

/* Longest line without its newline; the longest that makes sense has 140. */
#define LINE_MAX_LEN 512

/* Longest text of an error with its NUL. */
#define LINE_ERROR_MAX 160

/* Octets on their way to be lines; all zero at first. */
struct line_buffer {
	char octets[LINE_MAX_LEN];
	size_t len;
	bool overlong; /* drop everything up to the next newline */
};

/* Called for each line. line is NULL for one that was too long. */
typedef void (*line_cb)(void *data, const char *line, size_t len);

/* Take octets as they come: many lines, or one in pieces. */
void line_feed(struct line_buffer *buf, const char *octets, size_t len,
	       line_cb cb, void *data);

/*
 * Read one line of len octets. Fields are separated by any white space; case
 * does not matter in the first two. The ids of an end have to be there, but
 * are not looked at (has_ids is false): some writers swap them there.
 * Returns 0, -ENODATA if the line is blank, or -EINVAL with a text in error.
 */
int line_parse(struct firefly *f, const char *line, size_t len,
	       char error[static LINE_ERROR_MAX]);

#endif /* SCITAGD_LINE_H */
