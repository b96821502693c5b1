/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What json-c lacks, or lacks in some of its versions (0.13 on).
 */
#ifndef SCITAG_JSON_UTIL_H
#define SCITAG_JSON_UTIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json_object;

/* Longest text of an error with its NUL. */
#define JSON_ERROR_MAX 128

/*
 * Parse len octets as one JSON value: strictly (as json-c has it: it lets
 * single quotes pass), nothing behind it, and nested at most JSON_DEPTH_MAX
 * deep. Returns a new object, or NULL with a text in error that begins with
 * the line ("line 3: ..."). A "null" is an error, too.
 */
#define JSON_DEPTH_MAX 16
struct json_object *json_parse(const char *text, size_t len,
			       char error[static JSON_ERROR_MAX]);

/* A new number. json_object_new_uint64() is there since json-c 0.14. */
struct json_object *json_new_u64(uint64_t value);

/*
 * Add a value to an object or to an array. If that is NULL, for want of memory,
 * the value is put.
 */
void json_add(struct json_object *object, const char *key,
	      struct json_object *value);
void json_append(struct json_object *array, struct json_object *value);

/*
 * Read a whole number of 0..max; a number with a fraction is none.
 * Returns 0, -EINVAL (not a whole number, or NULL) or -ERANGE.
 */
int json_get_u64(const struct json_object *value, uint64_t max, uint64_t *out);

/*
 * Read a string that is one in C, too: without a NUL in it.
 * Returns NULL if it is none. The string lives as long as value.
 */
const char *json_get_text(const struct json_object *value);

#endif /* SCITAG_JSON_UTIL_H */
