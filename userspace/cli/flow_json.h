/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Flows as JSON objects, and how these are shown as text. Keys are the names
 * of docs/netlink/scitag.yaml, and a few more.
 */
#ifndef SCITAG_FLOW_JSON_H
#define SCITAG_FLOW_JSON_H

#include "flow.h"
#include "output.h"
#include "tag.h"

struct json_object;
struct registry;

/* Add ids, names, scitag-flow. What there is not is null. */
void flow_json_add_tag(struct json_object *object, const struct tag *tag,
		       const struct registry *registry);

/* A new object, or NULL. registry may be NULL. */
struct json_object *flow_json_new(const struct flow_state *state,
				  const struct registry *registry);

/* Texts of fields of such an object, for struct output_field. */
void flow_text_source(char buf[static OUTPUT_TEXT_MAX],
		      struct json_object *object);
void flow_text_destination(char buf[static OUTPUT_TEXT_MAX],
			   struct json_object *object);
void flow_text_mark(char buf[static OUTPUT_TEXT_MAX],
		    struct json_object *object);
void flow_text_layout(char buf[static OUTPUT_TEXT_MAX],
		      struct json_object *object);
void flow_text_option_type(char buf[static OUTPUT_TEXT_MAX],
			   struct json_object *object);
void flow_text_tcp(char buf[static OUTPUT_TEXT_MAX],
		   struct json_object *object);
/* Name, or number if it has none; or both: "2 (atlas)". */
void flow_text_experiment(char buf[static OUTPUT_TEXT_MAX],
			  struct json_object *object);
void flow_text_activity(char buf[static OUTPUT_TEXT_MAX],
			struct json_object *object);
void flow_text_experiment_both(char buf[static OUTPUT_TEXT_MAX],
			       struct json_object *object);
void flow_text_activity_both(char buf[static OUTPUT_TEXT_MAX],
			     struct json_object *object);
/* "0x30038", or "0x30038 (196664)". */
void flow_text_label(char buf[static OUTPUT_TEXT_MAX],
		     struct json_object *object);
void flow_text_label_both(char buf[static OUTPUT_TEXT_MAX],
			  struct json_object *object);

#endif /* SCITAG_FLOW_JSON_H */
