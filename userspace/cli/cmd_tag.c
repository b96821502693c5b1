// SPDX-License-Identifier: GPL-2.0
#include "command.h"

#include <json-c/json.h>
#include <string.h>

#include <scitag/label.h>

#include "args.h"
#include "cli.h"
#include "flow_json.h"
#include "json_util.h"
#include "mark_args.h"
#include "output.h"
#include "registry.h"

/* Longest tag with its NUL. */
#define TAG_TEXT_MAX 300

#define N(array) (sizeof(array) / sizeof((array)[0]))

static void label_text(char buf[static OUTPUT_TEXT_MAX],
		       struct json_object *object)
{
	flow_text_label_both(buf, object);
	if (!buf[0])
		snprintf(
			buf, OUTPUT_TEXT_MAX,
			"none: experiments above %u and activities above %u do not fit",
			SCITAG_LABEL_EXPERIMENT_MAX, SCITAG_LABEL_ACTIVITY_MAX);
}

static const struct output_field tag_fields[] = {
	{ .heading = "experiment", .text = flow_text_experiment_both },
	{ .heading = "activity", .text = flow_text_activity_both },
	{ .heading = "scitag.flow", .key = "scitag-flow" },
	{ .heading = "flow label", .text = label_text },
};

static const struct output_field list_fields[] = {
	{ .heading = "EXPERIMENT", .text = flow_text_experiment_both },
	{ .heading = "ACTIVITY", .text = flow_text_activity_both },
	{ .heading = "SCITAG.FLOW", .key = "scitag-flow", .right = true },
	{ .heading = "LABEL", .text = flow_text_label_both },
};

/* The label is the one without entropy; null if the ids do not fit. */
static struct json_object *tag_json(const struct tag *tag,
				    const struct registry *registry)
{
	struct json_object *object = json_object_new_object();
	struct json_object *label = NULL;

	if (!object)
		return NULL;
	if (scitag_label_fits(tag->experiment, tag->activity))
		label = json_new_u64(
			scitag_label_encode(tag->experiment, tag->activity, 0));
	flow_json_add_tag(object, tag, registry);
	json_object_object_add(object, "label", label);
	return object;
}

/* All words are one tag: names hold blanks. */
static int parse_tag(struct cli *cli, struct args *args,
		     struct request *request)
{
	char text[TAG_TEXT_MAX] = "";
	const char *word;
	size_t len = 0;

	if (!args_peek(args))
		return cli_fail(
			cli, CLI_USAGE,
			"tag what? write e.g. atlas/26, scitag:154 or label:0x10068, or --list");
	if (strcmp(args_peek(args), "--list") == 0) {
		args_take(args);
		request->list = true;
		return command_parse_none(cli, args, request);
	}
	while ((word = args_take(args)) && len < sizeof(text))
		len += snprintf(text + len, sizeof(text) - len, "%s%s",
				len ? " " : "", word);
	if (len >= sizeof(text))
		return cli_fail(cli, CLI_USAGE, "the tag is too long");
	return mark_args_tag(cli, text, &request->tag);
}

static int add_to_list(const struct tag *tag, void *data)
{
	struct cli *cli = data;

	output_list_add(cli->out, tag_json(tag, cli_registry(cli)));
	return 0;
}

static int run_tag(struct cli *cli, const struct request *request)
{
	const struct registry *registry = cli_registry(cli);

	if (!request->list) {
		output_record(cli->out, tag_fields, N(tag_fields),
			      tag_json(&request->tag, registry));
		return CLI_OK;
	}
	if (!registry)
		return cli_fail(cli, CLI_REFUSED, "%s", cli->registry_error);
	output_list_begin(cli->out, list_fields, N(list_fields));
	registry_walk(registry, add_to_list, cli);
	output_list_end(cli->out);
	return CLI_OK;
}

const struct command cmd_tag[] = {
	{ "tag", NULL, parse_tag, run_tag, true, NULL },
	{ .group = NULL },
};
