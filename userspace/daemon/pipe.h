/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A named pipe into which programs write the starts and ends of flows, one
 * line each (line.h). Bad lines are counted, logged, and change nothing.
 */
#ifndef SCITAGD_PIPE_H
#define SCITAGD_PIPE_H

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

struct flows;
struct pipe;

/*
 * Create the pipe at path, or take one that is there; mode 0666. It stays
 * when the daemon ends, so that writers can wait for the next. Anything else
 * at path is left as it is, and is an error (-EEXIST); so is a pipe that
 * another daemon reads (-EBUSY). All errors are logged, and a warning if some
 * other program reads it, which can be seen at this moment only. If it is
 * removed later, that is logged, too.
 * flows is used as long as this lives. Returns 0 or -errno.
 */
int pipe_new(struct pipe **out, sd_event *event, const char *path,
	     struct flows *flows);
void pipe_free(struct pipe *pipe); /* NULL is fine */

/* Not if the file there is another one by now, or gone. */
bool pipe_is_at(const struct pipe *pipe, const char *path);
const char *pipe_path(const struct pipe *pipe);

/* How many lines there were, and how many of them were bad. */
struct pipe_counters {
	uint64_t lines; /* that were not blank */
	uint64_t bad; /* of these: not understood */
};
const struct pipe_counters *pipe_counters(const struct pipe *pipe);
void pipe_log_counters(const struct pipe *pipe);

#endif /* SCITAGD_PIPE_H */
