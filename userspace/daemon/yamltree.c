// SPDX-License-Identifier: GPL-2.0
#include "yamltree.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "file.h"

struct loader {
	yaml_parser_t parser;
	const char *path;
	char *error;
	unsigned int depth;
};

static void *fail(struct loader *l, size_t line, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Says what is wrong in which line, which libyaml counts from 0. NULL. */
static void *fail(struct loader *l, size_t line, const char *format, ...)
{
	va_list ap;
	int n;

	n = snprintf(l->error, YAMLTREE_ERROR_MAX, "%s:%zu: ", l->path,
		     line + 1);
	if (n < 0 || n >= YAMLTREE_ERROR_MAX)
		return NULL;
	va_start(ap, format);
	vsnprintf(l->error + n, YAMLTREE_ERROR_MAX - n, format, ap);
	va_end(ap);
	return NULL;
}

static bool next_event(struct loader *l, yaml_event_t *event)
{
	if (yaml_parser_parse(&l->parser, event))
		return true;
	fail(l, l->parser.problem_mark.line, "%s",
	     l->parser.problem ? l->parser.problem : "no memory");
	return false;
}

void yamltree_set_line(struct json_object *value, unsigned int line)
{
	json_object_set_userdata(value, (void *)(uintptr_t)line, NULL);
}

static struct json_object *with_line(struct json_object *value, size_t line)
{
	if (value)
		yamltree_set_line(value, line + 1);
	return value;
}

unsigned int yamltree_line(struct json_object *value)
{
	return value ? (uintptr_t)json_object_get_userdata(value) : 0;
}

void yamltree_free(struct json_object *value)
{
	/* What json-c 0.19 frees, it follows by the user data (its issue 934). */
	if (value)
		json_object_set_userdata(value, NULL, NULL);
	json_object_put(value);
}

/* Anchors and tags are where YAML gets clever; nobody needs them here. */
static bool is_plain_yaml(const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_SCALAR_EVENT:
		return !event->data.scalar.anchor && !event->data.scalar.tag;
	case YAML_SEQUENCE_START_EVENT:
		return !event->data.sequence_start.anchor &&
		       !event->data.sequence_start.tag;
	case YAML_MAPPING_START_EVENT:
		return !event->data.mapping_start.anchor &&
		       !event->data.mapping_start.tag;
	default:
		return event->type != YAML_ALIAS_EVENT;
	}
}

static struct json_object *load_value(struct loader *l,
				      const yaml_event_t *event);

static struct json_object *load_scalar(struct loader *l,
				       const yaml_event_t *event)
{
	const char *text = (const char *)event->data.scalar.value;

	if (strlen(text) != event->data.scalar.length)
		return fail(l, event->start_mark.line, "a NUL in a value");
	if (event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
	    (!strcmp(text, "~") || !strcasecmp(text, "null")))
		text = "";
	return with_line(json_object_new_string(text), event->start_mark.line);
}

static struct json_object *load_sequence(struct loader *l)
{
	struct json_object *array = json_object_new_array();
	struct json_object *item;
	yaml_event_t event;
	bool end = false;

	while (!end) {
		if (!next_event(l, &event))
			goto err;
		end = event.type == YAML_SEQUENCE_END_EVENT;
		item = end ? NULL : load_value(l, &event);
		yaml_event_delete(&event);
		if (end)
			break;
		if (!item)
			goto err;
		json_object_array_add(array, item);
	}
	return array;
err:
	json_object_put(array);
	return NULL;
}

/* The value of a key, which event is, goes into object. */
static bool load_member(struct loader *l, struct json_object *object,
			const yaml_event_t *event)
{
	size_t line = event->start_mark.line;
	struct json_object *value = NULL;
	yaml_event_t value_event;
	const char *key;

	if (event->type != YAML_SCALAR_EVENT || !is_plain_yaml(event))
		return fail(l, line, "a key that is not plain text");
	key = (const char *)event->data.scalar.value;
	if (strlen(key) != event->data.scalar.length)
		return fail(l, line, "a NUL in a key");
	if (json_object_object_get_ex(object, key, NULL))
		return fail(l, line, "\"%s\" for the second time", key);

	if (next_event(l, &value_event)) {
		value = load_value(l, &value_event);
		yaml_event_delete(&value_event);
	}
	if (value)
		json_object_object_add(object, key, with_line(value, line));
	return value;
}

static struct json_object *load_mapping(struct loader *l)
{
	struct json_object *object = json_object_new_object();
	yaml_event_t event;
	bool end = false;
	bool ok;

	while (!end) {
		if (!next_event(l, &event))
			goto err;
		end = event.type == YAML_MAPPING_END_EVENT;
		ok = end || load_member(l, object, &event);
		yaml_event_delete(&event);
		if (!ok)
			goto err;
	}
	return object;
err:
	json_object_put(object);
	return NULL;
}

static struct json_object *load_value(struct loader *l,
				      const yaml_event_t *event)
{
	size_t line = event->start_mark.line;
	struct json_object *value;

	if (!is_plain_yaml(event))
		return fail(l, line, "anchors, aliases and tags are not known");
	if (event->type == YAML_SCALAR_EVENT)
		return load_scalar(l, event);
	if (l->depth == YAMLTREE_DEPTH_MAX)
		return fail(l, line, "nested too deep");

	l->depth++;
	value = event->type == YAML_MAPPING_START_EVENT ? load_mapping(l) :
							  load_sequence(l);
	l->depth--;
	return with_line(value, line);
}

/* Reads events up to the end of the stream. One document, or none. */
static struct json_object *load_stream(struct loader *l)
{
	struct json_object *root = NULL;
	yaml_event_t event;
	bool end = false;
	bool ok = true;

	while (ok && !end) {
		if (!next_event(l, &event)) {
			ok = false;
			break;
		}
		switch (event.type) {
		case YAML_STREAM_START_EVENT:
		case YAML_DOCUMENT_START_EVENT:
		case YAML_DOCUMENT_END_EVENT:
			break;
		case YAML_STREAM_END_EVENT:
			end = true;
			break;
		default:
			if (root) {
				fail(l, event.start_mark.line,
				     "a second document");
				ok = false;
				break;
			}
			root = load_value(l, &event);
			ok = root;
		}
		yaml_event_delete(&event);
	}
	if (ok)
		return root ? root : json_object_new_object();
	yamltree_free(root);
	return NULL;
}

int yamltree_parse(struct json_object **out, const char *text, size_t len,
		   const char *path, char error[static YAMLTREE_ERROR_MAX])
{
	struct loader l = { .path = path, .error = error };

	if (!yaml_parser_initialize(&l.parser)) {
		snprintf(error, YAMLTREE_ERROR_MAX, "%s: %s", path,
			 strerror(ENOMEM));
		return -ENOMEM;
	}
	yaml_parser_set_input_string(&l.parser, (const yaml_char_t *)text, len);
	*out = load_stream(&l);
	yaml_parser_delete(&l.parser);
	return *out ? 0 : -EINVAL;
}

int yamltree_load(struct json_object **out, const char *path,
		  char error[static YAMLTREE_ERROR_MAX])
{
	char *text;
	size_t len;
	int ret;

	ret = file_read(path, YAMLTREE_FILE_MAX, &text, &len);
	if (ret) {
		snprintf(error, YAMLTREE_ERROR_MAX, "%s: %s", path,
			 strerror(-ret));
		return ret;
	}
	ret = yamltree_parse(out, text, len, path, error);
	free(text);
	return ret;
}

/* Needs no quotes, and nobody takes it for anything but text. */
static bool is_word(const char *text)
{
	static const char *const special[] = { "null", "true", "false",
					       "yes",  "no",   "on",
					       "off",  "y",    "n" };
	size_t i;

	for (i = 0; i < sizeof(special) / sizeof(special[0]); i++)
		if (!strcasecmp(text, special[i]))
			return false;
	return strspn(text, "abcdefghijklmnopqrstuvwxyz/") &&
	       !text[strspn(text, "abcdefghijklmnopqrstuvwxyz"
				  "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				  "0123456789/._-")];
}

static bool emit(yaml_emitter_t *emitter, yaml_event_t *event, int made)
{
	return made && yaml_emitter_emit(emitter, event);
}

static bool write_scalar(yaml_emitter_t *emitter, struct json_object *value)
{
	const char *text = json_object_get_string(value);
	bool quote = json_object_is_type(value, json_type_string) &&
		     !is_word(text);
	yaml_event_t event;

	return text && emit(emitter, &event,
			    yaml_scalar_event_initialize(
				    &event, NULL, NULL, (yaml_char_t *)text,
				    strlen(text), 1, 1,
				    quote ? YAML_DOUBLE_QUOTED_SCALAR_STYLE :
					    YAML_PLAIN_SCALAR_STYLE));
}

static bool write_value(yaml_emitter_t *emitter, struct json_object *value);

static bool write_sequence(yaml_emitter_t *emitter, struct json_object *array)
{
	size_t n = json_object_array_length(array), i;
	yaml_event_t event;

	if (!emit(emitter, &event,
		  yaml_sequence_start_event_initialize(
			  &event, NULL, NULL, 1, YAML_BLOCK_SEQUENCE_STYLE)))
		return false;
	for (i = 0; i < n; i++)
		if (!write_value(emitter, json_object_array_get_idx(array, i)))
			return false;
	return emit(emitter, &event,
		    yaml_sequence_end_event_initialize(&event));
}

static bool write_mapping(yaml_emitter_t *emitter, struct json_object *object)
{
	struct json_object_iterator it = json_object_iter_begin(object);
	struct json_object_iterator end = json_object_iter_end(object);
	yaml_event_t event;

	if (!emit(emitter, &event,
		  yaml_mapping_start_event_initialize(
			  &event, NULL, NULL, 1, YAML_BLOCK_MAPPING_STYLE)))
		return false;
	for (; !json_object_iter_equal(&it, &end); json_object_iter_next(&it)) {
		const char *key = json_object_iter_peek_name(&it);

		if (!emit(emitter, &event,
			  yaml_scalar_event_initialize(
				  &event, NULL, NULL, (yaml_char_t *)key,
				  strlen(key), 1, 1, YAML_ANY_SCALAR_STYLE)) ||
		    !write_value(emitter, json_object_iter_peek_value(&it)))
			return false;
	}
	return emit(emitter, &event, yaml_mapping_end_event_initialize(&event));
}

static bool write_value(yaml_emitter_t *emitter, struct json_object *value)
{
	switch (json_object_get_type(value)) {
	case json_type_object:
		return write_mapping(emitter, value);
	case json_type_array:
		return write_sequence(emitter, value);
	default:
		return write_scalar(emitter, value);
	}
}

static bool write_document(yaml_emitter_t *emitter, struct json_object *root)
{
	yaml_event_t event;

	return emit(emitter, &event,
		    yaml_stream_start_event_initialize(&event,
						       YAML_UTF8_ENCODING)) &&
	       emit(emitter, &event,
		    yaml_document_start_event_initialize(&event, NULL, NULL,
							 NULL, 1)) &&
	       write_value(emitter, root) &&
	       emit(emitter, &event,
		    yaml_document_end_event_initialize(&event, 1)) &&
	       emit(emitter, &event, yaml_stream_end_event_initialize(&event));
}

int yamltree_write(struct json_object *root, FILE *file)
{
	yaml_emitter_t emitter;
	bool ok;

	if (!yaml_emitter_initialize(&emitter))
		return -ENOMEM;
	yaml_emitter_set_output_file(&emitter, file);
	yaml_emitter_set_unicode(&emitter, 1);
	yaml_emitter_set_width(&emitter, -1);
	ok = write_document(&emitter, root);
	yaml_emitter_delete(&emitter);
	return ok && !fflush(file) ? 0 : -EIO;
}
