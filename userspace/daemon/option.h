/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The options of the configuration: one table of all there is to set. What
 * each means is said in config.h, field by field.
 */
#ifndef SCITAGD_OPTION_H
#define SCITAGD_OPTION_H

#include <stdbool.h>
#include <stddef.h>

struct config;
struct json_object;

/* Longest text of an error with its NUL. */
#define OPTION_ERROR_MAX 256

struct option {
	const char *path; /* "key" or "section.key" */
	bool list; /* takes any number of values */

	/*
	 * Sets the option from one text, or adds one item to its list.
	 * Returns 0; -EINVAL with a text in error; or -ENOMEM.
	 */
	int (*set)(struct config *config, const char *text,
		   char error[static OPTION_ERROR_MAX]);

	/*
	 * What it is set to, as a value that set takes, or a list of them.
	 * A new object, or NULL: no memory.
	 */
	struct json_object *(*get)(const struct config *config);

	const char *initial; /* default; of a list: separated by blanks */
};

/* How many there are, and one of them by its number. */
size_t option_count(void);
const struct option *option_get(size_t number);

/* The number of an option, or -1 if there is none of this path. */
int option_find(const char *path);

/* Is there any "path.key"? */
bool option_is_section(const char *path);

#endif /* SCITAGD_OPTION_H */
