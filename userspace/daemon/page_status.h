/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Pages that tell how the daemon is.
 */
#ifndef SCITAGD_PAGE_STATUS_H
#define SCITAGD_PAGE_STATUS_H

struct answer;
struct page_request;
struct pages;

/* GET /health: does it do what it was configured to do, and if not, why? */
void page_health(const struct pages *pages, const struct page_request *request,
		 struct answer *answer);

/* GET /v1/status: what all the units count. */
void page_status(const struct pages *pages, const struct page_request *request,
		 struct answer *answer);

#endif /* SCITAGD_PAGE_STATUS_H */
