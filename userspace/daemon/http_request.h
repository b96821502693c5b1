/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One HTTP request on its way: is it let in, its body, and the answer.
 */
#ifndef SCITAGD_HTTP_REQUEST_H
#define SCITAGD_HTTP_REQUEST_H

#include <microhttpd.h>
#include <stddef.h>

struct pages;

/* What callbacks return; libmicrohttpd calls it an int before 0.9.71. */
#if MHD_VERSION >= 0x00097002
typedef enum MHD_Result http_result;
#else
typedef int http_result;
#endif

/* The largest body of a request. */
#define HTTP_BODY_MAX 16384

/* What requests of one server have to do with; data of the callback. */
struct http_door {
	const struct pages *pages;
	const char *token; /* NULL: everybody may ask for everything */
	size_t held; /* octets of long answers that are on their way */
};

/* MHD_AccessHandlerCallback. */
http_result http_request_handle(void *data, struct MHD_Connection *connection,
				const char *url, const char *method,
				const char *version, const char *upload,
				size_t *upload_size, void **request);

/* What was allocated for a request; NULL is fine. */
void http_request_free(void *request);

#endif /* SCITAGD_HTTP_REQUEST_H */
