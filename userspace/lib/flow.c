// SPDX-License-Identifier: GPL-2.0
#include "flow.h"

#include <errno.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static const struct {
	uint32_t bit;
	const char *name;
} marks[] = {
	{ SCITAG_MARK_LABEL, "label" },
	{ SCITAG_MARK_HBH, "hbh" },
	{ SCITAG_MARK_DO, "do" },
};

static const char *const layouts[] = {
	[SCITAG_LAYOUT_IDS] = "ids",
	[SCITAG_LAYOUT_LABEL] = "label",
	[SCITAG_LAYOUT_LABEL4] = "label4",
	[SCITAG_LAYOUT_SAFE] = "safe",
};

static const char *const entropies[] = {
	[SCITAG_ENTROPY_CONSTANT] = "constant",
	[SCITAG_ENTROPY_NONE] = "none",
	[SCITAG_ENTROPY_HASH] = "hash",
};

static const char *const oversizes[] = {
	[SCITAG_OVERSIZE_SKIP] = "skip",
	[SCITAG_OVERSIZE_FRAGMENT] = "fragment",
	[SCITAG_OVERSIZE_EMSGSIZE] = "emsgsize",
};

static const char *const end_reasons[] = {
	[SCITAG_END_REASON_DELETED] = "deleted",
	[SCITAG_END_REASON_FLUSHED] = "flushed",
	[SCITAG_END_REASON_CLOSED] = "closed",
	[SCITAG_END_REASON_RESET] = "reset",
	[SCITAG_END_REASON_TIMED_OUT] = "timed-out",
	[SCITAG_END_REASON_IDLE] = "idle",
	[SCITAG_END_REASON_EXPIRED] = "expired",
};

#define N(array) ((int)(sizeof(array) / sizeof((array)[0])))
#define N_MARKS (sizeof(marks) / sizeof(marks[0]))

static int name_parse(int *value, const char *text, const char *const *names,
		      int n)
{
	int i;

	for (i = 0; i < n; i++) {
		if (strcasecmp(names[i], text) == 0) {
			*value = i;
			return 0;
		}
	}
	return -EINVAL;
}

/* NULL, too, if the number has no name. */
static const char *name_of(int value, const char *const *names, int n)
{
	return value < 0 || value >= n ? NULL : names[value];
}

/* The bit of the name of len characters, 0 if there is none. */
static uint32_t mark_bit(const char *name, size_t len)
{
	size_t i;

	for (i = 0; i < N_MARKS; i++)
		if (strlen(marks[i].name) == len &&
		    strncasecmp(marks[i].name, name, len) == 0)
			return marks[i].bit;
	return 0;
}

int flow_mark_parse(uint32_t *mark, const char *text)
{
	uint32_t sum = 0;

	if (strcasecmp(text, "none") == 0) {
		*mark = 0;
		return 0;
	}
	for (;;) {
		size_t len = strcspn(text, ",");
		uint32_t bit = mark_bit(text, len);

		if (!bit || sum & bit)
			return -EINVAL;
		sum |= bit;
		if (!text[len])
			break;
		text += len + 1;
	}
	*mark = sum;
	return 0;
}

const char *flow_mark_format(uint32_t mark, char buf[static FLOW_MARK_TEXT_MAX])
{
	size_t len = 0;
	size_t i;

	if (!mark)
		return strcpy(buf, "none");
	for (i = 0; i < N_MARKS; i++) {
		if (!(mark & marks[i].bit))
			continue;
		len += snprintf(buf + len, FLOW_MARK_TEXT_MAX - len, "%s%s",
				len ? "," : "", marks[i].name);
		mark &= ~marks[i].bit;
	}
	/* A newer kernel may know more marks. */
	if (mark)
		snprintf(buf + len, FLOW_MARK_TEXT_MAX - len, "%s?",
			 len ? "," : "");
	return buf;
}

int flow_layout_parse(int *layout, const char *text)
{
	return name_parse(layout, text, layouts, N(layouts));
}

const char *flow_layout_name(int layout)
{
	return name_of(layout, layouts, N(layouts));
}

int flow_entropy_parse(int *entropy, const char *text)
{
	return name_parse(entropy, text, entropies, N(entropies));
}

const char *flow_entropy_name(int entropy)
{
	return name_of(entropy, entropies, N(entropies));
}

int flow_oversize_parse(int *oversize, const char *text)
{
	return name_parse(oversize, text, oversizes, N(oversizes));
}

const char *flow_oversize_name(int oversize)
{
	return name_of(oversize, oversizes, N(oversizes));
}

const char *flow_end_reason_name(int reason)
{
	return name_of(reason, end_reasons, N(end_reasons));
}

bool flow_layout_is_unsafe(uint8_t protocol, uint32_t mark, int layout)
{
	return protocol != IPPROTO_UDP && mark & SCITAG_MARK_DO &&
	       layout != FLOW_LAYOUT_DEFAULT && layout != SCITAG_LAYOUT_SAFE;
}
