// SPDX-License-Identifier: GPL-2.0
#include "command.h"

#include <string.h>

#include "args.h"
#include "cli.h"

static const struct command *const tables[] = {
	cmd_flow,    cmd_rule,	 cmd_check, cmd_stats, cmd_status,   cmd_top,
	cmd_monitor, cmd_record, cmd_plot,  cmd_tag,   cmd_registry,
};

#define N_TABLES (sizeof(tables) / sizeof(tables[0]))

/* The first command of a group, NULL if there is no such group. */
static const struct command *find_group(const char *group)
{
	const struct command *command;
	size_t i;

	for (i = 0; i < N_TABLES; i++)
		for (command = tables[i]; command->group; command++)
			if (strcmp(command->group, group) == 0)
				return command;
	return NULL;
}

static const struct command *find_name(const struct command *first,
				       const char *name)
{
	const struct command *command;

	for (command = first; command->group; command++)
		if (strcmp(command->group, first->group) == 0 &&
		    strcmp(command->name, name) == 0)
			return command;
	return NULL;
}

/* "add, replace, ..." of a group. */
static void list_names(const struct command *first, char *buf, size_t size)
{
	const struct command *command;
	size_t len = 0;

	buf[0] = '\0';
	for (command = first; command->group && len < size; command++)
		if (strcmp(command->group, first->group) == 0)
			len += snprintf(buf + len, size - len, "%s%s",
					len ? ", " : "", command->name);
}

static int find_command(struct cli *cli, struct args *args,
			const struct command **command)
{
	const char *group = args_take(args);
	const char *name;
	char names[128];

	if (!group)
		return cli_fail(cli, CLI_USAGE,
				"no command is given: scitag --help has all of "
				"them");
	*command = find_group(group);
	if (!*command)
		return cli_fail(cli, CLI_USAGE,
				"\"%s\" is not a command: scitag --help has "
				"all of them",
				group);
	if (!(*command)->name)
		return CLI_OK;

	list_names(*command, names, sizeof(names));
	name = args_take(args);
	if (!name)
		return cli_fail(cli, CLI_USAGE, "%s what? write one of %s",
				group, names);
	*command = find_name(*command, name);
	if (!*command)
		return cli_fail(cli, CLI_USAGE,
				"\"%s %s\" is not a command: write one of %s",
				group, name, names);
	return CLI_OK;
}

int command_parse(struct cli *cli, struct args *args, struct request *request)
{
	int status;

	memset(request, 0, sizeof(*request));
	status = find_command(cli, args, &request->command);
	if (!status)
		status = request->command->parse(cli, args, request);
	return status;
}

int command_parse_none(struct cli *cli, struct args *args,
		       struct request *request)
{
	const char *word = args_take(args);

	if (!word)
		return CLI_OK;
	return cli_fail(cli, CLI_USAGE, "%s%s%s takes no more words: \"%s\"",
			request->command->group,
			request->command->name ? " " : "",
			request->command->name ? request->command->name : "",
			word);
}
