// SPDX-License-Identifier: GPL-2.0
#include "flags.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* The bit of the name of len characters, 0 if there is none. */
static uint32_t bit_of(const char *name, size_t len,
		       const struct flag_name *names, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (strlen(names[i].name) == len &&
		    strncasecmp(names[i].name, name, len) == 0)
			return names[i].bit;
	return 0;
}

int flags_parse(uint32_t *flags, const char *text,
		const struct flag_name *names, size_t n)
{
	uint32_t sum = 0;

	if (strcasecmp(text, "none") == 0) {
		*flags = 0;
		return 0;
	}
	for (;;) {
		size_t len = strcspn(text, ",");
		uint32_t bit = bit_of(text, len, names, n);

		if (!bit || sum & bit)
			return -EINVAL;
		sum |= bit;
		if (!text[len])
			break;
		text += len + 1;
	}
	*flags = sum;
	return 0;
}

const char *flags_format(uint32_t flags, char *buf, size_t size,
			 const struct flag_name *names, size_t n)
{
	size_t len = 0;
	size_t i;

	if (!flags) {
		snprintf(buf, size, "none");
		return buf;
	}
	for (i = 0; i < n; i++) {
		if (!(flags & names[i].bit))
			continue;
		len += snprintf(buf + len, size - len, "%s%s", len ? "," : "",
				names[i].name);
		flags &= ~names[i].bit;
	}
	if (flags)
		snprintf(buf + len, size - len, "%s?", len ? "," : "");
	return buf;
}
