/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The state of a TCP connection as a JSON object, and a summary of it.
 */
#ifndef SCITAG_TCP_JSON_H
#define SCITAG_TCP_JSON_H

#include "flow.h"
#include "output.h"

struct json_object;

/*
 * The fields that most people want; those that the kernel did not send are
 * left out. NULL: no memory.
 */
struct json_object *tcp_json_new(const struct flow_state *state);

void tcp_json_text(char buf[static OUTPUT_TEXT_MAX], struct json_object *tcp);

/* All fields in the len octets of a struct tcp_info, by the kernel's names. */
struct json_object *tcp_json_all(const struct tcp_info *info, size_t len);

/* Name of a state of linux/tcp_states.h. */
const char *tcp_state_name(unsigned int state);

#endif /* SCITAG_TCP_JSON_H */
