/* SPDX-License-Identifier: GPL-2.0 */
/*
 * /v1/flows: the open flows, and their starts and ends.
 */
#ifndef SCITAGD_PAGE_FLOWS_H
#define SCITAGD_PAGE_FLOWS_H

struct answer;
struct page_request;
struct pages;

/* GET: the flow of the 5-tuple in the query, or as many as limit says. */
void page_flows_get(const struct pages *pages,
		    const struct page_request *request, struct answer *answer);

/* POST: a flow starts. */
void page_flows_post(const struct pages *pages,
		     const struct page_request *request, struct answer *answer);

/* DELETE: the flow of a 5-tuple ends. */
void page_flows_delete(const struct pages *pages,
		       const struct page_request *request,
		       struct answer *answer);

#endif /* SCITAGD_PAGE_FLOWS_H */
