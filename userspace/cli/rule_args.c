// SPDX-License-Identifier: GPL-2.0
#include "rule_args.h"

#include <string.h>

#include "args.h"
#include "cli.h"
#include "keywords.h"
#include "mark_args.h"

#define CONDITIONS                                                \
	(KW_BIT(KW_PROTO) | KW_BIT(KW_SRC) | KW_BIT(KW_SPORT) |   \
	 KW_BIT(KW_DST) | KW_BIT(KW_DPORT) | KW_BIT(KW_PORT) |    \
	 KW_BIT(KW_UID) | KW_BIT(KW_CGROUP) | KW_BIT(KW_FWMARK) | \
	 KW_BIT(KW_OIF))
#define RULE_SET                                                             \
	(CONDITIONS | MARK_ARGS_SET | KW_BIT(KW_PRIORITY) | KW_BIT(KW_ALL) | \
	 KW_BIT(KW_EXCLUDE))

static const enum keyword conditions[] = {
	KW_PROTO, KW_SRC, KW_SPORT,  KW_DST,	KW_DPORT,
	KW_PORT,  KW_UID, KW_CGROUP, KW_FWMARK, KW_OIF,
};

#define N_CONDITIONS (sizeof(conditions) / sizeof(conditions[0]))

static int fail(struct cli *cli, enum keyword keyword, const char *error)
{
	return cli_fail(cli, CLI_USAGE, "%s: %s", keyword_name(keyword), error);
}

static int parse_conditions(struct cli *cli, const struct keywords *keywords,
			    struct rule_spec *spec)
{
	char error[RULE_ERROR_MAX];
	size_t i;

	if (keywords->value[KW_ALL] && keywords_any(keywords, CONDITIONS))
		return cli_fail(cli, CLI_USAGE,
				"all is a rule without conditions");
	for (i = 0; i < N_CONDITIONS; i++) {
		const char *text = keywords->value[conditions[i]];

		if (text &&
		    rule_condition_parse(spec, keyword_name(conditions[i]),
					 text, error))
			return fail(cli, conditions[i], error);
	}
	if (rule_check(spec, error))
		return cli_fail(cli, CLI_USAGE, "%s", error);
	return CLI_OK;
}

static int parse_priority(struct cli *cli, const char *text,
			  struct rule_spec *spec)
{
	char error[RULE_ERROR_MAX];

	if (text && rule_priority_parse(spec, text, error))
		return fail(cli, KW_PRIORITY, error);
	return CLI_OK;
}

/* What becomes of packets that match. */
static int parse_action(struct cli *cli, const struct keywords *keywords,
			struct rule_spec *spec)
{
	int status;

	spec->exclude = keywords->value[KW_EXCLUDE];
	if (!spec->exclude) {
		spec->flow.key.protocol = spec->protocol;
		status = mark_args(cli, keywords, &spec->flow);
		if (status || spec->flow.idle_timeout)
			return status;
		return cli_fail(
			cli, CLI_USAGE,
			"idle-timeout: flows of a rule always age; leave it out for the time of the module");
	}
	if (keywords_any(keywords, MARK_ARGS_SET))
		return cli_fail(
			cli, CLI_USAGE,
			"exclude leaves packets alone: write no tag or mark beside it");
	return CLI_OK;
}

int rule_args(struct cli *cli, struct args *args, struct rule_spec *spec)
{
	struct keywords keywords;
	int status;

	memset(spec, 0, sizeof(*spec));
	status = keywords_take(cli, args, &keywords, RULE_SET);
	if (!status)
		status = parse_priority(cli, keywords.value[KW_PRIORITY], spec);
	if (!status)
		status = parse_conditions(cli, &keywords, spec);
	if (!status)
		status = parse_action(cli, &keywords, spec);
	return status;
}
