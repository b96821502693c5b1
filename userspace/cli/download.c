// SPDX-License-Identifier: GPL-2.0
#include "download.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "file.h"

#define PROGRAM "scitag-fetch"
#define WORDS_MAX 16
#define NUMBER_MAX 24

/* Exit status of the program. */
#define STATUS_NOT_MODIFIED 3

/* Where both ends of it are, [0] to read. */
struct pipes {
	int out[2];
	int err[2];
};

static int fail(struct download *download, int ret, const char *what)
{
	snprintf(download->error, sizeof(download->error), "%s: %s", what,
		 strerror(-ret));
	return ret;
}

static void close_both(const int fds[2])
{
	close(fds[0]);
	close(fds[1]);
}

static int open_pipes(struct pipes *pipes)
{
	if (pipe2(pipes->out, O_CLOEXEC))
		return -errno;
	if (pipe2(pipes->err, O_CLOEXEC)) {
		int ret = -errno;

		close_both(pipes->out);
		return ret;
	}
	return 0;
}

static int spawn(pid_t *pid, const struct pipes *pipes, const char *program,
		 char **words)
{
	posix_spawn_file_actions_t actions;
	int ret;

	ret = posix_spawn_file_actions_init(&actions);
	if (ret)
		return -ret;
	ret = posix_spawn_file_actions_adddup2(&actions, pipes->out[1], 1);
	if (!ret)
		ret = posix_spawn_file_actions_adddup2(&actions, pipes->err[1],
						       2);
	if (!ret)
		ret = posix_spawn(pid, program, &actions, NULL, words, environ);
	posix_spawn_file_actions_destroy(&actions);
	return -ret;
}

/* What it says when it fails is short enough to wait in its pipe. */
static void read_error(struct download *download, int fd)
{
	char *text = NULL;
	size_t len;

	if (file_read_fd(fd, sizeof(download->error) - 1, &text, &len))
		return;
	snprintf(download->error, sizeof(download->error), "%.*s",
		 (int)strcspn(text, "\n"), text);
	free(text);
}

/* The ETag's line, then the file. */
static int split(struct download *download, char *text, size_t len)
{
	char *end = memchr(text, '\n', len);
	size_t etag_len;

	if (!end || (size_t)(end - text) >= sizeof(download->etag)) {
		snprintf(download->error, sizeof(download->error),
			 PROGRAM " did not say what came");
		return -EPROTO;
	}
	etag_len = end - text;
	memcpy(download->etag, text, etag_len);
	download->etag[etag_len] = '\0';
	download->len = len - etag_len - 1;
	memmove(text, end + 1, download->len + 1);
	download->data = text;
	return 0;
}

/* Reads all that the program says, and waits for its end. */
static int listen_to(struct download *download, const struct pipes *pipes,
		     pid_t pid)
{
	char *text = NULL;
	size_t len;
	int status, ret;

	ret = file_read_fd(pipes->out[0], download->max + DOWNLOAD_ETAG_MAX,
			   &text, &len);
	if (ret)
		return fail(download, ret, PROGRAM);
	read_error(download, pipes->err[0]);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFEXITED(status) && WEXITSTATUS(status) == STATUS_NOT_MODIFIED)
		ret = DOWNLOAD_NOT_MODIFIED;
	else if (!WIFEXITED(status) || WEXITSTATUS(status))
		ret = -EIO;
	if (!ret)
		ret = split(download, text, len);
	else if (ret < 0 && !download->error[0])
		snprintf(download->error, sizeof(download->error),
			 PROGRAM " failed");
	if (ret)
		free(text);
	return ret;
}

static int run(struct download *download, const char *program, char **words)
{
	struct pipes pipes;
	pid_t pid;
	int ret;

	ret = open_pipes(&pipes);
	if (ret)
		return fail(download, ret, program);
	ret = spawn(&pid, &pipes, program, words);
	close(pipes.out[1]);
	close(pipes.err[1]);
	if (ret)
		fail(download, ret, program);
	else
		ret = listen_to(download, &pipes, pid);
	close(pipes.out[0]);
	close(pipes.err[0]);
	return ret;
}

int download_run(struct download *download)
{
	const char *directory = getenv("SCITAG_LIBEXEC");
	char max[NUMBER_MAX], timeout[NUMBER_MAX];
	char *words[WORDS_MAX];
	char *program;
	size_t n = 0;
	int ret;

	download->error[0] = '\0';
	if (asprintf(&program, "%s/" PROGRAM,
		     directory ? directory : SCITAG_LIBEXECDIR) < 0)
		return fail(download, -ENOMEM, PROGRAM);
	snprintf(max, sizeof(max), "%zu", download->max);
	snprintf(timeout, sizeof(timeout), "%" PRIu64, download->timeout_s);
	words[n++] = program;
	words[n++] = (char *)"--max";
	words[n++] = max;
	words[n++] = (char *)"--timeout";
	words[n++] = timeout;
	if (download->cacert) {
		words[n++] = (char *)"--cacert";
		words[n++] = (char *)download->cacert;
	}
	if (download->etag[0]) {
		words[n++] = (char *)"--etag";
		words[n++] = download->etag;
	}
	if (download->insecure)
		words[n++] = (char *)"--insecure";
	words[n++] = (char *)"--";
	words[n++] = (char *)download->url;
	words[n] = NULL;
	ret = run(download, program, words);
	free(program);
	return ret;
}
