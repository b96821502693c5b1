/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Files of Python assignments, NAME = literal, as a tree of JSON objects that
 * know their lines (yamltree.h): numbers, True and False are strings of what
 * stands there, None is an empty one, tuples and lists are arrays. Of two
 * values of a name the last one counts. Anything else is an error.
 */
#ifndef SCITAGD_PYCONF_H
#define SCITAGD_PYCONF_H

#include <stdbool.h>

struct json_object;

/* Longest text of an error with its NUL. */
#define PYCONF_ERROR_MAX 512

/* Tuples and lists in each other. */
#define PYCONF_DEPTH_MAX 8

/* Does the first line that says anything begin with an assignment? */
bool pyconf_is(const char *text);

/*
 * Read a text; path is for messages. Returns a new object; or NULL with a text
 * in error that begins with file and line.
 */
struct json_object *pyconf_parse(const char *text, const char *path,
				 char error[static PYCONF_ERROR_MAX]);

#endif /* SCITAGD_PYCONF_H */
