// SPDX-License-Identifier: GPL-2.0
#include "pipe.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "flows.h"
#include "limit.h"
#include "line.h"
#include "log.h"

#define PIPE_MODE 0666

/* As much as a pipe holds; what more comes has its turn after the others. */
#define PIPE_READ_MAX 65536

struct pipe {
	char *path;
	struct flows *flows;
	int fd;
	sd_event_source *source;
	sd_event_source *watch; /* of the file, or NULL */
	int copy[2]; /* a pipe of our own, for a look into the other */
	struct line_buffer lines;
	struct limit limit;
	struct pipe_counters counters;
	char octets[PIPE_READ_MAX];
};

static void take_line(void *data, const char *line, size_t len)
{
	char error[FLOWS_ERROR_MAX];
	char quote[LIMIT_QUOTE_MAX];
	struct pipe *pipe = data;
	struct firefly said;
	int ret;

	if (!line) {
		pipe->counters.lines++;
		pipe->counters.bad++;
		limit_log(&pipe->limit, LOG_WARNING,
			  "%s: a line of more than %d octets", pipe->path,
			  LINE_MAX_LEN);
		return;
	}
	ret = line_parse(&said, line, len, error);
	if (ret == -ENODATA)
		return;
	pipe->counters.lines++;
	if (ret) {
		pipe->counters.bad++;
		limit_log(&pipe->limit, LOG_WARNING, "%s: %s: \"%s\"",
			  pipe->path, error, limit_quote(quote, line, len));
		return;
	}
	if (said.state == FIREFLY_START)
		ret = flows_start(pipe->flows, &said, error);
	else
		ret = flows_end(pipe->flows, &said, error);
	if (ret == -ENOENT)
		log_debug("%s: end of a flow: %s", pipe->path, error);
	else if (ret)
		limit_log(&pipe->limit, LOG_WARNING, "%s: flow refused: %s",
			  pipe->path, error);
}

/* Out of the pipe, after what came of it is done. */
static void consume(struct pipe *pipe, size_t len)
{
	char octets[PIPE_READ_MAX];

	if (read(pipe->fd, octets, len) != (ssize_t)len)
		limit_log(&pipe->limit, LOG_ERR,
			  "%s: somebody else reads from it", pipe->path);
}

/* What is in it, which stays there. Returns how much, or -errno. */
static ssize_t peek(struct pipe *pipe)
{
	ssize_t n =
		tee(pipe->fd, pipe->copy[1], PIPE_READ_MAX, SPLICE_F_NONBLOCK);

	if (n > 0)
		n = read(pipe->copy[0], pipe->octets, n);
	return n < 0 ? -errno : n;
}

/*
 * Line by line: if the daemon is killed, the next one finds all that this one
 * has not done, and of what it has done the last line at most. That does no
 * harm: such a start is of a flow that is open, such an end of none.
 */
static int on_readable(sd_event_source *source, int fd, uint32_t revents,
		       void *data)
{
	struct pipe *pipe = data;
	const char *octets = pipe->octets;
	ssize_t n = peek(pipe);

	(void)source;
	(void)fd;
	(void)revents;
	if (n < 0 && n != -EAGAIN && n != -EINTR)
		limit_log(&pipe->limit, LOG_ERR, "%s: %s", pipe->path,
			  strerror(-n));
	while (n > 0) {
		const char *newline = memchr(octets, '\n', n);
		ssize_t len = newline ? newline + 1 - octets : n;

		line_feed(&pipe->lines, octets, len, take_line, pipe);
		consume(pipe, len);
		octets += len;
		n -= len;
	}
	return 0;
}

/* Is it what is at its path now? */
static bool is_there(const struct pipe *pipe)
{
	struct stat there, ours;

	return lstat(pipe->path, &there) == 0 && fstat(pipe->fd, &ours) == 0 &&
	       there.st_dev == ours.st_dev && there.st_ino == ours.st_ino;
}

/* Whoever has it open writes on; all others write to nobody, or into a file. */
static int on_change(sd_event_source *source, const struct inotify_event *event,
		     void *data)
{
	struct pipe *pipe = data;

	(void)source;
	(void)event;
	if (!is_there(pipe))
		limit_log(
			&pipe->limit, LOG_ERR,
			"%s was removed or replaced, and what is written there now is not read: systemctl reload scitagd",
			pipe->path);
	return 0;
}

/* Everybody may write, whatever the umask, if it is ours to say so. */
static void allow_all(struct pipe *pipe, mode_t mode)
{
	if ((mode & 0777) != PIPE_MODE && fchmod(pipe->fd, PIPE_MODE))
		log_warn("%s: mode %o cannot be made %o: %s", pipe->path,
			 mode & 0777, PIPE_MODE, strerror(errno));
}

/* Only where somebody reads, it can be opened for nothing but writing. */
static bool has_reader(const char *path)
{
	int fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/*
 * Opened for reading and writing: as long as there is a writer, which is us,
 * the end of another is not an end of file.
 */
static int open_pipe(struct pipe *pipe)
{
	bool is_shared;
	struct stat st;

	if (mkfifo(pipe->path, PIPE_MODE) && errno != EEXIST) {
		log_err("%s cannot be created: %s", pipe->path,
			strerror(errno));
		return -errno;
	}
	/* What it is comes before opening it: a device may act on that. */
	if (lstat(pipe->path, &st) == 0 && !S_ISFIFO(st.st_mode)) {
		log_err("%s is there and is not a named pipe: remove it, and "
			"start what writes to it after scitagd",
			pipe->path);
		return -EEXIST;
	}
	/* Before there is a reader here. */
	is_shared = has_reader(pipe->path);
	pipe->fd =
		open(pipe->path, O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
	if (pipe->fd < 0 || fstat(pipe->fd, &st)) {
		log_err("%s cannot be opened: %s", pipe->path, strerror(errno));
		return -errno;
	}
	if (!S_ISFIFO(st.st_mode)) {
		log_err("%s is not a named pipe any more", pipe->path);
		return -EEXIST;
	}
	/* Two readers would each get some of the lines. */
	if (flock(pipe->fd, LOCK_EX | LOCK_NB)) {
		log_err("%s is read by another daemon", pipe->path);
		return -EBUSY;
	}
	if (is_shared)
		log_warn(
			"%s: another program has it open to read from it, and gets some of the lines: fuser -v %s",
			pipe->path, pipe->path);
	allow_all(pipe, st.st_mode);
	return 0;
}

int pipe_new(struct pipe **out, sd_event *event, const char *path,
	     struct flows *flows)
{
	struct pipe *pipe = calloc(1, sizeof(*pipe));
	int ret;

	if (!pipe)
		return -ENOMEM;
	pipe->flows = flows;
	pipe->fd = -1;
	pipe->copy[0] = pipe->copy[1] = -1;
	pipe->path = strdup(path);
	ret = pipe->path ? open_pipe(pipe) : -ENOMEM;
	if (!ret && pipe2(pipe->copy, O_CLOEXEC | O_NONBLOCK))
		ret = -errno;
	if (ret)
		goto err;
	ret = sd_event_add_io(event, &pipe->source, pipe->fd, EPOLLIN,
			      on_readable, pipe);
	if (ret < 0)
		goto err;
	ret = sd_event_add_inotify(event, &pipe->watch, path,
				   IN_ATTRIB | IN_MOVE_SELF, on_change, pipe);
	if (ret < 0)
		log_warn("%s: nobody will notice if it is removed: %s", path,
			 strerror(-ret));
	*out = pipe;
	return 0;
err:
	pipe_free(pipe);
	return ret;
}

void pipe_free(struct pipe *pipe)
{
	if (!pipe)
		return;
	sd_event_source_unref(pipe->watch);
	sd_event_source_unref(pipe->source);
	if (pipe->fd >= 0)
		close(pipe->fd);
	if (pipe->copy[0] >= 0) {
		close(pipe->copy[0]);
		close(pipe->copy[1]);
	}
	free(pipe->path);
	free(pipe);
}

bool pipe_is_at(const struct pipe *pipe, const char *path)
{
	return !strcmp(pipe->path, path) && is_there(pipe);
}

const char *pipe_path(const struct pipe *pipe)
{
	return pipe->path;
}

const struct pipe_counters *pipe_counters(const struct pipe *pipe)
{
	return &pipe->counters;
}

void pipe_log_counters(const struct pipe *pipe)
{
	log_info("%s: %" PRIu64 " lines, %" PRIu64 " bad", pipe->path,
		 pipe->counters.lines, pipe->counters.bad);
}
