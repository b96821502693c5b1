/* SPDX-License-Identifier: GPL-2.0 */
/*
 * POST /flow, as flowd-go has it: programs that were written for that need no
 * change.
 */
#ifndef SCITAGD_PAGE_FLOWD_H
#define SCITAGD_PAGE_FLOWD_H

struct answer;
struct page_request;
struct pages;

/* A flow starts, goes on or ends. The answer repeats what was said. */
void page_flowd_post(const struct pages *pages,
		     const struct page_request *request, struct answer *answer);

#endif /* SCITAGD_PAGE_FLOWD_H */
