// SPDX-License-Identifier: GPL-2.0
/*
 * Files of rules. One that is taken fits into its message, and is printed as a
 * line that says the same.
 */
#include <json-c/json.h>

#include "cli.h"
#include "lines.h"
#include "output.h"
#include "rule_args.h"
#include "rule_json.h"
#include "rulemsg.h"
#include "text.h"

/* Behind flow.h, which says why. */
#include <netlink/msg.h>

static struct cli *the_cli(void)
{
	static struct cli cli;

	if (cli.err)
		return &cli;
	cli.err = fopen("/dev/null", "we");
	require(cli.err);
	require(!cli_init(&cli, cli.err, cli.err));
	return &cli;
}

static int take_line(struct cli *cli, struct args *args, unsigned int number,
		     void *data)
{
	(void)number;
	return rule_args(cli, args, data);
}

/* The caller's to free. */
static char *print(const struct rule_spec *spec)
{
	const struct rule_state state = { .spec = *spec };
	struct output *out;
	char *text;
	size_t len;
	FILE *file = open_memstream(&text, &len);

	require(file);
	out = output_new(file);
	require(out);
	output_lines_begin(out, rule_fields, n_rule_fields);
	output_list_add(out, rule_json_new(&state, NULL));
	output_list_end(out);
	require(!output_finish(out));
	output_free(out);
	fclose(file);
	require(strchr(text, '\n') == text + len - 1);
	return text;
}

static void check_spec(const struct rule_spec *spec)
{
	struct nl_msg *msg = nlmsg_alloc_size(NLMSG_HDRLEN + RULEMSG_SIZE);
	char *text = print(spec), *copy = strdup(text), *text_again;
	struct rule_spec again;

	require(msg && copy && nlmsg_put(msg, 0, 0, 0, 0, 0));
	require(!rulemsg_put(msg, spec));
	nlmsg_free(msg);
	require(!lines_parse(the_cli(), "again", copy, strlen(copy), take_line,
			     &again));
	text_again = print(&again);
	require(!strcmp(text, text_again));
	free(text_again);
	free(copy);
	free(text);
}

static int check_line(struct cli *cli, struct args *args, unsigned int number,
		      void *data)
{
	struct rule_spec spec;
	int status = rule_args(cli, args, &spec);

	(void)number;
	(void)data;
	if (!status)
		check_spec(&spec);
	return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	require(text);
	memcpy(text, data, size);
	text[size] = '\0';
	lines_parse(the_cli(), "fuzz", text, size, check_line, NULL);
	free(text);
	return 0;
}
