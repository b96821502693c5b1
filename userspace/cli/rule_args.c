// SPDX-License-Identifier: GPL-2.0
#include "rule_args.h"

#include <pwd.h>
#include <stdio.h>
#include <string.h>

#include "args.h"
#include "cli.h"
#include "keywords.h"
#include "mark_args.h"
#include "number.h"

#define CONDITIONS                                                \
	(KW_BIT(KW_PROTO) | KW_BIT(KW_SRC) | KW_BIT(KW_SPORT) |   \
	 KW_BIT(KW_DST) | KW_BIT(KW_DPORT) | KW_BIT(KW_PORT) |    \
	 KW_BIT(KW_UID) | KW_BIT(KW_CGROUP) | KW_BIT(KW_FWMARK) | \
	 KW_BIT(KW_OIF))
#define RULE_SET                                                             \
	(CONDITIONS | MARK_ARGS_SET | KW_BIT(KW_PRIORITY) | KW_BIT(KW_ALL) | \
	 KW_BIT(KW_EXCLUDE))

/* Longest first half of a value ("4294967295-..." and the like). */
#define HALF_MAX 64

/* Where cgroups are mounted; the kernel's paths begin behind it. */
#define CGROUP_MOUNT "/sys/fs/cgroup"

/*
 * Split a value at the first separator, which gives NULL as second half if it
 * is not there. Returns 0, or -1 if the first half is too long for one.
 */
static int split(char first[static HALF_MAX], const char **second,
		 const char *text, char separator)
{
	size_t len = strcspn(text, (char[]){ separator, '\0' });

	if (len >= HALF_MAX)
		return -1;
	memcpy(first, text, len);
	first[len] = '\0';
	*second = text[len] ? text + len + 1 : NULL;
	return 0;
}

static int parse_prefix(struct cli *cli, const struct keywords *keywords,
			enum keyword keyword, struct prefix *prefix)
{
	const char *text = keywords->value[keyword];
	char error[PREFIX_ERROR_MAX];

	if (!text || !prefix_parse(prefix, text, error))
		return CLI_OK;
	return cli_fail(cli, CLI_USAGE, "%s: %s", keyword_name(keyword), error);
}

static int parse_ports(struct cli *cli, const struct keywords *keywords,
		       enum keyword keyword, struct port_range *range)
{
	const char *text = keywords->value[keyword];
	char min[HALF_MAX];
	const char *max;

	if (!text)
		return CLI_OK;
	if (split(min, &max, text, '-') || port_parse(&range->min, min) ||
	    port_parse(&range->max, max ? max : min) || range->min > range->max)
		return cli_fail(
			cli, CLI_USAGE,
			"%s: \"%s\" is neither a port (1..65535) nor a range of them (5201-5210)",
			keyword_name(keyword), text);
	return CLI_OK;
}

/* Two numbers. False if it is not that; names may have a "-", too. */
static bool parse_uid_range(const char *text, struct rule_spec *spec)
{
	uint64_t n_min, n_max;
	char min[HALF_MAX];
	const char *max;

	/* The last number stands for nobody at all. */
	if (split(min, &max, text, '-') ||
	    decimal_parse(&n_min, min, UINT32_MAX - 1) ||
	    decimal_parse(&n_max, max ? max : min, UINT32_MAX - 1) ||
	    n_min > n_max)
		return false;
	spec->uid_min = n_min;
	spec->uid_max = n_max;
	return true;
}

static int parse_uid(struct cli *cli, const char *text, struct rule_spec *spec)
{
	const struct passwd *user;

	if (!text)
		return CLI_OK;
	spec->has_uid = true;
	if (parse_uid_range(text, spec))
		return CLI_OK;
	user = getpwnam(text);
	if (!user)
		return cli_fail(
			cli, CLI_USAGE,
			"uid: \"%s\" is not a number, a range of them (1000-1999), or the name of a user here",
			text);
	spec->uid_min = user->pw_uid;
	spec->uid_max = user->pw_uid;
	return CLI_OK;
}

static int parse_fwmark(struct cli *cli, const char *text,
			struct rule_spec *spec)
{
	uint64_t value, mask = UINT32_MAX;
	char value_text[HALF_MAX];
	const char *mask_text;

	if (!text)
		return CLI_OK;
	if (split(value_text, &mask_text, text, '/') ||
	    number_parse(&value, value_text, UINT32_MAX) ||
	    (mask_text && number_parse(&mask, mask_text, UINT32_MAX)))
		return cli_fail(
			cli, CLI_USAGE,
			"fwmark: \"%s\" is not a number of 32 bits, or two as VALUE/MASK",
			text);
	if (value & ~mask)
		return cli_fail(
			cli, CLI_USAGE,
			"fwmark: \"%s\" never matches: the value has bits that the mask has not",
			text);
	spec->has_fwmark = true;
	spec->fwmark = value;
	spec->fwmask = mask;
	return CLI_OK;
}

static int parse_string(struct cli *cli, enum keyword keyword, const char *text,
			char *buf, size_t size)
{
	if (!text)
		return CLI_OK;
	if (!text[0] || strlen(text) >= size)
		return cli_fail(cli, CLI_USAGE,
				"%s: \"%s\" is empty or longer than %zu octets",
				keyword_name(keyword), text, size - 1);
	strcpy(buf, text);
	return CLI_OK;
}

static int parse_cgroup(struct cli *cli, const char *text,
			struct rule_spec *spec)
{
	size_t mount = strlen(CGROUP_MOUNT);

	if (text && strncmp(text, CGROUP_MOUNT "/", mount + 1) == 0)
		text += mount;
	return parse_string(cli, KW_CGROUP, text, spec->cgroup,
			    sizeof(spec->cgroup));
}

/* Conditions that the headers of a packet meet. */
static int parse_packet(struct cli *cli, const struct keywords *keywords,
			struct rule_spec *spec)
{
	const char *proto = keywords->value[KW_PROTO];
	int status;

	if (proto && protocol_parse(&spec->protocol, proto))
		return cli_fail(cli, CLI_USAGE,
				"proto: \"%s\" is neither tcp nor udp", proto);
	status = parse_prefix(cli, keywords, KW_SRC, &spec->src);
	if (!status)
		status = parse_prefix(cli, keywords, KW_DST, &spec->dst);
	if (!status)
		status = parse_ports(cli, keywords, KW_SPORT, &spec->sport);
	if (!status)
		status = parse_ports(cli, keywords, KW_DPORT, &spec->dport);
	if (!status)
		status = parse_ports(cli, keywords, KW_PORT, &spec->port);
	if (!status && spec->src.addr.family && spec->dst.addr.family &&
	    spec->src.addr.family != spec->dst.addr.family)
		status = cli_fail(cli, CLI_USAGE,
				  "one of src and dst is IPv4, the other IPv6");
	return status;
}

static int parse_conditions(struct cli *cli, const struct keywords *keywords,
			    struct rule_spec *spec)
{
	int status;

	if (keywords->value[KW_ALL] && keywords_any(keywords, CONDITIONS))
		return cli_fail(cli, CLI_USAGE,
				"all is a rule without conditions");
	status = parse_packet(cli, keywords, spec);
	if (!status)
		status = parse_uid(cli, keywords->value[KW_UID], spec);
	if (!status)
		status = parse_cgroup(cli, keywords->value[KW_CGROUP], spec);
	if (!status)
		status = parse_fwmark(cli, keywords->value[KW_FWMARK], spec);
	if (!status)
		status = parse_string(cli, KW_OIF, keywords->value[KW_OIF],
				      spec->oif, sizeof(spec->oif));
	return status;
}

static int parse_priority(struct cli *cli, const char *text,
			  struct rule_spec *spec)
{
	uint64_t n;

	if (!text)
		return CLI_OK;
	if (decimal_parse(&n, text, UINT32_MAX))
		return cli_fail(cli, CLI_USAGE,
				"priority: \"%s\" is not a number of 0..%u",
				text, UINT32_MAX);
	spec->priority = n;
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
