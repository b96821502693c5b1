/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a command has to say, once: as JSON objects. They are printed as they
 * are, or as text made from them.
 */
#ifndef SCITAG_OUTPUT_H
#define SCITAG_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct json_object;
struct output;

/* Longest text of one field with its NUL. */
#define OUTPUT_TEXT_MAX 1024

/*
 * How one field is shown as text. text() writes what is to be shown for the
 * object; without it, that is the value of key, or of what key points to if it
 * begins with '/' (RFC 6901). An empty text means that the field is left out, or
 * "-" in a table. In a record, a text may have several lines.
 */
struct output_field {
	const char *heading;
	const char *key;
	void (*text)(char buf[static OUTPUT_TEXT_MAX],
		     struct json_object *object);
	bool right; /* in a table: aligned to the right */
	bool below; /* in a line: begins another one, which is indented */
};

/* Writes to file, as text at first. NULL if there is no memory. */
struct output *output_new(FILE *file);
void output_free(struct output *out); /* NULL is fine; file stays open */
void output_set_json(struct output *out, bool json);
bool output_is_json(const struct output *out);

/*
 * In all that follows the objects become the output's, and NULL as object
 * means that there was no memory for it.
 */

/* One object: a field per line. */
void output_record(struct output *out, const struct output_field *fields,
		   size_t n_fields, struct json_object *object);

/* One of many objects that come over time: one line, written at once. */
void output_line(struct output *out, const struct output_field *fields,
		 size_t n_fields, struct json_object *object);

/* A list: a table as text, an array as JSON. */
void output_list_begin(struct output *out, const struct output_field *fields,
		       size_t n_fields);
/* A list of which each object is a line as text, without headings on top. */
void output_lines_begin(struct output *out, const struct output_field *fields,
			size_t n_fields);
void output_list_add(struct output *out, struct json_object *object);
void output_list_end(struct output *out);

/* One field of an object as text. */
void output_field_text(char buf[static OUTPUT_TEXT_MAX],
		       const struct output_field *field,
		       struct json_object *object);

/* Columns that a text takes: octets but those that continue one in UTF-8. */
int output_text_width(const char *text);

/*
 * The first error since output_new(): 0, -ENOMEM, or that of writing. Flushes
 * what was written.
 */
int output_finish(struct output *out);

#endif /* SCITAG_OUTPUT_H */
