/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The words of a command.
 */
#ifndef SCITAG_ARGS_H
#define SCITAG_ARGS_H

#include <stdbool.h>
#include <stddef.h>

/* Most words in one command. */
#define ARGS_MAX 64

/* Words and how many of them were taken. The words belong to others. */
struct args {
	char **words;
	size_t n;
	size_t next;
};

/* The next word, which is taken, or left; NULL if there is none. */
const char *args_take(struct args *args);
const char *args_peek(const struct args *args);

/* Take an option, by one of its names, out of the words that are left. */
bool args_take_option(struct args *args, const char *brief, const char *name);

/*
 * Take an option and the word behind it, which is its value, out of the words
 * that are left. Returns if it is there; *value is NULL if nothing is behind it.
 */
bool args_take_value(struct args *args, const char *name, const char **value);

#define ARGS_ERROR_MAX 64

/*
 * Split a line into words at white space, in place. Quotes, double or single,
 * keep white space and '#' in a word, a backslash keeps the next character
 * (not within single quotes), and what follows a '#' at the beginning of a
 * word is a comment. words has room for ARGS_MAX.
 * Returns 0, or -EINVAL with a text in error.
 */
int args_split(char *line, char **words, size_t *n,
	       char error[static ARGS_ERROR_MAX]);

#endif /* SCITAG_ARGS_H */
