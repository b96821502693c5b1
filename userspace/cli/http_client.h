/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Asking the daemon, which answers HTTP on a unix socket.
 */
#ifndef SCITAG_HTTP_CLIENT_H
#define SCITAG_HTTP_CLIENT_H

struct json_object;

/* How long an answer may take, and how large it may be. */
#define HTTP_CLIENT_TIMEOUT_S 5
#define HTTP_CLIENT_ANSWER_MAX (4 << 20)

/*
 * GET a page that is JSON, of whatever status. *out is the caller's to put.
 * Returns 0 or -errno: that of connect(), with -ENOENT or -ECONNREFUSED if
 * nobody listens; -EAGAIN if no answer came in time; -EBADMSG if it is not one.
 */
int http_client_get(const char *socket_path, const char *page,
		    struct json_object **out);

#endif /* SCITAG_HTTP_CLIENT_H */
