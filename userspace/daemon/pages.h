/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What there is to ask over HTTP: which paths and methods there are, and what
 * each of them answers. docs/http/openapi.yaml describes them.
 *
 * Knows nothing of sockets, and has no state of its own.
 */
#ifndef SCITAGD_PAGES_H
#define SCITAGD_PAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct answer;
struct config;
struct emitter;
struct flows;
struct kernel;
struct recent;
struct sources;

/* The units that the answers come from; used, not owned. */
struct pages {
	const struct config *config;
	struct flows *flows;
	struct kernel *kernel;
	const struct emitter *emitter;
	const struct sources *sources;
	const struct recent *recent;
	int64_t start_s; /* when the daemon started, since 1970 */
};

/* A request that has come in whole. */
struct page_request {
	const char *method;
	const char *path; /* without what follows '?' */
	const char *body; /* with a NUL behind it */
	size_t body_len;
	const char *accept; /* which types of text; NULL: any */

	/* A value of the part behind '?', or NULL. */
	const char *(*query)(const struct page_request *request,
			     const char *name);
	void *data; /* of query */
};

/*
 * Is there such a page? If not, that is what the answer says: ANSWER_NOT_FOUND
 * or ANSWER_BAD_METHOD. HEAD is a GET of which the text is not sent.
 */
bool pages_has(const char *method, const char *path, struct answer *answer);

/* May anybody ask for it? */
bool pages_is_public(const char *path);

/* Answer a request for a page that there is. */
void pages_answer(const struct pages *pages, const struct page_request *request,
		  struct answer *answer);

#endif /* SCITAGD_PAGES_H */
