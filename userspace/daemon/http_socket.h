/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Sockets that the HTTP server listens on.
 */
#ifndef SCITAGD_HTTP_SOCKET_H
#define SCITAGD_HTTP_SOCKET_H

#include <stdbool.h>

struct endpoint;

/* A socket in the file system? Otherwise it is one of TCP. */
bool http_socket_is_unix(const struct endpoint *at);

/* For messages: the path, or address and port. Returns buf. */
#define HTTP_SOCKET_TEXT_MAX 128
const char *http_socket_text(const struct endpoint *at,
			     char buf[static HTTP_SOCKET_TEXT_MAX]);

/*
 * Listen. A unix socket has mode 0660; one that nobody listens on is replaced,
 * anything else at its path is left as it is, and is an error (-EEXIST,
 * -EADDRINUSE). Returns a descriptor that does not block, or -errno.
 */
int http_socket_open(const struct endpoint *at);

/* The descriptor was closed: nothing is left of it. */
void http_socket_remove(const struct endpoint *at);

#endif /* SCITAGD_HTTP_SOCKET_H */
