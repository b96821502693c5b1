/* SPDX-License-Identifier: GPL-2.0 */
/*
 * GET /metrics: what Prometheus asks for.
 */
#ifndef SCITAGD_PAGE_METRICS_H
#define SCITAGD_PAGE_METRICS_H

struct answer;
struct page_request;
struct pages;

/* In OpenMetrics; in the format before it if only that is accepted. */
void page_metrics(const struct pages *pages, const struct page_request *request,
		  struct answer *answer);

#endif /* SCITAGD_PAGE_METRICS_H */
