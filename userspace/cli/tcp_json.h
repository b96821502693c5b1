/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The state of a TCP connection as a JSON object, and a summary of it.
 */
#ifndef SCITAG_TCP_JSON_H
#define SCITAG_TCP_JSON_H

#include "flow.h"
#include "output.h"

struct json_object;

/* Fields that the kernel did not send are left out. NULL: no memory. */
struct json_object *tcp_json_new(const struct flow_state *state);

void tcp_json_text(char buf[static OUTPUT_TEXT_MAX], struct json_object *tcp);

#endif /* SCITAG_TCP_JSON_H */
