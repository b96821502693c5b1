/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The secret that clients of the HTTP server show.
 */
#ifndef SCITAGD_TOKEN_H
#define SCITAGD_TOKEN_H

#include <stdbool.h>

/* Lengths that a token may have. */
#define TOKEN_MIN 16
#define TOKEN_MAX 256

/*
 * Read it from a file: printable ASCII without blanks, and a newline behind it
 * or not. A file that everybody may read holds no secret: -EPERM. Errors are
 * logged. *out is the caller's to free. Returns 0 or -errno.
 */
int token_read(char **out, const char *path);

/*
 * Is this the value of Authorization that shows it ("Bearer TOKEN")? NULL: none
 * was sent. The time it takes says nothing of the token but its length.
 */
bool token_is_shown(const char *token, const char *authorization);

#endif /* SCITAGD_TOKEN_H */
