// SPDX-License-Identifier: GPL-2.0
#include "flow_args.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include <scitag/label.h>
#include <scitag/option.h>

#include "args.h"
#include "cli.h"
#include "number.h"
#include "registry.h"

enum {
	PROTO,
	SRC,
	SPORT,
	DST,
	DPORT,
	TAG,
	EXPERIMENT,
	ACTIVITY,
	MARK,
	LAYOUT,
	OPTION_TYPE,
	ID,
	N_KEYWORDS,
};

static const char *const keywords[N_KEYWORDS] = {
	[PROTO] = "proto",
	[SRC] = "src",
	[SPORT] = "sport",
	[DST] = "dst",
	[DPORT] = "dport",
	[TAG] = "tag",
	[EXPERIMENT] = "experiment",
	[ACTIVITY] = "activity",
	[MARK] = "mark",
	[LAYOUT] = "layout",
	[OPTION_TYPE] = "option-type",
	[ID] = "id",
};

#define BIT(n) (1u << (n))
#define KEY_SET (BIT(PROTO) | BIT(SRC) | BIT(SPORT) | BIT(DST) | BIT(DPORT))
#define SPEC_SET (BIT(ID) - 1)
#define NAME_SET (KEY_SET | BIT(ID))

/* Longest "label 0x30038". */
#define TWO_WORDS_MAX 64

/* Values of keywords as they were given; NULL if not. */
struct values {
	const char *value[N_KEYWORDS];
	char tag[TWO_WORDS_MAX]; /* a tag that came as two words */
};

/* "a, b, c" of a set of keywords. */
static const char *list_keywords(unsigned int set, char *buf, size_t size)
{
	size_t len = 0;
	int i;

	buf[0] = '\0';
	for (i = 0; i < N_KEYWORDS && len < size; i++)
		if (set & BIT(i))
			len += snprintf(buf + len, size - len, "%s%s",
					len ? ", " : "", keywords[i]);
	return buf;
}

static int find_keyword(const char *word)
{
	int i;

	for (i = 0; i < N_KEYWORDS; i++)
		if (strcmp(keywords[i], word) == 0)
			break;
	return i;
}

static bool is_tag_word(const char *word)
{
	return strcasecmp(word, "scitag") == 0 ||
	       strcasecmp(word, "scitag.flow") == 0 ||
	       strcasecmp(word, "label") == 0;
}

/* "tag label 0x30038": two words are one value. */
static void join_tag(struct values *values, struct args *args)
{
	const char *word = values->value[TAG];

	if (!is_tag_word(word) || !args_peek(args))
		return;
	snprintf(values->tag, sizeof(values->tag), "%s %s", word,
		 args_take(args));
	values->value[TAG] = values->tag;
}

/* Take all words, which are keywords of a set, each once, and values. */
static int collect(struct cli *cli, struct args *args, struct values *values,
		   unsigned int set)
{
	const char *word, *value;
	char names[128];
	int i;

	memset(values, 0, sizeof(*values));
	while ((word = args_take(args))) {
		i = find_keyword(word);
		if (i == N_KEYWORDS || !(set & BIT(i)))
			return cli_fail(
				cli, CLI_USAGE,
				"\"%s\" is not a keyword here: write %s", word,
				list_keywords(set, names, sizeof(names)));
		if (values->value[i])
			return cli_fail(cli, CLI_USAGE, "%s is given twice",
					word);
		value = args_take(args);
		if (!value)
			return cli_fail(cli, CLI_USAGE, "%s has no value",
					word);
		values->value[i] = value;
		if (i == TAG)
			join_tag(values, args);
	}
	return CLI_OK;
}

/* Are all keywords of a set there? */
static int require(struct cli *cli, const struct values *values,
		   unsigned int set)
{
	char names[128];
	int i;

	for (i = 0; i < N_KEYWORDS; i++)
		if (values->value[i])
			set &= ~BIT(i);
	if (!set)
		return CLI_OK;
	return cli_fail(cli, CLI_USAGE, "missing: %s",
			list_keywords(set, names, sizeof(names)));
}

static int parse_addr(struct cli *cli, const struct values *values, int i,
		      struct addr *addr)
{
	if (addr_parse(addr, values->value[i]) == 0)
		return CLI_OK;
	return cli_fail(
		cli, CLI_USAGE,
		"%s: \"%s\" is not an IP address (ports and names go elsewhere)",
		keywords[i], values->value[i]);
}

static int parse_port(struct cli *cli, const struct values *values, int i,
		      uint16_t *port)
{
	if (port_parse(port, values->value[i]) == 0)
		return CLI_OK;
	return cli_fail(cli, CLI_USAGE, "%s: \"%s\" is not a port (1..65535)",
			keywords[i], values->value[i]);
}

static int parse_key(struct cli *cli, const struct values *values,
		     struct flow_key *key)
{
	int status;

	status = require(cli, values, KEY_SET);
	if (status)
		return status;
	memset(key, 0, sizeof(*key));
	if (protocol_parse(&key->protocol, values->value[PROTO]))
		return cli_fail(cli, CLI_USAGE,
				"proto: \"%s\" is neither tcp nor udp",
				values->value[PROTO]);
	status = parse_addr(cli, values, SRC, &key->src);
	if (!status)
		status = parse_addr(cli, values, DST, &key->dst);
	if (!status)
		status = parse_port(cli, values, SPORT, &key->sport);
	if (!status)
		status = parse_port(cli, values, DPORT, &key->dport);
	if (!status && key->src.family != key->dst.family)
		status = cli_fail(cli, CLI_USAGE,
				  "one of src and dst is IPv4, the other IPv6");
	return status;
}

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

int flow_args_tag(struct cli *cli, const char *text, struct tag *tag)
{
	char error[TAG_ERROR_MAX];
	int ret;

	/* Numbers need no registry, and there may be none. */
	ret = tag_parse(tag, NULL, text, error);
	if (ret == -ENOENT)
		ret = tag_parse(tag, cli_registry(cli), text, error);
	return tag_status(cli, ret, "", error);
}

static int parse_ids(struct cli *cli, const struct values *values,
		     struct tag *tag)
{
	const struct registry *registry = cli_registry(cli);
	char error[TAG_ERROR_MAX];
	int ret;

	ret = tag_parse_experiment(&tag->experiment, registry,
				   values->value[EXPERIMENT], error);
	if (ret)
		return tag_status(cli, ret, "experiment", error);
	ret = tag_parse_activity(&tag->activity, registry, tag->experiment,
				 values->value[ACTIVITY], error);
	return tag_status(cli, ret, "activity", error);
}

static int parse_tag(struct cli *cli, const struct values *values,
		     struct flow_spec *spec)
{
	bool ids = values->value[EXPERIMENT] || values->value[ACTIVITY];
	struct tag tag = { 0 };
	int status;

	if (ids && values->value[TAG])
		return cli_fail(
			cli, CLI_USAGE,
			"give a tag, or experiment and activity, not both");
	if (!ids && !values->value[TAG])
		return cli_fail(cli, CLI_USAGE,
				"missing: tag (or experiment and activity)");
	if (ids) {
		status = require(cli, values, BIT(EXPERIMENT) | BIT(ACTIVITY));
		if (!status)
			status = parse_ids(cli, values, &tag);
	} else {
		status = flow_args_tag(cli, values->value[TAG], &tag);
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

static int parse_mark(struct cli *cli, const struct values *values,
		      struct flow_spec *spec)
{
	const char *mark = values->value[MARK];
	const char *layout = values->value[LAYOUT];
	const char *type = values->value[OPTION_TYPE];

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
			keywords[layout ? LAYOUT : OPTION_TYPE]);
	if (!type)
		return CLI_OK;
	return parse_option_type(cli, type, &spec->option_type);
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

int flow_args_spec(struct cli *cli, struct args *args, struct flow_spec *spec)
{
	struct values values;
	int status;

	status = collect(cli, args, &values, SPEC_SET);
	if (!status)
		status = parse_key(cli, &values, &spec->key);
	if (!status)
		status = parse_tag(cli, &values, spec);
	if (!status)
		status = parse_mark(cli, &values, spec);
	if (!status)
		status = check_fit(cli, spec);
	return status;
}

int flow_args_name(struct cli *cli, struct args *args, struct flow_key *key,
		   uint32_t *id)
{
	struct values values;
	unsigned int given = 0;
	uint64_t n;
	int status;
	int i;

	*id = 0;
	status = collect(cli, args, &values, NAME_SET);
	if (status)
		return status;
	for (i = 0; i < N_KEYWORDS; i++)
		if (values.value[i])
			given |= BIT(i);
	if (!given)
		return cli_fail(
			cli, CLI_USAGE,
			"which flow? write id NUMBER, or proto, src, sport, dst and dport");
	if (!(given & BIT(ID)))
		return parse_key(cli, &values, key);
	if (given & KEY_SET)
		return cli_fail(
			cli, CLI_USAGE,
			"give an id, or proto, src, sport, dst and dport, not both");
	if (number_parse(&n, values.value[ID], UINT32_MAX) || !n)
		return cli_fail(cli, CLI_USAGE,
				"id: \"%s\" is not a number of 1..%u",
				values.value[ID], UINT32_MAX);
	*id = n;
	return CLI_OK;
}
