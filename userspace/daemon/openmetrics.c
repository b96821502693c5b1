// SPDX-License-Identifier: GPL-2.0
#include "openmetrics.h"

#include <inttypes.h>
#include <string.h>

/* What a name ends with in samples. */
static const char *suffix(enum openmetrics_kind kind)
{
	switch (kind) {
	case OPENMETRICS_COUNTER:
		return "_total";
	case OPENMETRICS_INFO:
		return "_info";
	default:
		return "";
	}
}

/* The older format knows no info, and its families are named as samples are. */
void openmetrics_begin(const struct openmetrics *om,
		       const struct openmetrics_family *family)
{
	static const char *const kinds[] = {
		[OPENMETRICS_GAUGE] = "gauge",
		[OPENMETRICS_COUNTER] = "counter",
		[OPENMETRICS_INFO] = "info",
	};
	const char *end = om->old ? suffix(family->kind) : "";
	enum openmetrics_kind kind = family->kind;

	if (om->old && kind == OPENMETRICS_INFO)
		kind = OPENMETRICS_GAUGE;
	fprintf(om->file, "# HELP %s%s %s\n", family->name, end, family->help);
	fprintf(om->file, "# TYPE %s%s %s\n", family->name, end, kinds[kind]);
	if (family->unit && !om->old)
		fprintf(om->file, "# UNIT %s %s\n", family->name, family->unit);
}

void openmetrics_sample(const struct openmetrics *om,
			const struct openmetrics_family *family,
			const char *labels, uint64_t value)
{
	fprintf(om->file, "%s%s%s%s%s %" PRIu64 "\n", family->name,
		suffix(family->kind), labels[0] ? "{" : "", labels,
		labels[0] ? "}" : "", value);
}

void openmetrics_end(const struct openmetrics *om)
{
	if (!om->old)
		fputs("# EOF\n", om->file);
}

void openmetrics_label(char *buf, size_t size, const char *name,
		       const char *value)
{
	size_t len = strlen(buf);
	int n;

	n = snprintf(buf + len, size - len, "%s%s=\"", len ? "," : "", name);
	/* Room for one escaped character, a quote and the NUL. */
	if (n < 0 || len + n + 4 > size) {
		buf[len] = '\0';
		return;
	}
	for (len += n; *value && len + 4 <= size; value++) {
		if (*value == '\\' || *value == '"' || *value == '\n')
			buf[len++] = '\\';
		buf[len++] = *value == '\n' ? 'n' : *value;
	}
	buf[len++] = '"';
	buf[len] = '\0';
}
