// SPDX-License-Identifier: GPL-2.0
#include "http_client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "file.h"
#include "json_util.h"

static int open_connection(const char *path)
{
	const struct timeval limit = { .tv_sec = HTTP_CLIENT_TIMEOUT_S };
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd, ret;

	if (strlen(path) >= sizeof(sa.sun_path))
		return -ENAMETOOLONG;
	snprintf(sa.sun_path, sizeof(sa.sun_path), "%s", path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) ||
	    connect(fd, (const struct sockaddr *)&sa, sizeof(sa))) {
		ret = -errno;
		close(fd);
		return ret;
	}
	return fd;
}

/* HTTP/1.0: the answer ends with the connection, and is in one piece. */
static int send_request(int fd, const char *page)
{
	char text[256];
	int len;

	len = snprintf(text, sizeof(text),
		       "GET %s HTTP/1.0\r\nHost: localhost\r\n\r\n", page);
	if (len >= (int)sizeof(text))
		return -EINVAL;
	if (send(fd, text, len, MSG_NOSIGNAL) != len)
		return -errno;
	return 0;
}

static int parse(const char *text, size_t len, struct json_object **out)
{
	const char *body = strstr(text, "\r\n\r\n");
	char error[JSON_ERROR_MAX];

	if (strncmp(text, "HTTP/1.", 7) != 0 || !body)
		return -EBADMSG;
	body += 4;
	*out = json_parse(body, len - (body - text), error);
	return *out ? 0 : -EBADMSG;
}

int http_client_get(const char *socket_path, const char *page,
		    struct json_object **out)
{
	int fd = open_connection(socket_path);
	char *text;
	size_t len;
	int ret;

	if (fd < 0)
		return fd;
	ret = send_request(fd, page);
	if (!ret)
		ret = file_read_fd(fd, HTTP_CLIENT_ANSWER_MAX, &text, &len);
	close(fd);
	if (ret)
		return ret;
	ret = parse(text, len, out);
	free(text);
	return ret;
}
