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
struct snapshot;

/* Add ids, names, scitag-flow. What there is not is null. */
void flow_json_add_tag(struct json_object *object, const struct tag *tag,
		       const struct registry *registry);

/* Add what flows and rules say of marking, all of a spec but key and tag. */
void flow_json_add_mark(struct json_object *object,
			const struct flow_spec *spec);

/* A new object, or NULL. registry may be NULL. */
struct json_object *flow_json_new(const struct flow_state *state,
				  const struct registry *registry);

/* The same with a snapshot as "snapshot". */
struct json_object *flow_json_with(const struct flow_state *state,
				   const struct snapshot *snapshot,
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
/* Only where they say something: not the default, or more than 0. */
void flow_text_entropy(char buf[static OUTPUT_TEXT_MAX],
		       struct json_object *object);
void flow_text_oversize(char buf[static OUTPUT_TEXT_MAX],
			struct json_object *object);
void flow_text_idle_timeout(char buf[static OUTPUT_TEXT_MAX],
			    struct json_object *object);
void flow_text_hard_timeout(char buf[static OUTPUT_TEXT_MAX],
			    struct json_object *object);
void flow_text_end_on_close(char buf[static OUTPUT_TEXT_MAX],
			    struct json_object *object);
/* All of these and the rule in one text. */
void flow_text_options(char buf[static OUTPUT_TEXT_MAX],
		       struct json_object *object);
/* "12.345 s". */
void flow_text_age(char buf[static OUTPUT_TEXT_MAX],
		   struct json_object *object);
void flow_text_idle(char buf[static OUTPUT_TEXT_MAX],
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
