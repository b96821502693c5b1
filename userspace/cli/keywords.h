/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Keywords and their values, in any order: the grammar of flows and rules.
 */
#ifndef SCITAG_KEYWORDS_H
#define SCITAG_KEYWORDS_H

#include <stdbool.h>
#include <stddef.h>

struct args;
struct cli;

enum keyword {
	KW_PROTO,
	KW_SRC,
	KW_SPORT,
	KW_DST,
	KW_DPORT,
	KW_TAG,
	KW_EXPERIMENT,
	KW_ACTIVITY,
	KW_MARK,
	KW_LAYOUT,
	KW_OPTION_TYPE,
	KW_ENTROPY,
	KW_OVERSIZE,
	KW_IDLE_TIMEOUT,
	KW_HARD_TIMEOUT,
	KW_END_ON_CLOSE,
	KW_SNAPSHOT,
	KW_SNAPSHOT_ON,
	KW_SNAPSHOT_FACTOR,
	KW_ID,
	KW_PRIORITY,
	KW_PORT,
	KW_UID,
	KW_CGROUP,
	KW_FWMARK,
	KW_OIF,
	KW_ALL,
	KW_EXCLUDE,
	KW_COUNT,
};

/* Sets of keywords. */
#define KW_BIT(keyword) (1u << (keyword))
#define KW_TAG_SET \
	(KW_BIT(KW_TAG) | KW_BIT(KW_EXPERIMENT) | KW_BIT(KW_ACTIVITY))

/* Longest "label 0x30038". */
#define KEYWORDS_TAG_MAX 64

/* Values as they were given, NULL if not; of keywords without one it is "". */
struct keywords {
	const char *value[KW_COUNT];
	char tag[KEYWORDS_TAG_MAX]; /* a tag that came as two words */
};

const char *keyword_name(enum keyword keyword);

/* Is there one of a set? */
bool keywords_any(const struct keywords *keywords, unsigned int set);

/*
 * Take all words, which have to be keywords of a set, each once, and values.
 * Returns one of enum cli_status, as do all that follow.
 */
int keywords_take(struct cli *cli, struct args *args, struct keywords *keywords,
		  unsigned int set);

/* Are all of a set there? */
int keywords_require(struct cli *cli, const struct keywords *keywords,
		     unsigned int set);

#endif /* SCITAG_KEYWORDS_H */
