/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Writes metrics as text: in OpenMetrics 1.0, or in the format before it, which
 * Prometheus calls 0.0.4.
 */
#ifndef SCITAGD_OPENMETRICS_H
#define SCITAGD_OPENMETRICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define OPENMETRICS_TYPE \
	"application/openmetrics-text; version=1.0.0; charset=utf-8"
#define OPENMETRICS_OLD_TYPE "text/plain; version=0.0.4; charset=utf-8"

enum openmetrics_kind {
	OPENMETRICS_GAUGE,
	OPENMETRICS_COUNTER,
	OPENMETRICS_INFO
};

struct openmetrics {
	FILE *file;
	bool old; /* 0.0.4 */
};

/* All samples of a family follow it, before those of another. */
struct openmetrics_family {
	const char *name; /* without _total or _info */
	enum openmetrics_kind kind;
	const char *unit; /* what name ends with, or NULL */
	const char *help; /* needs no escapes */
};

void openmetrics_begin(const struct openmetrics *om,
		       const struct openmetrics_family *family);

/* labels as openmetrics_label() makes them, or "". */
void openmetrics_sample(const struct openmetrics *om,
			const struct openmetrics_family *family,
			const char *labels, uint64_t value);

/* Nothing follows. */
void openmetrics_end(const struct openmetrics *om);

/*
 * Add a label to those in buf, which are "" at first. A value is escaped, and
 * cut to what there is room for.
 */
void openmetrics_label(char *buf, size_t size, const char *name,
		       const char *value);

#endif /* SCITAGD_OPENMETRICS_H */
