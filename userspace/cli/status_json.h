/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The state of the namespace's table as JSON objects, and how it is shown as text.
 */
#ifndef SCITAG_STATUS_JSON_H
#define SCITAG_STATUS_JSON_H

#include "output.h"

struct genl_stats;
struct genl_status;
struct json_object;

/* A new object, or NULL. */
struct json_object *status_json_new(const struct genl_status *status);

/* Packets by what became of them: a new object, or NULL. */
struct json_object *status_json_packets(const struct genl_stats *stats);

/*
 * Texts for struct output_field, of an object with the first at "module", the
 * second within that at "packets", and the marks that are possible at "marks".
 */
void status_text_hooked(char buf[static OUTPUT_TEXT_MAX],
			struct json_object *object);
void status_text_tracing(char buf[static OUTPUT_TEXT_MAX],
			 struct json_object *object);
void status_text_marks(char buf[static OUTPUT_TEXT_MAX],
		       struct json_object *object);
void status_text_packets(char buf[static OUTPUT_TEXT_MAX],
			 struct json_object *object);

#endif /* SCITAG_STATUS_JSON_H */
