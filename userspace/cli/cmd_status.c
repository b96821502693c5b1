// SPDX-License-Identifier: GPL-2.0
#include "command.h"

#include <errno.h>
#include <json-c/json.h>
#include <json-c/json_pointer.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "args.h"
#include "cli.h"
#include "daemon_json.h"
#include "genl.h"
#include "json_util.h"
#include "output.h"
#include "paths.h"
#include "status_json.h"

#define N(array) (sizeof(array) / sizeof((array)[0]))

static void problems_text(char buf[static OUTPUT_TEXT_MAX],
			  struct json_object *object)
{
	struct json_object *list;
	size_t used = 0, i;

	json_object_object_get_ex(object, "problems", &list);
	for (i = 0;
	     i < json_object_array_length(list) && used < OUTPUT_TEXT_MAX; i++)
		used += snprintf(buf + used, OUTPUT_TEXT_MAX - used, "%s%s",
				 i ? "\n" : "",
				 json_object_get_string(
					 json_object_array_get_idx(list, i)));
}

static const struct output_field fields[] = {
	{ .heading = "namespace", .key = "namespace" },
	{ .heading = "marks", .text = status_text_marks },
	{ .heading = "module version", .key = "/module/version" },
	{ .heading = "flows", .key = "/module/flows" },
	{ .heading = "most flows", .key = "/module/max-flows" },
	{ .heading = "hooked", .text = status_text_hooked },
	{ .heading = "rules", .key = "/module/rules" },
	{ .heading = "most rules", .key = "/module/max-rules" },
	{ .heading = "packets", .text = status_text_packets },
	{ .heading = "untracked packets", .key = "/module/untracked" },
	{ .heading = "ends of connections seen", .text = status_text_tracing },
	{ .heading = "daemon", .text = daemon_text_state },
	{ .heading = "its flows", .text = daemon_text_flows },
	{ .heading = "its pipes", .text = daemon_text_pipes },
	{ .heading = "its receivers", .text = daemon_text_receivers },
	{ .heading = "its collectors", .text = daemon_text_collectors },
	{ .heading = "its fireflies", .text = daemon_text_fireflies },
	{ .heading = "its latest messages", .text = daemon_text_messages },
	{ .heading = "problems", .text = problems_text },
};

/* Everything that is looked at, and the worst that was found. */
struct report {
	struct cli *cli;
	struct json_object *object;
	struct json_object *problems;
	int status;
};

static void problem(struct report *report, int status, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The first of them is what the command fails with. */
static void problem(struct report *report, int status, const char *format, ...)
{
	char text[CLI_ERROR_MAX];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	json_append(report->problems, json_object_new_string(text));
	if (!report->status)
		report->status = cli_fail(report->cli, status, "%s", text);
}

static void look_at_namespace(struct report *report)
{
	struct stat st;

	if (!stat("/proc/self/ns/net", &st))
		json_add(report->object, "namespace", json_new_u64(st.st_ino));
}

/* IPv4 has no place for a mark. */
static void look_at_marks(struct report *report, bool module)
{
	static const char *const marks[] = { "label", "hbh", "do" };
	struct json_object *list = json_object_new_array();
	bool ipv6 = access("/proc/net/if_inet6", F_OK) == 0;
	size_t i;

	for (i = 0; i < N(marks) && module && ipv6; i++)
		json_append(list, json_object_new_string(marks[i]));
	json_add(report->object, "marks", list);
	if (!ipv6)
		problem(report, CLI_REFUSED,
			"this kernel runs without IPv6, and IPv4 has no place "
			"for marks: see ipv6.disable on the kernel's command "
			"line");
}

static struct json_object *module_json(const struct genl_status *state,
				       const struct genl_stats *stats)
{
	struct json_object *object = status_json_new(state);

	json_add(object, "packets", status_json_packets(stats));
	return object;
}

/* Is it there? */
static bool look_at_module(struct report *report)
{
	struct cli *cli = report->cli;
	struct json_object *module = NULL;
	int status = cli_connect(cli);
	struct genl_status state;
	struct genl_stats stats;

	if (!status)
		status = cli_genl_status(cli,
					 genl_status_get(cli->genl, &state));
	if (!status)
		status =
			cli_genl_status(cli, genl_stats_get(cli->genl, &stats));
	if (status) {
		char error[CLI_ERROR_MAX];

		snprintf(error, sizeof(error), "%s", cli->error);
		problem(report, status, "%s", error);
	} else {
		module = module_json(&state, &stats);
	}
	json_add(report->object, "module", module);
	if (module && state.flows >= state.max_flows)
		problem(report, CLI_REFUSED,
			"the table of flows is full: raise "
			"/sys/module/scitag/parameters/max_flows");
	return module;
}

static void not_asked(struct report *report, int ret, const char *path)
{
	if (ret == -ENOENT || ret == -ECONNREFUSED)
		problem(report, CLI_REFUSED,
			"the daemon is not running, or answers elsewhere than "
			"on %s: systemctl start scitagd, or --no-daemon",
			path);
	else if (ret == -EACCES)
		problem(report, CLI_REFUSED,
			"the daemon answers root and members of the group "
			"scitagd only: sudo scitag status, or --no-daemon");
	else if (ret == -EAGAIN)
		problem(report, CLI_REFUSED,
			"the daemon does not answer: journalctl -u scitagd, "
			"systemctl restart scitagd");
	else
		problem(report, CLI_REFUSED,
			"the daemon cannot be asked on %s: %s", path,
			strerror(-ret));
}

/* What its checks say that is not "ok". */
static void look_at_health(struct report *report, struct json_object *daemon)
{
	struct json_object *checks = NULL;
	struct json_object_iterator it, end;

	if (json_pointer_get(daemon, "/health/checks", &checks) ||
	    !json_object_is_type(checks, json_type_object))
		return;
	end = json_object_iter_end(checks);
	for (it = json_object_iter_begin(checks);
	     !json_object_iter_equal(&it, &end); json_object_iter_next(&it)) {
		const char *text = json_object_get_string(
			json_object_iter_peek_value(&it));

		if (text && strcmp(text, "ok") != 0)
			problem(report, CLI_REFUSED,
				"the daemon says: %s (journalctl -u scitagd)",
				text);
	}
}

static void look_at_daemon(struct report *report, const char *path)
{
	struct json_object *daemon = NULL;
	int ret = daemon_json_get(&daemon, path);

	if (ret)
		not_asked(report, ret, path);
	else
		look_at_health(report, daemon);
	json_add(report->object, "daemon", daemon);
}

static int run_status(struct cli *cli, const struct request *request)
{
	struct report report = {
		.cli = cli,
		.object = json_object_new_object(),
		.problems = json_object_new_array(),
	};

	look_at_namespace(&report);
	look_at_marks(&report, look_at_module(&report));
	if (!request->no_daemon)
		look_at_daemon(&report, request->path);
	json_add(report.object, "problems", report.problems);
	output_record(cli->out, fields, N(fields), report.object);
	return report.status;
}

static int parse_status(struct cli *cli, struct args *args,
			struct request *request)
{
	request->path = PATHS_HTTP_SOCKET;
	if (args_take_value(args, "--socket", &request->path) && !request->path)
		return cli_fail(cli, CLI_USAGE, "--socket: write a path");
	request->no_daemon =
		args_take_option(args, "--no-daemon", "--no-daemon");
	return command_parse_none(cli, args, request);
}

const struct command cmd_status[] = {
	{ "status", NULL, parse_status, run_status, true, NULL },
	{ .group = NULL },
};
