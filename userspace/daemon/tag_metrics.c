// SPDX-License-Identifier: GPL-2.0
#include "tag_metrics.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "openmetrics.h"
#include "tagcount.h"

/* Two numbers, or "others". */
#define LABELS_MAX 64

static const struct metric {
	struct openmetrics_family family;
	size_t offset;
} metrics[] = {
	{ { "scitagd_tag_flows", OPENMETRICS_COUNTER, NULL,
	    "Flows that started, by experiment and activity" },
	  offsetof(struct tagcount, flows) },
	{ { "scitagd_tag_packets", OPENMETRICS_COUNTER, NULL,
	    "Packets of these flows that left, as far as it is known" },
	  offsetof(struct tagcount, packets) },
	{ { "scitagd_tag_packets_marked", OPENMETRICS_COUNTER, NULL,
	    "Of these packets, those that have all their marks" },
	  offsetof(struct tagcount, marked) },
	{ { "scitagd_tag_octets", OPENMETRICS_COUNTER, NULL,
	    "Octets of these packets, with IP headers" },
	  offsetof(struct tagcount, bytes) },
};

static void write_one(const struct openmetrics *om, const struct metric *metric,
		      const struct tagcount *tag, const char *labels)
{
	uint64_t value;

	memcpy(&value, (const char *)tag + metric->offset, sizeof(value));
	openmetrics_sample(om, &metric->family, labels, value);
}

static void make_labels(char labels[LABELS_MAX], const struct tagcount *tag)
{
	char text[16];

	labels[0] = '\0';
	snprintf(text, sizeof(text), "%u", tag->experiment);
	openmetrics_label(labels, LABELS_MAX, "exp", text);
	snprintf(text, sizeof(text), "%u", tag->activity);
	openmetrics_label(labels, LABELS_MAX, "act", text);
}

void tag_metrics_write(const struct openmetrics *om,
		       const struct tagcounts *counts)
{
	char labels[LABELS_MAX];
	size_t i, j;

	for (i = 0; i < sizeof(metrics) / sizeof(metrics[0]); i++) {
		openmetrics_begin(om, &metrics[i].family);
		for (j = 0; j < counts->n; j++) {
			make_labels(labels, &counts->tags[j]);
			write_one(om, &metrics[i], &counts->tags[j], labels);
		}
		if (counts->n < TAGCOUNT_MAX)
			continue;
		labels[0] = '\0';
		openmetrics_label(labels, LABELS_MAX, "exp", "other");
		openmetrics_label(labels, LABELS_MAX, "act", "other");
		write_one(om, &metrics[i], &counts->others, labels);
	}
}
