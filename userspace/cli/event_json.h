/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What happens over time as JSON objects, which say under "event" what it is:
 * the lines of `scitag monitor` and of a recording.
 */
#ifndef SCITAG_EVENT_JSON_H
#define SCITAG_EVENT_JSON_H

#include <stdint.h>

struct flow_state;
struct genl_event;
struct json_object;
struct output;
struct registry;
struct snapshot;

/* New objects, or NULL. registry may be NULL. */

/* "new", "update", "end" or "status". */
struct json_object *event_json_new(const struct genl_event *event,
				   const struct registry *registry);
/* "flow": one that was there before. */
struct json_object *event_json_flow(const struct flow_state *state,
				    const struct registry *registry);
/* "snapshot" */
struct json_object *event_json_snapshot(uint64_t seq,
					const struct snapshot *snapshot);
/*
 * "lost": so many events or snapshots; 0: some, but how many is not known
 * before the next one.
 */
struct json_object *event_json_lost(const char *what, uint64_t count);

/* Print one of them as a line. It becomes the output's; NULL is no memory. */
void event_json_line(struct output *out, struct json_object *object);

#endif /* SCITAG_EVENT_JSON_H */
