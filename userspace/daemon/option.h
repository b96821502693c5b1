/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The options of the configuration: tables of all there is to set. What each
 * means is said in config.h, field by field.
 */
#ifndef SCITAGD_OPTION_H
#define SCITAGD_OPTION_H

#include <stdbool.h>
#include <stddef.h>

struct config;
struct json_object;

/* Longest text of an error with its NUL. */
#define OPTION_ERROR_MAX 256

/*
 * Sets an option from one text, or adds one item to its list.
 * Returns 0; -EINVAL with a text in error; or -ENOMEM.
 */
typedef int option_set(struct config *config, const char *text,
		       char error[static OPTION_ERROR_MAX]);

/* A key of a mapping that is an item of a list. */
struct option_key {
	const char *name;
	bool list; /* takes any number of values */
	option_set *set; /* of the last item of the list */
};

/* What such mappings are. */
struct option_mapping {
	/* Adds an item to the list that has nothing. 0 or -ENOMEM. */
	int (*add)(struct config *config);

	const struct option_key *keys;
	size_t n_keys;

	/* Is the last item whole? 0; or -EINVAL with a text in error. */
	int (*check)(const struct config *config,
		     char error[static OPTION_ERROR_MAX]);
};

struct option {
	const char *path; /* "key" or "section.key" */
	bool list; /* takes any number of values */
	option_set *set;

	/*
	 * What it is set to, as a value that set takes, or a list of them.
	 * A new object, or NULL: no memory.
	 */
	struct json_object *(*get)(const struct config *config);

	const char *initial; /* default; of a list: separated by blanks */

	/* What its items may be besides values; NULL: nothing else. */
	const struct option_mapping *mapping;
};

/* The options of one part of the configuration. */
struct option_group {
	const struct option *options;
	size_t n;
};

/* How many there are, and one of them by its number. */
size_t option_count(void);
const struct option *option_get(size_t number);

/* The number of an option, or -1 if there is none of this path. */
int option_find(const char *path);

/* Is there any "path.key"? */
bool option_is_section(const char *path);

#endif /* SCITAGD_OPTION_H */
