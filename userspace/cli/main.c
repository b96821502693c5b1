// SPDX-License-Identifier: GPL-2.0
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "args.h"
#include "batch.h"
#include "cli.h"
#include "command.h"
#include "help.h"
#include "output.h"

/* What the options of the command line say. */
struct options {
	bool json;
	bool help;
	bool version;
	const char *batch;
	const char *registry;
};

static const struct option long_options[] = {
	{ "batch", required_argument, NULL, 'b' },
	{ "help", no_argument, NULL, 'h' },
	{ "json", no_argument, NULL, 'j' },
	{ "registry", required_argument, NULL, 'r' },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 },
};

/* Options before the command. Returns CLI_OK or CLI_USAGE. */
static int parse_options(struct options *options, int argc, char **argv)
{
	int c;

	while ((c = getopt_long(argc, argv, "+b:hjr:V", long_options, NULL)) !=
	       -1) {
		switch (c) {
		case 'b':
			options->batch = optarg;
			break;
		case 'h':
			options->help = true;
			break;
		case 'j':
			options->json = true;
			break;
		case 'r':
			options->registry = optarg;
			break;
		case 'V':
			options->version = true;
			break;
		default:
			/* getopt_long() said what is wrong. */
			return CLI_USAGE;
		}
	}
	return CLI_OK;
}

/* --json and --help are taken behind the command, too. */
static void take_late_options(struct options *options, struct args *args)
{
	size_t i, kept = 0;

	for (i = 0; i < args->n; i++) {
		if (strcmp(args->words[i], "--json") == 0)
			options->json = true;
		else if (strcmp(args->words[i], "--help") == 0 ||
			 strcmp(args->words[i], "-h") == 0)
			options->help = true;
		else
			args->words[kept++] = args->words[i];
	}
	args->n = kept;
}

/* Without a command that is known, the error says where they all are. */
static void print_error(struct cli *cli, int status, const char *group)
{
	fprintf(cli->err, "scitag: %s\n", cli->error);
	if (status == CLI_USAGE && help_text(group) != help_text(NULL))
		fprintf(cli->err, "scitag: try scitag %s --help\n", group);
}

static int run_command(struct cli *cli, struct args *args)
{
	const char *group = args_peek(args);
	struct request request;
	int status;

	status = command_parse(cli, args, &request);
	if (cli->advice[0])
		fprintf(cli->err, "warning: %s\n", cli->advice);
	if (!status)
		status = request.command->run(cli, &request);
	if (cli->warning[0])
		fprintf(cli->err, "warning: %s\n", cli->warning);
	if (status)
		print_error(cli, status, group);
	return status;
}

static int run(struct cli *cli, const struct options *options,
	       struct args *args)
{
	cli->registry_path = options->registry;
	output_set_json(cli->out, options->json);
	/* A registry that was asked for has to be a good one. */
	if (options->registry && !cli_registry(cli)) {
		fprintf(cli->err, "scitag: %s\n", cli->registry_error);
		return CLI_REFUSED;
	}
	if (!options->batch)
		return run_command(cli, args);
	if (!args_peek(args))
		return batch_file(cli, options->batch);
	cli_fail(cli, CLI_USAGE, "--batch takes no command beside it: \"%s\"",
		 args_peek(args));
	print_error(cli, CLI_USAGE, NULL);
	return CLI_USAGE;
}

int main(int argc, char **argv)
{
	struct options options = { .json = false };
	struct args args;
	struct cli cli;
	int status, ret;

	if (parse_options(&options, argc, argv))
		return CLI_USAGE;
	args = (struct args){ .words = argv + optind, .n = argc - optind };
	take_late_options(&options, &args);
	if (options.version) {
		puts("scitag " SCITAG_VERSION);
		return CLI_OK;
	}
	if (options.help) {
		fputs(help_text(args_peek(&args)), stdout);
		return CLI_OK;
	}

	status = cli_init(&cli, stdout, stderr);
	if (!status)
		status = run(&cli, &options, &args);
	/* After a refusal its text has it, if it is the reason. */
	if (!status)
		cli_warn_registry(&cli);
	ret = cli.out ? output_finish(cli.out) : 0;
	if (ret && !status) {
		fprintf(stderr, "scitag: output: %s\n", strerror(-ret));
		status = CLI_REFUSED;
	}
	cli_exit(&cli);
	return status;
}
