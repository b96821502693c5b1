// SPDX-License-Identifier: GPL-2.0
#include "http_socket.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "addr.h"
#include "endpoint.h"
#include "sockaddr.h"

#define SOCKET_MODE 0660

/* Connections that wait to be accepted. */
#define BACKLOG 64

bool http_socket_is_unix(const struct endpoint *at)
{
	return at->host[0] == '/';
}

const char *http_socket_text(const struct endpoint *at,
			     char buf[static HTTP_SOCKET_TEXT_MAX])
{
	bool v6 = strchr(at->host, ':');

	if (http_socket_is_unix(at))
		snprintf(buf, HTTP_SOCKET_TEXT_MAX, "%s", at->host);
	else
		snprintf(buf, HTTP_SOCKET_TEXT_MAX, "%s%s%s:%u", v6 ? "[" : "",
			 at->host, v6 ? "]" : "", at->port);
	return buf;
}

/* What an older daemon has left is in the way. */
static int remove_stale(const struct sockaddr_un *sa)
{
	struct stat st;
	int fd, ret = 0;

	if (lstat(sa->sun_path, &st))
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(st.st_mode))
		return -EEXIST;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (!connect(fd, (const struct sockaddr *)sa, sizeof(*sa)) ||
	    errno != ECONNREFUSED)
		ret = -EADDRINUSE;
	else if (unlink(sa->sun_path))
		ret = -errno;
	close(fd);
	return ret;
}

static int bind_unix(int fd, const char *path)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int ret;

	snprintf(sa.sun_path, sizeof(sa.sun_path), "%s", path);
	ret = remove_stale(&sa);
	if (ret)
		return ret;
	/* The file gets the socket's mode less the umask: never more. */
	if (fchmod(fd, SOCKET_MODE) ||
	    bind(fd, (const struct sockaddr *)&sa, sizeof(sa)) ||
	    chmod(path, SOCKET_MODE))
		return -errno;
	return 0;
}

static int bind_tcp(int fd, const struct addr *addr, uint16_t port)
{
	union sockaddr_any sa;
	socklen_t len = sockaddr_fill(&sa, addr, port);
	int one = 1;

	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) ||
	    bind(fd, &sa.sa, len))
		return -errno;
	return 0;
}

int http_socket_open(const struct endpoint *at)
{
	struct addr addr = { .family = AF_UNIX };
	int fd, ret = 0;

	if (!http_socket_is_unix(at))
		ret = addr_parse(&addr, at->host);
	if (ret)
		return ret;
	fd = socket(addr.family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (http_socket_is_unix(at))
		ret = bind_unix(fd, at->host);
	else
		ret = bind_tcp(fd, &addr, at->port);
	if (!ret && listen(fd, BACKLOG))
		ret = -errno;
	if (ret) {
		close(fd);
		return ret;
	}
	return fd;
}

void http_socket_remove(const struct endpoint *at)
{
	if (http_socket_is_unix(at))
		unlink(at->host);
}
