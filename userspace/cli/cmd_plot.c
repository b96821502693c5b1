// SPDX-License-Identifier: GPL-2.0
#include "command.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/wait.h>
#include <unistd.h>

#include "args.h"
#include "cli.h"
#include "flow_args.h"
#include "plot.h"
#include "recording.h"

/*
 * Start gnuplot with its standard output going to out and its standard input
 * coming from in; unused is the other end of that. Returns 0 or -errno.
 */
static int spawn(pid_t *pid, int in, int out, int unused)
{
	/* Not what its user has in a file: the picture is the same for all. */
	char name[] = "gnuplot", defaults[] = "-d";
	char *argv[] = { name, defaults, NULL };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t set;
	int ret;

	/* Nor its language: numbers have points, and texts are UTF-8. */
	if (setenv("LC_ALL", "C.UTF-8", 1))
		return -errno;
	sigemptyset(&set);
	sigaddset(&set, SIGPIPE);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setsigdefault(&attributes, &set);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addclose(&actions, unused);
	posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	ret = posix_spawnp(pid, name, &actions, &attributes, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	return -ret;
}

static int gnuplot_status(struct cli *cli, pid_t pid, int write_error)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return cli_fail(cli, CLI_REFUSED, "gnuplot: %s",
					strerror(errno));
	/* It has said what is wrong. */
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		return cli_fail(cli, CLI_REFUSED, "gnuplot failed");
	if (write_error)
		return cli_fail(cli, CLI_REFUSED, "gnuplot: %s",
				strerror(-write_error));
	return CLI_OK;
}

/* Have gnuplot draw the recording into the file out. */
static int draw(struct cli *cli, const struct recording *recording, int out,
		bool svg)
{
	FILE *script;
	int pipe[2];
	pid_t pid;
	int ret;

	if (pipe2(pipe, O_CLOEXEC))
		return cli_fail(cli, CLI_REFUSED, "%s", strerror(errno));
	ret = spawn(&pid, pipe[0], out, pipe[1]);
	close(pipe[0]);
	if (ret) {
		close(pipe[1]);
		if (ret == -ENOENT)
			return cli_fail(
				cli, CLI_REFUSED,
				"gnuplot is not installed: apt install gnuplot-nox");
		return cli_fail(cli, CLI_REFUSED, "gnuplot: %s",
				strerror(-ret));
	}
	script = fdopen(pipe[1], "w");
	if (script) {
		ret = plot_script(script, recording, svg);
		fclose(script);
	} else {
		ret = -errno;
		close(pipe[1]);
	}
	return gnuplot_status(cli, pid, ret);
}

static bool has_ending(const char *path, const char *ending)
{
	size_t len = strlen(path);

	return len > strlen(ending) &&
	       strcasecmp(path + len - strlen(ending), ending) == 0;
}

static int copy(FILE *to, FILE *from)
{
	char buf[65536];
	size_t len;

	rewind(from);
	while ((len = fread(buf, 1, sizeof(buf), from)))
		if (fwrite(buf, 1, len, to) != len)
			return -errno;
	return ferror(from) || fflush(to) ? -errno : 0;
}

static int copy_to(struct cli *cli, const char *path, FILE *from)
{
	FILE *to = fopen(path, "we");
	int ret = to ? copy(to, from) : -errno;

	if (to && fclose(to) && !ret)
		ret = -errno;
	if (ret)
		return cli_fail(cli, CLI_REFUSED, "%s: %s", path,
				strerror(-ret));
	return CLI_OK;
}

/* A picture that is there stays as it is if there will be no new one. */
static int draw_to(struct cli *cli, const struct recording *recording,
		   const char *path)
{
	FILE *picture = tmpfile();
	int status;

	if (!picture)
		return cli_fail(cli, CLI_REFUSED, "temporary file: %s",
				strerror(errno));
	status =
		draw(cli, recording, fileno(picture), has_ending(path, ".svg"));
	if (!status)
		status = copy_to(cli, path, picture);
	fclose(picture);
	return status;
}

static int check(struct cli *cli, const struct recording *recording,
		 const struct request *request)
{
	size_t n = recording->n_flows;

	if (!n)
		return cli_fail(cli, CLI_REFUSED, "%s: no snapshots%s",
				request->path,
				request->id ? " of this flow" : "");
	if (n > PLOT_FLOWS_MAX)
		return cli_fail(
			cli, CLI_REFUSED,
			"%s: snapshots of %zu flows, and at most %d can be told apart: choose one with --flow ID",
			request->path, n, PLOT_FLOWS_MAX);
	return CLI_OK;
}

static int read_recording(struct cli *cli, struct recording *recording,
			  const struct request *request)
{
	const char *path = request->path;
	char error[RECORDING_ERROR_MAX];
	FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	const char *separator;
	int ret;

	memset(recording, 0, sizeof(*recording));
	if (!file)
		return cli_fail(cli, CLI_REFUSED, "%s: %s", path,
				strerror(errno));
	ret = recording_read(recording, file, request->id, error);
	if (file != stdin)
		fclose(file);
	/* FILE:LINE: text, or FILE: text */
	separator = ret == -EINVAL ? ":" : ": ";
	if (ret)
		return cli_fail(cli, CLI_REFUSED, "%s%s%s", path, separator,
				error);
	return check(cli, recording, request);
}

/* "dir/run.jsonl" becomes "dir/run.png", in memory to be freed; or NULL. */
static char *default_output(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *dot = strrchr(slash ? slash : path, '.');
	size_t len = dot ? (size_t)(dot - path) : strlen(path);
	char *output;

	return asprintf(&output, "%.*s.png", (int)len, path) < 0 ? NULL :
								   output;
}

static int run_plot(struct cli *cli, const struct request *request)
{
	const char *output = request->output;
	struct recording recording;
	char *path = NULL;
	int status;

	/* gnuplot may end before it has read all. */
	signal(SIGPIPE, SIG_IGN);
	if (!output)
		output = path = default_output(request->path);
	if (!output)
		return cli_fail(cli, CLI_REFUSED, "%s", strerror(ENOMEM));
	status = read_recording(cli, &recording, request);
	if (!status)
		status = draw_to(cli, &recording, output);
	recording_exit(&recording);
	free(path);
	return status;
}

static int parse_output(struct cli *cli, struct args *args,
			struct request *request)
{
	bool there = args_take_value(args, "--output", &request->output);

	if (!there)
		return CLI_OK;
	if (!request->output)
		return cli_fail(cli, CLI_USAGE, "--output: write a file");
	if (has_ending(request->output, ".png") ||
	    has_ending(request->output, ".svg"))
		return CLI_OK;
	return cli_fail(cli, CLI_USAGE,
			"--output: \"%s\" ends neither in .png nor in .svg",
			request->output);
}

static int parse_plot(struct cli *cli, struct args *args,
		      struct request *request)
{
	int status;

	status = parse_output(cli, args, request);
	if (!status)
		status = flow_args_option(cli, args, &request->id);
	if (status)
		return status;
	request->path = args_take(args);
	if (!request->path)
		return cli_fail(cli, CLI_USAGE,
				"plot which file? one of scitag record");
	/* Its name gives that of the picture, which must not be its own. */
	if (!request->output && (strcmp(request->path, "-") == 0 ||
				 has_ending(request->path, ".png")))
		return cli_fail(cli, CLI_USAGE,
				"where to? write --output and a file");
	return command_parse_none(cli, args, request);
}

const struct command cmd_plot[] = {
	{ "plot", NULL, parse_plot, run_plot, false, NULL },
	{ .group = NULL },
};
