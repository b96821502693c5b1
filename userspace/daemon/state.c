// SPDX-License-Identifier: GPL-2.0
#include "state.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "file.h"
#include "firefly.h"
#include "log.h"
#include "state_line.h"
#include "timestamp.h"

/* Written anew when so much of it is of the past. */
#define PAST_MAX (4 << 20)

/* After a failure it is tried again no sooner. */
#define RETRY_S 10

#define BOOT_ID "/proc/sys/kernel/random/boot_id"

struct state {
	char *path;
	char *new_path; /* where it is written anew */
	int fd;
	struct flows *flows; /* NULL: not loaded as yet */
	char boot_id[STATE_BOOT_ID_MAX];
	uint64_t size; /* of whole lines */
	uint64_t size_then; /* when it was written anew */
	bool failed; /* what has happened since is not in it */
	int64_t retry_s;
};

static int64_t now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

static void read_boot_id(struct state *state)
{
	FILE *file = fopen(BOOT_ID, "re");

	if (!file || !fgets(state->boot_id, sizeof(state->boot_id), file))
		snprintf(state->boot_id, sizeof(state->boot_id), "unknown");
	state->boot_id[strcspn(state->boot_id, "\n")] = '\0';
	if (file)
		fclose(file);
}

int state_new(struct state **out, const char *path)
{
	struct state *state = calloc(1, sizeof(*state));
	int ret = -ENOMEM;

	if (!state)
		return -ENOMEM;
	state->fd = -1;
	state->path = strdup(path);
	if (!state->path || asprintf(&state->new_path, "%s.new", path) < 0)
		goto err;
	read_boot_id(state);
	state->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (state->fd < 0 || flock(state->fd, LOCK_EX | LOCK_NB)) {
		ret = -errno;
		goto err;
	}
	*out = state;
	return 0;
err:
	log_warn("state-file: flows will not survive a restart: %s: %s", path,
		 ret == -EWOULDBLOCK ? "another daemon uses it" :
				       strerror(-ret));
	state_free(state);
	return ret;
}

void state_free(struct state *state)
{
	if (!state)
		return;
	if (state->fd >= 0)
		close(state->fd);
	free(state->new_path);
	free(state->path);
	free(state);
}

bool state_is_well(const struct state *state)
{
	return !state->failed;
}

/* Whoever reads it must know that it is old. In place: no room is needed. */
static void fail(struct state *state, const char *what, int error)
{
	if (!state->failed)
		log_err("state-file: %s: %s: %s; flows of this time will not survive a restart",
			state->path, what, strerror(error));
	state->failed = true;
	state->retry_s = now_s() + RETRY_S;
	if (state->fd < 0)
		return;
	if (ftruncate(state->fd, state->size) ||
	    pwrite(state->fd, STATE_OLD, strlen(STATE_OLD), 0) < 0)
		log_debug("state-file: %s", strerror(errno));
}

static int write_all(int fd, const char *text, size_t len)
{
	while (len) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		text += n;
		len -= n;
	}
	return 0;
}

static int write_open(FILE *file, const struct state *state)
{
	const struct flow *flow = flows_first(state->flows);
	char line[STATE_LINE_MAX];

	fprintf(file, STATE_CURRENT " %s\n", state->boot_id);
	for (; flow; flow = TAILQ_NEXT(flow, link)) {
		fputs(state_line_open(line, flow), file);
		if (flow->end_us != FIREFLY_UNKNOWN)
			fputs(state_line_ending(line, flow), file);
		if (flow->told)
			fputs(state_line_told(line, flow), file);
	}
	return fflush(file) || ferror(file) ? -EIO : 0;
}

/* The new file is locked before it has the name. */
static int replace(struct state *state, int *fd)
{
	FILE *file;
	int ret;

	*fd = open(state->new_path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC,
		   0600);
	if (*fd < 0)
		return -errno;
	if (flock(*fd, LOCK_EX | LOCK_NB))
		return -errno;
	file = fdopen(dup(*fd), "w");
	if (!file)
		return -errno;
	errno = 0;
	ret = write_open(file, state);
	if (ret && errno)
		ret = -errno;
	if (fclose(file) && !ret)
		ret = -errno;
	if (!ret && rename(state->new_path, state->path))
		ret = -errno;
	return ret;
}

void state_compact(struct state *state)
{
	int fd, ret;

	ret = replace(state, &fd);
	if (ret) {
		if (fd >= 0)
			close(fd);
		unlink(state->new_path);
		fail(state, "cannot be written anew", -ret);
		return;
	}
	if (state->fd >= 0)
		close(state->fd);
	state->fd = fd;
	state->size = lseek(fd, 0, SEEK_END);
	state->size_then = state->size;
	if (state->failed)
		log_notice("state-file: %s is kept again", state->path);
	state->failed = false;
}

void state_note(void *data, const struct flow *flow, enum flow_note what)
{
	struct state *state = data;
	char line[STATE_LINE_MAX];
	size_t len;
	int ret;

	if (!state->flows)
		return;
	if (state->failed) {
		if (now_s() >= state->retry_s)
			state_compact(state);
		return;
	}
	len = strlen(state_line_format(line, flow, what));
	ret = write_all(state->fd, line, len);
	if (ret) {
		fail(state, "cannot be written", -ret);
		return;
	}
	state->size += len;
	/* What is open now, and as much again. */
	if (state->size > 2 * state->size_then + PAST_MAX &&
	    what == FLOW_NOTE_TOLD)
		state_compact(state);
}

/* It stays as it is, whatever becomes of the new one. */
static void put_aside(struct state *state, unsigned int number,
		      const char *error)
{
	char *bad;

	log_err("state-file: %s:%u: %s; put aside as %s.bad, its flows are not known",
		state->path, number, error, state->path);
	close(state->fd);
	state->fd = -1;
	if (asprintf(&bad, "%s.bad", state->path) < 0)
		return;
	if (rename(state->path, bad))
		log_err("state-file: %s: %s", bad, strerror(errno));
	free(bad);
}

/* What is known of a flow by all of its lines. */
static int restore(struct flows *flows, const char *text, size_t len,
		   struct state_header *header, unsigned int *number,
		   const char **error)
{
	struct state_reader *reader;
	int ret = state_reader_new(&reader, text, len);

	if (!ret)
		ret = state_reader_run(reader, header, number, error);
	if (!ret)
		ret = state_reader_restore(reader, flows);
	state_reader_free(reader);
	return ret;
}

/* What happens from now on stands behind the last line that is whole. */
static int go_on_behind(struct state *state, const char *text, size_t len)
{
	const char *newline = memrchr(text, '\n', len);

	state->size = newline ? newline + 1 - text : 0;
	if (state->size < len && ftruncate(state->fd, state->size))
		return -errno;
	return lseek(state->fd, state->size, SEEK_SET) < 0 ? -errno : 0;
}

static int64_t written_us(const struct state *state)
{
	struct stat st;

	if (fstat(state->fd, &st))
		return timestamp_now();
	return (int64_t)st.st_mtim.tv_sec * 1000000 + st.st_mtim.tv_nsec / 1000;
}

void state_load(struct state *state, struct flows *flows)
{
	struct state_header header = { .is_old = false };
	int64_t then_us = written_us(state);
	const char *error = "";
	unsigned int number = 0;
	char *text = NULL;
	size_t len = 0;
	int ret, failure = 0;

	ret = file_read(state->path, STATE_SIZE_MAX, &text, &len);
	if (!ret && len)
		ret = restore(flows, text, len, &header, &number, &error);
	if (!ret)
		failure = go_on_behind(state, text, len);
	free(text);
	if (header.is_old)
		log_warn(
			"state-file: %s could not be written for a while before the restart: flows of then may be told of twice, or not",
			state->path);
	/* The end of one that is told of must not be told again. */
	state->flows = flows;
	if (failure)
		fail(state, "cannot be written", -failure);
	if (ret) {
		put_aside(state, number, error[0] ? error : strerror(-ret));
		state_compact(state);
	}
	if (!ret && len && strcmp(header.boot_id, state->boot_id))
		flows_end_before(flows, then_us);
	else
		flows_resume(flows);
	state_compact(state);
}
