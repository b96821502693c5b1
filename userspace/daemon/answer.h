/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is said to an HTTP request: a status and a text, JSON as a rule.
 */
#ifndef SCITAGD_ANSWER_H
#define SCITAGD_ANSWER_H

#include <stddef.h>

struct json_object;

enum answer_status {
	ANSWER_OK = 200,
	ANSWER_CREATED = 201,
	ANSWER_BAD_REQUEST = 400,
	ANSWER_UNAUTHORIZED = 401,
	ANSWER_NOT_FOUND = 404,
	ANSWER_BAD_METHOD = 405,
	ANSWER_TOO_LARGE = 413,
	ANSWER_BAD_TYPE = 415,
	ANSWER_TOO_MANY = 429,
	ANSWER_UNAVAILABLE = 503,
};

#define ANSWER_JSON "application/json"

/* Longest text of Allow with its NUL. */
#define ANSWER_ALLOW_MAX 64

/* All zero at first, and as long as there was no memory for one. */
struct answer {
	enum answer_status status;
	const char *type; /* a constant */
	char *text; /* on the heap, its owner's to free */
	size_t len;
	char allow[ANSWER_ALLOW_MAX]; /* methods, with ANSWER_BAD_METHOD */
};

/* Say an object, which is put. NULL: there was no memory for it. */
void answer_json(struct answer *answer, enum answer_status status,
		 struct json_object *object);

/* {"error": "..."}; what is not printable ASCII becomes '?'. */
void answer_error(struct answer *answer, enum answer_status status,
		  const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * Why a flow was not taken, or not ended: ret as flows_start() and flows_end()
 * return it, and the text that is theirs.
 */
void answer_refusal(struct answer *answer, int ret, const char *error);

#endif /* SCITAGD_ANSWER_H */
