/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A YAML file as a tree of JSON objects that know their lines.
 *
 * Mappings become objects, sequences arrays, and every scalar a string: what
 * it is meant to be, the reader of the tree knows. Null is the empty string.
 * Anchors, aliases, tags, several documents and keys that come twice are
 * errors.
 */
#ifndef SCITAGD_YAMLTREE_H
#define SCITAGD_YAMLTREE_H

#include <stddef.h>
#include <stdio.h>

struct json_object;

/* Longest text of an error with its NUL. */
#define YAMLTREE_ERROR_MAX 512

/* Mappings and sequences in each other. */
#define YAMLTREE_DEPTH_MAX 8

/* Octets of a file. */
#define YAMLTREE_FILE_MAX (1 << 20)

/*
 * Read a text of len octets; path is for messages. One with nothing in it gives
 * an empty object.
 * Returns 0; or -errno with a text in error that begins with file and line.
 */
int yamltree_parse(struct json_object **out, const char *text, size_t len,
		   const char *path, char error[static YAMLTREE_ERROR_MAX]);

/* The same of a file; -EFBIG if it has more than YAMLTREE_FILE_MAX. */
int yamltree_load(struct json_object **out, const char *path,
		  char error[static YAMLTREE_ERROR_MAX]);

/* The line of an array's item; or, for an object's value, of its key. */
unsigned int yamltree_line(struct json_object *value); /* NULL: 0 */
void yamltree_set_line(struct json_object *value, unsigned int line);

/* Instead of json_object_put(), for what has a line: json-c 0.19 crashes. */
void yamltree_free(struct json_object *value); /* or NULL */

/*
 * Write a tree of objects, arrays, strings, numbers and booleans. Read again
 * it has the same texts. Returns 0 or -errno.
 */
int yamltree_write(struct json_object *root, FILE *file);

#endif /* SCITAGD_YAMLTREE_H */
