// SPDX-License-Identifier: GPL-2.0
#include "keywords.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "args.h"
#include "cli.h"

static const char *const names[KW_COUNT] = {
	[KW_PROTO] = "proto",
	[KW_SRC] = "src",
	[KW_SPORT] = "sport",
	[KW_DST] = "dst",
	[KW_DPORT] = "dport",
	[KW_TAG] = "tag",
	[KW_EXPERIMENT] = "experiment",
	[KW_ACTIVITY] = "activity",
	[KW_MARK] = "mark",
	[KW_LAYOUT] = "layout",
	[KW_OPTION_TYPE] = "option-type",
	[KW_ENTROPY] = "entropy",
	[KW_OVERSIZE] = "oversize",
	[KW_IDLE_TIMEOUT] = "idle-timeout",
	[KW_HARD_TIMEOUT] = "hard-timeout",
	[KW_END_ON_CLOSE] = "end-on-close",
	[KW_SNAPSHOT] = "snapshot",
	[KW_SNAPSHOT_ON] = "snapshot-on",
	[KW_SNAPSHOT_FACTOR] = "snapshot-factor",
	[KW_ID] = "id",
	[KW_PRIORITY] = "priority",
	[KW_PORT] = "port",
	[KW_UID] = "uid",
	[KW_CGROUP] = "cgroup",
	[KW_FWMARK] = "fwmark",
	[KW_OIF] = "oif",
	[KW_ALL] = "all",
	[KW_EXCLUDE] = "exclude",
};

/* These stand alone. */
#define FLAGS (KW_BIT(KW_END_ON_CLOSE) | KW_BIT(KW_ALL) | KW_BIT(KW_EXCLUDE))

/* Longest list of all keywords with its NUL. */
#define LIST_MAX 320

const char *keyword_name(enum keyword keyword)
{
	return names[keyword];
}

/* "a, b, c" of a set. */
static const char *list(unsigned int set, char buf[static LIST_MAX])
{
	size_t len = 0;
	int i;

	buf[0] = '\0';
	for (i = 0; i < KW_COUNT && len < LIST_MAX; i++)
		if (set & KW_BIT(i))
			len += snprintf(buf + len, LIST_MAX - len, "%s%s",
					len ? ", " : "", names[i]);
	return buf;
}

/* KW_COUNT if there is none. "protocol" is what JSON has. */
static int find(const char *word)
{
	int i;

	if (strcmp(word, "protocol") == 0)
		return KW_PROTO;
	for (i = 0; i < KW_COUNT; i++)
		if (strcmp(names[i], word) == 0)
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
static void join_tag(struct keywords *keywords, struct args *args)
{
	const char *word = keywords->value[KW_TAG];

	if (!is_tag_word(word) || !args_peek(args))
		return;
	snprintf(keywords->tag, sizeof(keywords->tag), "%s %s", word,
		 args_take(args));
	keywords->value[KW_TAG] = keywords->tag;
}

int keywords_take(struct cli *cli, struct args *args, struct keywords *keywords,
		  unsigned int set)
{
	const char *word, *value;
	char buf[LIST_MAX];
	int i;

	memset(keywords, 0, sizeof(*keywords));
	while ((word = args_take(args))) {
		i = find(word);
		if (i == KW_COUNT || !(set & KW_BIT(i)))
			return cli_fail(
				cli, CLI_USAGE,
				"\"%s\" is not a keyword here: write %s", word,
				list(set, buf));
		if (keywords->value[i])
			return cli_fail(cli, CLI_USAGE, "%s is given twice",
					word);
		value = FLAGS & KW_BIT(i) ? "" : args_take(args);
		if (!value)
			return cli_fail(cli, CLI_USAGE, "%s has no value",
					word);
		keywords->value[i] = value;
		if (i == KW_TAG)
			join_tag(keywords, args);
	}
	return CLI_OK;
}

bool keywords_any(const struct keywords *keywords, unsigned int set)
{
	int i;

	for (i = 0; i < KW_COUNT; i++)
		if (set & KW_BIT(i) && keywords->value[i])
			return true;
	return false;
}

int keywords_require(struct cli *cli, const struct keywords *keywords,
		     unsigned int set)
{
	char buf[LIST_MAX];
	int i;

	for (i = 0; i < KW_COUNT; i++)
		if (keywords->value[i])
			set &= ~KW_BIT(i);
	if (!set)
		return CLI_OK;
	return cli_fail(cli, CLI_USAGE, "missing: %s", list(set, buf));
}
