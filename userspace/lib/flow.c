// SPDX-License-Identifier: GPL-2.0
#include "flow.h"

#include <errno.h>
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

#define N_MARKS (sizeof(marks) / sizeof(marks[0]))
#define N_LAYOUTS ((int)(sizeof(layouts) / sizeof(layouts[0])))

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
	int i;

	for (i = 0; i < N_LAYOUTS; i++) {
		if (strcasecmp(layouts[i], text) == 0) {
			*layout = i;
			return 0;
		}
	}
	return -EINVAL;
}

const char *flow_layout_name(int layout)
{
	if (layout < 0 || layout >= N_LAYOUTS)
		return NULL;
	return layouts[layout];
}
