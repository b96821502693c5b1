/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Metrics of tags: scitagd_tag_packets_total{exp="3",act="14"} and so on, of
 * TAGCOUNT_MAX tags at most.
 */
#ifndef SCITAGD_TAG_METRICS_H
#define SCITAGD_TAG_METRICS_H

struct openmetrics;
struct tagcounts;

void tag_metrics_write(const struct openmetrics *om,
		       const struct tagcounts *counts);

#endif /* SCITAGD_TAG_METRICS_H */
