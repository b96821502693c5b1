/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Configurations of flowd and flowd-go, turned into ours. What they name and
 * we do not have is told, with its line.
 */
#ifndef SCITAGD_IMPORT_H
#define SCITAGD_IMPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "config.h"

struct json_object;

/*
 * Read a file, whichever of the two it is, and write what has come of it. cb
 * gets what is wrong, or what has no equivalent. Returns 0; or -errno, and
 * nothing was written or not all.
 */
int import_file(const char *path, FILE *out, config_error_cb cb, void *data);

/* An import on its way, for those who know one of the formats. */
struct import;

/* A key of theirs: "key" or "section.key", in any case. */
struct import_key {
	const char *path;
	const char *why; /* it has no equivalent; NULL: taken, "": as a whole */
	const char *unless; /* it has this value: nothing is lost; or NULL */
};

/* Say of all keys that have no equivalent, or are not known, that it is so. */
void import_check(struct import *import, struct json_object *tree,
		  const struct import_key *keys, size_t n);

/* The value at a path, or NULL. */
struct json_object *import_find(struct json_object *tree, const char *path);

/* Its text; the other one if there is none, or it is of another kind. */
const char *import_text(struct json_object *value, const char *otherwise);
bool import_is_true(struct json_object *value);

/* Say something of what stands at their path, in the line of value. */
void import_say(struct import *import, struct json_object *value,
		const char *path, const char *what);

/*
 * Set an option of ours, or add to its list; if that cannot be, say so of what
 * stands at their path in the line of value.
 */
void import_set(struct import *import, const char *option, const char *text,
		struct json_object *value, const char *path);

/* The same, with "host:port". */
void import_set_endpoint(struct import *import, const char *option,
			 const char *host, const char *port,
			 struct json_object *value, const char *path);

/* One key of an item that is a mapping. */
struct import_pair {
	const char *key;
	const char *text; /* NULL: it is left out */
};

/*
 * Add a mapping to the list of an option, all of it or nothing. The last of
 * pairs has the key NULL.
 */
void import_add(struct import *import, const char *option,
		const struct import_pair *pairs, struct json_object *value,
		const char *path);

/*
 * The same with a rule, which needs marks: without any, flow labels become
 * those.
 */
void import_rule(struct import *import, const struct import_pair *pairs,
		 struct json_object *value, const char *path);

/*
 * fireflies.stun, from the first of a list of servers, or otherwise. Each is
 * "host", "host:port" or "stun:host:port".
 */
void import_set_stun(struct import *import, struct json_object *servers,
		     const char *otherwise, struct json_object *value,
		     const char *path);

/* A list is to be there, even if nothing is added to it. */
void import_set_empty(struct import *import, const char *option);

/* All of a tree that was read. */
void import_flowd(struct import *import, struct json_object *tree);
void import_flowd_go(struct import *import, struct json_object *tree);

#endif /* SCITAGD_IMPORT_H */
