// SPDX-License-Identifier: GPL-2.0
#include "json_util.h"

#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define JSON_C_0_14 ((0 << 16) | (14 << 8))
#define JSON_C_0_18 ((0 << 16) | (18 << 8))

#if JSON_C_VERSION_NUM >= JSON_C_0_14
struct json_object *json_new_u64(uint64_t value)
{
	return json_object_new_uint64(value);
}

static uint64_t get_u64(const struct json_object *value)
{
	return json_object_get_uint64(value);
}
#else
/* Numbers above INT64_MAX are written right, and read as INT64_MAX. */
struct json_object *json_new_u64(uint64_t value)
{
	char text[24];

	if (value <= INT64_MAX)
		return json_object_new_int64(value);
	snprintf(text, sizeof(text), "%" PRIu64, value);
	return json_object_new_double_s(value, text);
}

static uint64_t get_u64(const struct json_object *value)
{
	return json_object_get_int64(value);
}
#endif

void json_add(struct json_object *object, const char *key,
	      struct json_object *value)
{
	if (!object || json_object_object_add(object, key, value))
		json_object_put(value);
}

void json_append(struct json_object *array, struct json_object *value)
{
	if (!array || json_object_array_add(array, value))
		json_object_put(value);
}

int json_get_u64(const struct json_object *value, uint64_t max, uint64_t *out)
{
	uint64_t v;

	if (!json_object_is_type(value, json_type_int))
		return -EINVAL;
	if (json_object_get_int64(value) < 0)
		return -ERANGE;
	v = get_u64(value);
	if (v > max)
		return -ERANGE;
	*out = v;
	return 0;
}

const char *json_get_text(const struct json_object *value)
{
	const char *text;

	if (!json_object_is_type(value, json_type_string))
		return NULL;
	/* Not const in json-c, but does not change a string. */
	text = json_object_get_string((struct json_object *)value);
	if (strlen(text) != (size_t)json_object_get_string_len(value))
		return NULL;
	return text;
}

/* The number of the line that holds octet offset of text. */
static unsigned int line_at(const char *text, size_t offset)
{
	unsigned int line = 1;
	size_t i;

	for (i = 0; i < offset; i++)
		line += text[i] == '\n';
	return line;
}

static struct json_object *parse(struct json_tokener *tok, const char *text,
				 size_t len, char *error)
{
	struct json_object *value;
	enum json_tokener_error ret;
	size_t end;

	value = json_tokener_parse_ex(tok, text, len);
	ret = json_tokener_get_error(tok);
	end = tok->char_offset;
	if (ret == json_tokener_continue) {
		snprintf(error, JSON_ERROR_MAX, "line %u: ends too early",
			 line_at(text, len));
	} else if (ret != json_tokener_success) {
		snprintf(error, JSON_ERROR_MAX, "line %u: %s",
			 line_at(text, end), json_tokener_error_desc(ret));
	} else if (!value) {
		snprintf(error, JSON_ERROR_MAX, "line 1: nothing but null");
	} else if (end + strspn(text + end, " \t\r\n") < len) {
		snprintf(error, JSON_ERROR_MAX,
			 "line %u: something stands behind the end",
			 line_at(text, end));
	} else {
		return value;
	}
	json_object_put(value);
	return NULL;
}

#ifdef JSON_TOKENER_VALIDATE_UTF8
#define VALIDATE_UTF8 JSON_TOKENER_VALIDATE_UTF8
#else
#define VALIDATE_UTF8 0
#endif

/*
 * Strict json-c 0.18 takes no string that is not ASCII (its issue 875). There,
 * strict has to do with a copy that is ASCII, which looks the same otherwise.
 */
static struct json_object *parse_strict(struct json_tokener *tok,
					const char *text, size_t len,
					char *error)
{
	struct json_object *value;
	char *ascii;
	size_t i;

	if (json_c_version_num() != JSON_C_0_18) {
		json_tokener_set_flags(tok,
				       JSON_TOKENER_STRICT | VALIDATE_UTF8);
		return parse(tok, text, len, error);
	}
	ascii = strndup(text, len);
	if (!ascii) {
		snprintf(error, JSON_ERROR_MAX, "line 1: no memory");
		return NULL;
	}
	for (i = 0; i < len; i++)
		if ((unsigned char)ascii[i] >= 0x80)
			ascii[i] = '?';
	json_tokener_set_flags(tok, JSON_TOKENER_STRICT);
	value = parse(tok, ascii, len, error);
	free(ascii);
	if (!value)
		return NULL;
	json_object_put(value);
	json_tokener_reset(tok);
	json_tokener_set_flags(tok, VALIDATE_UTF8);
	return parse(tok, text, len, error);
}

struct json_object *json_parse(const char *text, size_t len,
			       char error[static JSON_ERROR_MAX])
{
	struct json_object *value;
	struct json_tokener *tok;
	char *copy;

	if (len >= INT_MAX || memchr(text, '\0', len)) {
		snprintf(error, JSON_ERROR_MAX, "line 1: is not text");
		return NULL;
	}
	/* The checks behind the end, and some of json-c, want a NUL. */
	copy = strndup(text, len);
	tok = json_tokener_new_ex(JSON_DEPTH_MAX);
	if (!copy || !tok) {
		snprintf(error, JSON_ERROR_MAX, "line 1: no memory");
		value = NULL;
	} else {
		value = parse_strict(tok, copy, len, error);
	}
	if (tok)
		json_tokener_free(tok);
	free(copy);
	return value;
}
