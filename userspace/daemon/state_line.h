/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The lines of the state file: a header
 *   scitagd-state 1 current|old BOOT_ID
 * and then, of flows by their numbers,
 *   open NUMBER ORIGIN SIDE PROTO SRC SPORT DST DPORT EXPERIMENT ACTIVITY
 *     START_US KERNEL_ID APPLICATION
 *   ending NUMBER END_US
 *   told NUMBER
 *   closed NUMBER
 * The last word of a line may be missing, and have blanks.
 */
#ifndef SCITAGD_STATE_LINE_H
#define SCITAGD_STATE_LINE_H

#include <stdbool.h>
#include <stddef.h>

#include "flows.h"

/* Beginnings of headers, of the same length. */
#define STATE_CURRENT "scitagd-state 1 current"
#define STATE_OLD "scitagd-state 1 old    "

#define STATE_BOOT_ID_MAX 64
#define STATE_LINE_MAX 512
#define STATE_SIZE_MAX ((size_t)1 << 30)

/* Each writes one line, with its newline, and returns buf. */
const char *state_line_open(char buf[static STATE_LINE_MAX],
			    const struct flow *flow);
const char *state_line_ending(char buf[static STATE_LINE_MAX],
			      const struct flow *flow);
const char *state_line_told(char buf[static STATE_LINE_MAX],
			    const struct flow *flow);
const char *state_line_format(char buf[static STATE_LINE_MAX],
			      const struct flow *flow, enum flow_note what);

struct state_header {
	bool is_old; /* it lacks what has happened last */
	char boot_id[STATE_BOOT_ID_MAX];
};

struct state_reader;

/* text is used as long as the reader lives. Returns 0 or -ENOMEM. */
int state_reader_new(struct state_reader **out, const char *text, size_t len);
void state_reader_free(struct state_reader *reader); /* NULL is fine */

/*
 * Read all lines but an incomplete one at the end. Returns 0; or -EINVAL, with
 * the number of the line and what is wrong with it; or -ENOMEM.
 */
int state_reader_run(struct state_reader *reader, struct state_header *header,
		     unsigned int *number, const char **error);

/* Restore the flows that are open. Returns 0 or -ENOMEM. */
int state_reader_restore(struct state_reader *reader, struct flows *flows);

#endif /* SCITAGD_STATE_LINE_H */
