/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the daemon says of itself, as part of a JSON object at "daemon", and as
 * text.
 */
#ifndef SCITAG_DAEMON_JSON_H
#define SCITAG_DAEMON_JSON_H

#include "output.h"

struct json_object;

/*
 * Ask the daemon behind a socket: GET /v1/status, with GET /health as "health".
 * Returns 0, or -errno as http_client_get().
 */
int daemon_json_get(struct json_object **out, const char *socket_path);

/* Texts for struct output_field, of an object with "daemon". */
void daemon_text_state(char buf[static OUTPUT_TEXT_MAX],
		       struct json_object *object);
void daemon_text_flows(char buf[static OUTPUT_TEXT_MAX],
		       struct json_object *object);
void daemon_text_pipes(char buf[static OUTPUT_TEXT_MAX],
		       struct json_object *object);
void daemon_text_receivers(char buf[static OUTPUT_TEXT_MAX],
			   struct json_object *object);
void daemon_text_collectors(char buf[static OUTPUT_TEXT_MAX],
			    struct json_object *object);
void daemon_text_fireflies(char buf[static OUTPUT_TEXT_MAX],
			   struct json_object *object);
void daemon_text_messages(char buf[static OUTPUT_TEXT_MAX],
			  struct json_object *object);

#endif /* SCITAG_DAEMON_JSON_H */
