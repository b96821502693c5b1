/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Snapshots as JSON objects, and how these are shown as text. Keys are the
 * names of docs/netlink/scitag.yaml, and the kernel's own names within
 * tcp-info, cong-info and meminfo.
 */
#ifndef SCITAG_SNAPSHOT_JSON_H
#define SCITAG_SNAPSHOT_JSON_H

#include "flow.h"
#include "output.h"
#include "snapshot.h"

struct json_object;

/* When snapshots are taken: as part of a flow or a rule. */
void snapshot_json_add_spec(struct json_object *object,
			    const struct flow_spec *spec);

/* A new object, or NULL. What the kernel did not send is left out. */
struct json_object *snapshot_json_new(const struct snapshot *snapshot);

/*
 * Texts for struct output_field, of what snapshot_json_add_spec() has put into
 * an object; only where they say something.
 */
void snapshot_text_interval(char buf[static OUTPUT_TEXT_MAX],
			    struct json_object *object);
void snapshot_text_on(char buf[static OUTPUT_TEXT_MAX],
		      struct json_object *object);
void snapshot_text_factor(char buf[static OUTPUT_TEXT_MAX],
			  struct json_object *object);

/* Of a snapshot. */
void snapshot_text_trigger(char buf[static OUTPUT_TEXT_MAX],
			   struct json_object *object);
/* "12.345/0.500 ms": round-trip time and its variance. */
void snapshot_text_rtt(char buf[static OUTPUT_TEXT_MAX],
		       struct json_object *object);
/* A number of tcp-info, and what has to do with it. */
void snapshot_text_cwnd(char buf[static OUTPUT_TEXT_MAX],
			struct json_object *object);
void snapshot_text_pmtu(char buf[static OUTPUT_TEXT_MAX],
			struct json_object *object);
void snapshot_text_retransmits(char buf[static OUTPUT_TEXT_MAX],
			       struct json_object *object);
void snapshot_text_acked(char buf[static OUTPUT_TEXT_MAX],
			 struct json_object *object);
void snapshot_text_received(char buf[static OUTPUT_TEXT_MAX],
			    struct json_object *object);
void snapshot_text_rate(char buf[static OUTPUT_TEXT_MAX],
			struct json_object *object);

/*
 * Of an object that has a snapshot under the key "snapshot": what `ss -i` and
 * `ss -m` would show, in their words.
 */
void snapshot_text_state(char buf[static OUTPUT_TEXT_MAX],
			 struct json_object *object);
void snapshot_text_tcp(char buf[static OUTPUT_TEXT_MAX],
		       struct json_object *object);
void snapshot_text_cong(char buf[static OUTPUT_TEXT_MAX],
			struct json_object *object);
void snapshot_text_memory(char buf[static OUTPUT_TEXT_MAX],
			  struct json_object *object);

#endif /* SCITAG_SNAPSHOT_JSON_H */
