// SPDX-License-Identifier: GPL-2.0
#include "mark_args.h"

#include <errno.h>
#include <stdio.h>

#include <scitag/label.h>
#include <scitag/option.h>

#include "cli.h"
#include "number.h"
#include "registry.h"

/* A name that is not known is refused; all else is a mistake in the command. */
static int tag_status(struct cli *cli, int ret, const char *keyword,
		      const char *error)
{
	const char *colon = keyword[0] ? ": " : "";

	if (!ret)
		return CLI_OK;
	if (ret != -ENOENT)
		return cli_fail(cli, CLI_USAGE, "%s%s%s", keyword, colon,
				error);
	if (cli->registry)
		return cli_fail(cli, CLI_REFUSED,
				"%s%s%s (scitag tag --list shows what is)",
				keyword, colon, error);
	return cli_fail(cli, CLI_REFUSED, "%s%s%s (%s)", keyword, colon, error,
			cli->registry_error);
}

int mark_args_tag(struct cli *cli, const char *text, struct tag *tag)
{
	char error[TAG_ERROR_MAX];
	int ret;

	/* Numbers need no registry, and there may be none. */
	ret = tag_parse(tag, NULL, text, error);
	if (ret == -ENOENT)
		ret = tag_parse(tag, cli_registry(cli), text, error);
	return tag_status(cli, ret, "", error);
}

static int parse_ids(struct cli *cli, const struct keywords *keywords,
		     struct tag *tag)
{
	const struct registry *registry = cli_registry(cli);
	char error[TAG_ERROR_MAX];
	int ret;

	ret = tag_parse_experiment(&tag->experiment, registry,
				   keywords->value[KW_EXPERIMENT], error);
	if (ret)
		return tag_status(cli, ret, "experiment", error);
	ret = tag_parse_activity(&tag->activity, registry, tag->experiment,
				 keywords->value[KW_ACTIVITY], error);
	return tag_status(cli, ret, "activity", error);
}

static int parse_tag(struct cli *cli, const struct keywords *keywords,
		     struct flow_spec *spec)
{
	bool ids = keywords_any(keywords,
				KW_BIT(KW_EXPERIMENT) | KW_BIT(KW_ACTIVITY));
	const char *text = keywords->value[KW_TAG];
	struct tag tag = { 0 };
	int status;

	if (ids && text)
		return cli_fail(
			cli, CLI_USAGE,
			"give a tag, or experiment and activity, not both");
	if (!ids && !text)
		return cli_fail(cli, CLI_USAGE,
				"missing: tag (or experiment and activity)");
	if (ids) {
		status = keywords_require(cli, keywords,
					  KW_BIT(KW_EXPERIMENT) |
						  KW_BIT(KW_ACTIVITY));
		if (!status)
			status = parse_ids(cli, keywords, &tag);
	} else {
		status = mark_args_tag(cli, text, &tag);
	}
	spec->experiment = tag.experiment;
	spec->activity = tag.activity;
	return status;
}

static int parse_option_type(struct cli *cli, const char *text, int *type)
{
	uint64_t n;

	if (number_parse(&n, text, UINT8_MAX))
		return cli_fail(cli, CLI_USAGE,
				"option-type: \"%s\" is not a number of 0..255",
				text);
	if (!scitag_option_type_ok(n))
		return cli_fail(
			cli, CLI_USAGE,
			"option-type: 0x%02x is not a number below 0x20 that IANA has not assigned",
			(unsigned int)n);
	*type = n;
	return CLI_OK;
}

static int parse_mark(struct cli *cli, const struct keywords *keywords,
		      struct flow_spec *spec)
{
	const char *mark = keywords->value[KW_MARK];
	const char *layout = keywords->value[KW_LAYOUT];
	const char *type = keywords->value[KW_OPTION_TYPE];

	spec->mark = SCITAG_MARK_LABEL;
	spec->layout = FLOW_LAYOUT_DEFAULT;
	spec->option_type = FLOW_OPTION_TYPE_DEFAULT;
	if (mark && (flow_mark_parse(&spec->mark, mark) || !spec->mark))
		return cli_fail(
			cli, CLI_USAGE,
			"mark: \"%s\" is not label, hbh, do, or several of these with commas",
			mark);
	if (layout && flow_layout_parse(&spec->layout, layout))
		return cli_fail(
			cli, CLI_USAGE,
			"layout: \"%s\" is not ids, label, label4 or safe",
			layout);
	if ((layout || type) && !(spec->mark & ~SCITAG_MARK_LABEL))
		return cli_fail(
			cli, CLI_USAGE,
			"%s is for extension headers: write mark hbh or mark do, too",
			keyword_name(layout ? KW_LAYOUT : KW_OPTION_TYPE));
	if (!type)
		return CLI_OK;
	return parse_option_type(cli, type, &spec->option_type);
}

/* How it is done in the cases where there is a choice. */
static int parse_policies(struct cli *cli, const struct keywords *keywords,
			  struct flow_spec *spec)
{
	const char *entropy = keywords->value[KW_ENTROPY];
	const char *oversize = keywords->value[KW_OVERSIZE];

	spec->entropy = SCITAG_ENTROPY_CONSTANT;
	spec->oversize = SCITAG_OVERSIZE_SKIP;
	if (entropy && flow_entropy_parse(&spec->entropy, entropy))
		return cli_fail(cli, CLI_USAGE,
				"entropy: \"%s\" is not constant, none or hash",
				entropy);
	if (oversize && flow_oversize_parse(&spec->oversize, oversize))
		return cli_fail(
			cli, CLI_USAGE,
			"oversize: \"%s\" is not skip, fragment or emsgsize",
			oversize);
	return CLI_OK;
}

static int parse_seconds(struct cli *cli, const struct keywords *keywords,
			 enum keyword keyword, int64_t *seconds)
{
	const char *text = keywords->value[keyword];
	uint64_t n;

	if (!text)
		return CLI_OK;
	if (decimal_parse(&n, text, FLOW_TIMEOUT_MAX))
		return cli_fail(
			cli, CLI_USAGE,
			"%s: \"%s\" is not a number of seconds (1..%d, or 0 for never)",
			keyword_name(keyword), text, FLOW_TIMEOUT_MAX);
	*seconds = n;
	return CLI_OK;
}

static int parse_timeouts(struct cli *cli, const struct keywords *keywords,
			  struct flow_spec *spec)
{
	int64_t hard = 0;
	int status;

	spec->idle_timeout = FLOW_TIMEOUT_DEFAULT;
	status = parse_seconds(cli, keywords, KW_IDLE_TIMEOUT,
			       &spec->idle_timeout);
	if (!status)
		status = parse_seconds(cli, keywords, KW_HARD_TIMEOUT, &hard);
	spec->hard_timeout = hard;
	return status;
}

/* Ids that are too large for a label are refused, never cut. */
static int check_fit(struct cli *cli, const struct flow_spec *spec)
{
	bool label = spec->mark & SCITAG_MARK_LABEL ||
		     spec->layout == SCITAG_LAYOUT_LABEL ||
		     spec->layout == SCITAG_LAYOUT_LABEL4;

	if (!label || scitag_label_fits(spec->experiment, spec->activity))
		return CLI_OK;
	return cli_fail(
		cli, CLI_USAGE,
		"%u/%u does not fit into a flow label (0..%u/0..%u): write mark hbh or mark do, with layout ids or safe",
		spec->experiment, spec->activity, SCITAG_LABEL_EXPERIMENT_MAX,
		SCITAG_LABEL_ACTIVITY_MAX);
}

/* For those who read an older layout it is what they need, so no error. */
static void advise(struct cli *cli, const struct flow_spec *spec)
{
	if (flow_layout_is_unsafe(spec->key.protocol, spec->mark, spec->layout))
		snprintf(
			cli->advice, sizeof(cli->advice),
			"layout %s in Destination Options stalls TCP connections behind Linux routers: leave layout out, or write layout safe",
			flow_layout_name(spec->layout));
}

int mark_args(struct cli *cli, const struct keywords *keywords,
	      struct flow_spec *spec)
{
	int status;

	status = parse_tag(cli, keywords, spec);
	if (!status)
		status = parse_mark(cli, keywords, spec);
	if (!status)
		status = parse_policies(cli, keywords, spec);
	if (!status)
		status = parse_timeouts(cli, keywords, spec);
	if (!status)
		status = snapshot_args(cli, keywords, spec);
	if (!status)
		status = check_fit(cli, spec);
	if (!status)
		advise(cli, spec);
	return status;
}
