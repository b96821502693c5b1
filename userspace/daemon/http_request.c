// SPDX-License-Identifier: GPL-2.0
#include "http_request.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "answer.h"
#include "number.h"
#include "pages.h"
#include "token.h"

/* What is read of a body that is too large, if its length is known before. */
#define READ_MAX (1 << 20)

/*
 * Answers that are longer wait in memory for clients to read them: so much of
 * them, or one, at a time.
 */
#define ANSWER_LONG (64 << 10)
#define ANSWERS_MAX (16 << 20)

struct http_request {
	struct http_door *door;
	struct MHD_Connection *connection;
	size_t held; /* octets of its answer, if that is a long one */
	struct answer refusal; /* which waits for the end of the body */
	bool too_large;
	size_t len;
	char body[HTTP_BODY_MAX + 1];
};

static const char *header(struct MHD_Connection *connection, const char *name)
{
	return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

static const char *query(const struct page_request *request, const char *name)
{
	return MHD_lookup_connection_value(request->data, MHD_GET_ARGUMENT_KIND,
					   name);
}

/* A long answer takes its place among the others, or another one takes its. */
static void hold(struct http_request *request, struct answer *answer)
{
	struct http_door *door = request->door;

	if (answer->len <= ANSWER_LONG)
		return;
	if (door->held && door->held + answer->len > ANSWERS_MAX) {
		free(answer->text);
		*answer = (struct answer){ .text = NULL };
		answer_error(answer, ANSWER_UNAVAILABLE,
			     "other clients have not read their long answers");
		return;
	}
	request->held = answer->len;
	door->held += answer->len;
}

/* Sends the answer and frees its text. No memory: the connection closes. */
static http_result send_answer(struct http_request *request,
			       struct answer *answer)
{
	struct MHD_Connection *connection = request->connection;
	struct MHD_Response *response;
	http_result result;
	char *text;

	hold(request, answer);
	text = answer->text;
	answer->text = NULL;
	if (!text)
		return MHD_NO;
	response = MHD_create_response_from_buffer(answer->len, text,
						   MHD_RESPMEM_MUST_FREE);
	if (!response) {
		free(text);
		return MHD_NO;
	}
	MHD_add_response_header(response, "Content-Type", answer->type);
	MHD_add_response_header(response, "Cache-Control", "no-store");
	if (answer->status == ANSWER_UNAUTHORIZED)
		MHD_add_response_header(response, "WWW-Authenticate", "Bearer");
	if (answer->allow[0])
		MHD_add_response_header(response, "Allow", answer->allow);
	result = MHD_queue_response(connection, answer->status, response);
	MHD_destroy_response(response);
	return result;
}

/*
 * Who is refused while still sending may never see why, so bodies are read
 * first, kept or not; but there is an end to that.
 */
static bool says_endless(struct MHD_Connection *connection)
{
	const char *text = header(connection, "Content-Length");
	uint64_t len;

	return text && decimal_parse(&len, text, READ_MAX) == -ERANGE;
}

static void say_too_large(struct answer *answer)
{
	answer_error(answer, ANSWER_TOO_LARGE,
		     "the body has more than %d octets", HTTP_BODY_MAX);
}

/* Is a request let in that has no body yet? If not, the answer says why. */
static bool let_in(const struct http_door *door,
		   struct MHD_Connection *connection, const char *url,
		   const char *method, struct answer *answer)
{
	if (door->token && !pages_is_public(url) &&
	    !token_is_shown(door->token, header(connection, "Authorization"))) {
		answer_error(answer, ANSWER_UNAUTHORIZED,
			     "show the token: Authorization: Bearer TOKEN");
		return false;
	}
	if (!pages_has(method, url, answer))
		return false;
	if (says_endless(connection)) {
		say_too_large(answer);
		return false;
	}
	return true;
}

/* "application/json", with parameters or without. */
static bool is_json(const char *type)
{
	size_t len = strlen(ANSWER_JSON);

	return type && !strncasecmp(type, ANSWER_JSON, len) &&
	       strchr("; \t", type[len]);
}

static void answer_whole(const struct http_door *door,
			 const struct http_request *request, const char *url,
			 const char *method, struct answer *answer)
{
	const struct page_request page = {
		.method = method,
		.path = url,
		.body = request->body,
		.body_len = request->len,
		.accept = header(request->connection, "Accept"),
		.query = query,
		.data = request->connection,
	};

	if (request->too_large)
		say_too_large(answer);
	else if (request->len &&
		 !is_json(header(request->connection, "Content-Type")))
		answer_error(answer, ANSWER_BAD_TYPE,
			     "the body has to be %s, and say so", ANSWER_JSON);
	else
		pages_answer(door->pages, &page, answer);
}

/* What is too much is read, so that the answer is, and kept nowhere. */
static void append(struct http_request *request, const char *octets, size_t n)
{
	if (request->too_large || n > HTTP_BODY_MAX - request->len) {
		request->too_large = true;
		return;
	}
	memcpy(request->body + request->len, octets, n);
	request->len += n;
}

http_result http_request_handle(void *data, struct MHD_Connection *connection,
				const char *url, const char *method,
				const char *version, const char *upload,
				size_t *upload_size, void **state)
{
	struct http_door *door = data;
	struct http_request *request = *state;
	struct answer answer = { .text = NULL };

	(void)version;
	if (!request) {
		request = calloc(1, sizeof(*request));
		if (!request)
			return MHD_NO;
		request->door = door;
		request->connection = connection;
		*state = request;
		if (let_in(door, connection, url, method, &request->refusal) ||
		    !says_endless(connection))
			return MHD_YES;
		return send_answer(request, &request->refusal);
	}
	if (*upload_size) {
		append(request, upload, *upload_size);
		*upload_size = 0;
		return MHD_YES;
	}
	if (request->refusal.text)
		return send_answer(request, &request->refusal);
	answer_whole(door, request, url, method, &answer);
	return send_answer(request, &answer);
}

void http_request_free(void *data)
{
	struct http_request *request = data;

	if (!request)
		return;
	request->door->held -= request->held;
	free(request->refusal.text);
	free(request);
}
