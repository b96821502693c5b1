// SPDX-License-Identifier: GPL-2.0
#include "pyconf.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "yamltree.h"

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_"
#define DIGITS "0123456789"

struct reader {
	const char *at;
	unsigned int line;
	unsigned int depth;
	const char *path;
	char *error;
	char *string; /* room for the longest that can be */
};

static void *fail(struct reader *r, const char *what)
{
	snprintf(r->error, PYCONF_ERROR_MAX, "%s:%u: %s", r->path, r->line,
		 what);
	return NULL;
}

/* Blanks and comments; within brackets lines go on. */
static void skip(struct reader *r, bool lines)
{
	for (;;) {
		r->at += strspn(r->at, " \t\r\f");
		if (*r->at == '#')
			r->at += strcspn(r->at, "\n");
		if (r->at[0] == '\\' && r->at[1] == '\n')
			r->at++;
		else if (*r->at != '\n' || !lines)
			return;
		r->at++;
		r->line++;
	}
}

static size_t name_len(const char *text)
{
	return strspn(text, LETTERS) ? strspn(text, LETTERS DIGITS) : 0;
}

static bool is_quote(char c)
{
	return c == '"' || c == '\'';
}

/* A quote, or a letter that only says of which kind the string is. */
static bool begins_string(const char *text)
{
	return is_quote(text[0]) ||
	       (text[0] && strchr("uUrR", text[0]) && is_quote(text[1]));
}

/* The octet that a backslash and c stand for; 0: it is not known here. */
static char unescape(char c)
{
	switch (c) {
	case 'n':
		return '\n';
	case 't':
		return '\t';
	case '\\':
	case '\'':
	case '"':
		return c;
	default:
		return '\0';
	}
}

/* One string, behind what out has already. */
static bool read_string(struct reader *r, char *out, size_t *len)
{
	bool raw = *r->at == 'r' || *r->at == 'R';
	char quote;

	if (!is_quote(*r->at))
		r->at++;
	quote = *r->at++;
	while (*r->at != quote) {
		char c = *r->at;

		if (!c || c == '\n')
			return fail(r, "a string without an end");
		/* It would have to be checked: ours has to be UTF-8. */
		if ((unsigned char)c >= 0x80)
			return fail(r, "a character that is not ASCII");
		r->at++;
		if (c == '\\' && !raw) {
			c = unescape(*r->at);
			if (!c)
				return fail(r, "a \\ that is not known");
			r->at++;
		}
		out[(*len)++] = c;
	}
	r->at++;
	return true;
}

/* Strings that stand behind each other are one. */
static struct json_object *read_strings(struct reader *r)
{
	size_t len = 0;

	while (begins_string(r->at)) {
		if (!read_string(r, r->string, &len))
			return NULL;
		skip(r, r->depth);
	}
	return json_object_new_string_len(r->string, len);
}

/* A number, True, False or None. */
static struct json_object *read_word(struct reader *r)
{
	size_t len = strspn(r->at, LETTERS DIGITS ".+-");
	char word[32];

	if (!len || len >= sizeof(word))
		return fail(r, "a value that is no literal");
	memcpy(word, r->at, len);
	word[len] = '\0';
	if (!strcmp(word, "None"))
		word[0] = '\0';
	else if (strcmp(word, "True") && strcmp(word, "False") &&
		 !strchr(DIGITS "+-.", word[0]))
		return fail(r, "a value that is no literal");
	r->at += len;
	return json_object_new_string(word);
}

static struct json_object *read_value(struct reader *r);

/*
 * The rest of a sequence whose first item is there or NULL, to its bracket; or
 * to the end of the line, if it has none.
 */
static struct json_object *read_items(struct reader *r, char end,
				      struct json_object *first)
{
	struct json_object *array = json_object_new_array();
	struct json_object *item = first;

	for (;;) {
		if (item)
			json_object_array_add(array, item);
		skip(r, r->depth);
		if (item && *r->at == ',') {
			r->at++;
			skip(r, r->depth);
			item = NULL;
		}
		if (end ? *r->at == end : !*r->at || *r->at == '\n')
			break;
		if (item)
			fail(r, "a sequence that does not go on");
		item = item ? NULL : read_value(r);
		if (!item) {
			json_object_put(array);
			return NULL;
		}
	}
	if (end)
		r->at++;
	return array;
}

/* Brackets; round ones around a value without a comma are only brackets. */
static struct json_object *read_brackets(struct reader *r)
{
	char end = *r->at++ == '(' ? ')' : ']';
	struct json_object *value = NULL;

	if (r->depth == PYCONF_DEPTH_MAX)
		return fail(r, "nested too deep");
	r->depth++;
	skip(r, true);
	if (*r->at != end) {
		value = read_value(r);
		if (!value)
			return NULL;
		skip(r, true);
	}
	if (value && *r->at == end && end == ')')
		r->at++;
	else
		value = read_items(r, end, value);
	r->depth--;
	return value;
}

static struct json_object *read_value(struct reader *r)
{
	unsigned int line = r->line;
	struct json_object *value;

	if (*r->at == '(' || *r->at == '[')
		value = read_brackets(r);
	else if (begins_string(r->at))
		value = read_strings(r);
	else
		value = read_word(r);
	if (value)
		yamltree_set_line(value, line);
	return value;
}

static bool read_assignment(struct reader *r, struct json_object *object)
{
	size_t len = name_len(r->at);
	unsigned int line = r->line;
	struct json_object *value;
	char name[64];

	if (!len || len >= sizeof(name))
		return fail(r, "no assignment of a literal");
	memcpy(name, r->at, len);
	name[len] = '\0';
	r->at += len;
	skip(r, false);
	if (*r->at != '=')
		return fail(r, "no assignment of a literal");
	r->at++;
	skip(r, false);
	value = read_value(r);
	if (!value)
		return false;
	skip(r, false);
	if (*r->at == ',')
		value = read_items(r, '\0', value);
	if (!value)
		return false;
	if (*r->at == ';') {
		r->at++;
	} else if (*r->at && *r->at != '\n') {
		yamltree_free(value);
		return fail(r, "something behind the value");
	}
	yamltree_set_line(value, line);
	json_object_object_add(object, name, value);
	return true;
}

bool pyconf_is(const char *text)
{
	struct reader r = { .at = text };

	skip(&r, true);
	if (!name_len(r.at))
		return false;
	r.at += name_len(r.at);
	skip(&r, false);
	return r.at[0] == '=' && r.at[1] != '=';
}

static bool read_all(struct reader *r, struct json_object *object)
{
	for (skip(r, true); *r->at; skip(r, true))
		if (!read_assignment(r, object))
			return false;
	return true;
}

struct json_object *pyconf_parse(const char *text, const char *path,
				 char error[static PYCONF_ERROR_MAX])
{
	struct reader r = {
		.at = text,
		.line = 1,
		.path = path,
		.error = error,
		.string = malloc(strlen(text) + 1),
	};
	struct json_object *object = json_object_new_object();

	if (!object || !r.string)
		fail(&r, "no memory");
	else if (read_all(&r, object))
		goto out;
	json_object_put(object);
	object = NULL;
out:
	free(r.string);
	return object;
}
