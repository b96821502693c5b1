// SPDX-License-Identifier: GPL-2.0
#include "output.h"

#include <errno.h>
#include <json-c/json.h>
#include <json-c/json_pointer.h>
#include <stdlib.h>
#include <string.h>

#define JSON_FLAGS (JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE)

struct output {
	FILE *file;
	bool json;
	bool lines; /* the list is no table */
	int error;
	/* The list that is being written: its fields, and cells if text. */
	const struct output_field *fields;
	size_t n_fields;
	size_t n_objects;
	char **cells;
	size_t n_cells;
	size_t size;
};

struct output *output_new(FILE *file)
{
	struct output *out = calloc(1, sizeof(*out));

	if (out)
		out->file = file;
	return out;
}

static void free_cells(struct output *out)
{
	size_t i;

	for (i = 0; i < out->n_cells; i++)
		free(out->cells[i]);
	out->n_cells = 0;
}

void output_free(struct output *out)
{
	if (!out)
		return;
	free_cells(out);
	free(out->cells);
	free(out);
}

void output_set_json(struct output *out, bool json)
{
	out->json = json;
}

bool output_is_json(const struct output *out)
{
	return out->json;
}

static void note_error(struct output *out, int error)
{
	if (!out->error)
		out->error = error;
}

int output_finish(struct output *out)
{
	if (fflush(out->file) || ferror(out->file))
		note_error(out, errno ? -errno : -EIO);
	return out->error;
}

void output_field_text(char buf[static OUTPUT_TEXT_MAX],
		       const struct output_field *field,
		       struct json_object *object)
{
	struct json_object *value = NULL;

	buf[0] = '\0';
	if (field->text) {
		field->text(buf, object);
		return;
	}
	if (field->key[0] != '/')
		json_object_object_get_ex(object, field->key, &value);
	else if (json_pointer_get(object, field->key, &value))
		value = NULL;
	if (value)
		snprintf(buf, OUTPUT_TEXT_MAX, "%s",
			 json_object_get_string(value));
}

int output_text_width(const char *text)
{
	int width = 0;

	for (; *text; text++)
		width += ((unsigned char)*text & 0xc0) != 0x80;
	return width;
}

static void put_spaces(struct output *out, int n)
{
	fprintf(out->file, "%*s", n > 0 ? n : 0, "");
}

static void put_json(struct output *out, struct json_object *object)
{
	const char *text = json_object_to_json_string_ext(object, JSON_FLAGS);

	if (text)
		fputs(text, out->file);
	else
		note_error(out, -ENOMEM);
}

/* The first of them is where it belongs, the others are indented. */
static void put_lines(struct output *out, const char *text, int indent)
{
	size_t len = strcspn(text, "\n");

	fprintf(out->file, "%.*s\n", (int)len, text);
	while (text[len]) {
		text += len + 1;
		len = strcspn(text, "\n");
		put_spaces(out, indent);
		fprintf(out->file, "%.*s\n", (int)len, text);
	}
}

static void record_text(struct output *out, const struct output_field *fields,
			size_t n_fields, struct json_object *object)
{
	char buf[OUTPUT_TEXT_MAX];
	int width = 0;
	size_t i;

	for (i = 0; i < n_fields; i++)
		if (output_text_width(fields[i].heading) > width)
			width = output_text_width(fields[i].heading);
	for (i = 0; i < n_fields; i++) {
		output_field_text(buf, &fields[i], object);
		if (!buf[0])
			continue;
		fputs(fields[i].heading, out->file);
		put_spaces(out,
			   width - output_text_width(fields[i].heading) + 2);
		put_lines(out, buf, width + 2);
	}
}

void output_record(struct output *out, const struct output_field *fields,
		   size_t n_fields, struct json_object *object)
{
	if (!object) {
		note_error(out, -ENOMEM);
		return;
	}
	if (out->json) {
		put_json(out, object);
		fputc('\n', out->file);
	} else {
		record_text(out, fields, n_fields, object);
	}
	json_object_put(object);
}

static void line_text(struct output *out, const struct output_field *fields,
		      size_t n_fields, struct json_object *object)
{
	char buf[OUTPUT_TEXT_MAX];
	const char *separator = "";
	size_t i;

	for (i = 0; i < n_fields; i++) {
		output_field_text(buf, &fields[i], object);
		if (!buf[0])
			continue;
		fprintf(out->file, "%s%s%s%s",
			fields[i].below ? "\n\t" : separator, fields[i].heading,
			fields[i].heading[0] ? " " : "", buf);
		separator = "  ";
	}
}

void output_line(struct output *out, const struct output_field *fields,
		 size_t n_fields, struct json_object *object)
{
	if (!object) {
		note_error(out, -ENOMEM);
		return;
	}
	if (out->json)
		put_json(out, object);
	else
		line_text(out, fields, n_fields, object);
	fputc('\n', out->file);
	if (fflush(out->file))
		note_error(out, -errno);
	json_object_put(object);
}

void output_list_begin(struct output *out, const struct output_field *fields,
		       size_t n_fields)
{
	out->fields = fields;
	out->n_fields = n_fields;
	out->n_objects = 0;
	out->lines = false;
	if (out->json)
		fputc('[', out->file);
}

void output_lines_begin(struct output *out, const struct output_field *fields,
			size_t n_fields)
{
	output_list_begin(out, fields, n_fields);
	out->lines = true;
}

/* Takes text, which came from strdup(). */
static void add_cell(struct output *out, char *text)
{
	size_t size = out->size ? out->size * 2 : 256;
	char **cells = out->cells;

	if (text && out->n_cells == out->size) {
		cells = realloc(out->cells, size * sizeof(*cells));
		if (cells) {
			out->cells = cells;
			out->size = size;
		}
	}
	if (!text || !cells) {
		free(text);
		note_error(out, -ENOMEM);
		return;
	}
	out->cells[out->n_cells++] = text;
}

void output_list_add(struct output *out, struct json_object *object)
{
	char buf[OUTPUT_TEXT_MAX];
	size_t i;

	if (!object) {
		note_error(out, -ENOMEM);
		return;
	}
	if (out->json) {
		fputs(out->n_objects ? ",\n" : "\n", out->file);
		put_json(out, object);
	} else if (out->lines) {
		line_text(out, out->fields, out->n_fields, object);
		fputc('\n', out->file);
	} else {
		for (i = 0; i < out->n_fields; i++) {
			output_field_text(buf, &out->fields[i], object);
			add_cell(out, strdup(buf[0] ? buf : "-"));
		}
	}
	out->n_objects++;
	json_object_put(object);
}

static int column_width(const struct output *out, size_t column)
{
	int width = output_text_width(out->fields[column].heading);
	size_t i;

	for (i = column; i < out->n_cells; i += out->n_fields)
		if (output_text_width(out->cells[i]) > width)
			width = output_text_width(out->cells[i]);
	return width;
}

static void put_cell(struct output *out, size_t column, int width,
		     const char *text)
{
	int space = width - output_text_width(text);

	if (out->fields[column].right)
		put_spaces(out, space);
	fputs(text, out->file);
	/* No spaces at the end of a line. */
	if (column + 1 == out->n_fields) {
		fputc('\n', out->file);
		return;
	}
	if (!out->fields[column].right)
		put_spaces(out, space);
	fputs("  ", out->file);
}

static void put_table(struct output *out)
{
	int *widths = calloc(out->n_fields, sizeof(*widths));
	size_t i;

	if (!widths) {
		note_error(out, -ENOMEM);
		return;
	}
	for (i = 0; i < out->n_fields; i++)
		widths[i] = column_width(out, i);
	for (i = 0; i < out->n_fields; i++)
		put_cell(out, i, widths[i], out->fields[i].heading);
	for (i = 0; i < out->n_cells; i++)
		put_cell(out, i % out->n_fields, widths[i % out->n_fields],
			 out->cells[i]);
	free(widths);
}

void output_list_end(struct output *out)
{
	if (out->json)
		fputs(out->n_objects ? "\n]\n" : "]\n", out->file);
	else if (out->n_objects && !out->error && !out->lines)
		put_table(out);
	free_cells(out);
}
