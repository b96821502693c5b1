/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A line of scitag top as a JSON object, and its columns.
 */
#ifndef SCITAG_TOP_JSON_H
#define SCITAG_TOP_JSON_H

#include "output.h"
#include "toplist.h"

struct json_object;
struct registry;

/*
 * A flow as in flow_json_new(), with "out", "in" (bits per second), and, if
 * there is a TCP connection, "rtt" (microseconds), "cwnd", "retransmits" and
 * "retransmit-rate" (per second), null otherwise. A new object, or NULL.
 */
struct json_object *top_json_new(const struct toplist_flow *flow,
				 const struct registry *registry);

/* The columns, in the order of enum toplist_key. */
extern const struct output_field top_columns[TOPLIST_KEYS];

/* "1.23 Gbit/s"; returns buf. */
#define TOP_RATE_MAX 32
const char *top_rate_text(char buf[static TOP_RATE_MAX], double bits);

#endif /* SCITAG_TOP_JSON_H */
