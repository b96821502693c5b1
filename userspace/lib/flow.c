// SPDX-License-Identifier: GPL-2.0
#include "flow.h"

#include <errno.h>
#include <netinet/in.h>
#include <stddef.h>
#include <strings.h>

#include "flags.h"

static const struct flag_name marks[] = {
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

int flow_mark_parse(uint32_t *mark, const char *text)
{
	return flags_parse(mark, text, marks, N_MARKS);
}

const char *flow_mark_format(uint32_t mark, char buf[static FLOW_MARK_TEXT_MAX])
{
	return flags_format(mark, buf, FLOW_MARK_TEXT_MAX, marks, N_MARKS);
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
