/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A file with what is known of open flows, for the next start of the daemon: a
 * line for each thing that happens to a flow, written before its consequences
 * are; now and then the file is written anew, with what is open.
 *
 * Writes are not waited for until they are on the disk: what was written is
 * there after the daemon was killed, and after a power cut no flow is.
 */
#ifndef SCITAGD_STATE_H
#define SCITAGD_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "flows.h"

struct state;

/*
 * Open the file, or make it. It is locked: it belongs to one daemon. Returns
 * 0; or -errno, which is logged.
 */
int state_new(struct state **out, const char *path);
void state_free(struct state *state); /* NULL is fine */

/*
 * What stands in it: flows are restored, and resumed or, if they are from
 * before this host's start, ended. From then on what happens to flows is kept.
 * A file that is damaged is put aside, as PATH.bad, and none of its flows is
 * known; that is logged. Its last line may be incomplete.
 */
void state_load(struct state *state, struct flows *flows);

/* The call note of struct flows_calls; data is the struct state. */
void state_note(void *data, const struct flow *flow, enum flow_note what);

/* The file as it would be written anew. */
void state_compact(struct state *state);

/* Is what happens kept? If not, it could not be written. */
bool state_is_well(const struct state *state);

#endif /* SCITAGD_STATE_H */
