/* SPDX-License-Identifier: GPL-2.0 */
/*
 * An HTTP server on one socket: connections and their limits. What is answered
 * is in pages.h.
 *
 * On a unix socket everybody who may connect to it may ask for everything; on
 * TCP a token has to be shown. Nothing blocks: all is done in the loop.
 */
#ifndef SCITAGD_HTTP_H
#define SCITAGD_HTTP_H

#include <systemd/sd-event.h>

struct endpoint;
struct http;
struct pages;

/*
 * Listen on one socket. token is for TCP; a unix socket does without. All but
 * listen is used as long as this lives. Errors are logged. Returns 0 or -errno;
 * -EAFNOSUPPORT or -EADDRNOTAVAIL if this host does not have the address.
 */
int http_new(struct http **out, sd_event *event, const struct endpoint *listen,
	     const char *token, const struct pages *pages);
void http_free(struct http *http); /* NULL is fine */

#endif /* SCITAGD_HTTP_H */
