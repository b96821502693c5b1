/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Flows as requests to /v1/flows name them: by members of a JSON object, or by
 * what follows '?'.
 */
#ifndef SCITAGD_FLOW_INPUT_H
#define SCITAGD_FLOW_INPUT_H

struct firefly;
struct flow_key;
struct page_request;

/* Longest text of an error with its NUL. */
#define FLOW_INPUT_ERROR_MAX 256

/*
 * The 5-tuple in the query. Returns 0; -ENODATA if there is nothing of it; or
 * -EINVAL with a text in error.
 */
int flow_input_query(struct flow_key *key, const struct page_request *request,
		     char error[static FLOW_INPUT_ERROR_MAX]);

/* The 5-tuple in the body, and nothing else. Returns 0 or -EINVAL. */
int flow_input_key(struct flow_key *key, const struct page_request *request,
		   char error[static FLOW_INPUT_ERROR_MAX]);

/*
 * The start of a flow in the body: 5-tuple and ids, with or without the
 * application and the time of the start. Returns 0 or -EINVAL.
 */
int flow_input_start(struct firefly *said, const struct page_request *request,
		     char error[static FLOW_INPUT_ERROR_MAX]);

#endif /* SCITAGD_FLOW_INPUT_H */
