/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The state of the namespace's table as a JSON object.
 */
#ifndef SCITAG_STATUS_JSON_H
#define SCITAG_STATUS_JSON_H

#include "output.h"

struct genl_status;
struct json_object;

/* A new object, or NULL. */
struct json_object *status_json_new(const struct genl_status *status);

/* "yes" or "no", for struct output_field. */
void status_text_hooked(char buf[static OUTPUT_TEXT_MAX],
			struct json_object *object);
void status_text_tracing(char buf[static OUTPUT_TEXT_MAX],
			 struct json_object *object);

#endif /* SCITAG_STATUS_JSON_H */
