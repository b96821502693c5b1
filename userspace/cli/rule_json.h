/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Rules as JSON objects, and as lines that `scitag rule set` takes.
 */
#ifndef SCITAG_RULE_JSON_H
#define SCITAG_RULE_JSON_H

#include <stddef.h>

#include "output.h"
#include "rule.h"

struct json_object;
struct registry;

/* The fields of a line. */
extern const struct output_field rule_fields[];
extern const size_t n_rule_fields;

/* A new object, or NULL. registry may be NULL. */
struct json_object *rule_json_new(const struct rule_state *state,
				  const struct registry *registry);

#endif /* SCITAG_RULE_JSON_H */
