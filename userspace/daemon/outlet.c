// SPDX-License-Identifier: GPL-2.0
#include "outlet.h"

#include <errno.h>
#include <netinet/in.h>
#include <unistd.h>

#include "sockaddr.h"

/*
 * Room for thousands of datagrams: flows end together. Without the capability,
 * no more than net.core.wmem_max.
 */
#define SOCKET_BUFFER (4 << 20)

static int open_udp(sa_family_t family)
{
	int size = SOCKET_BUFFER;
	int dont = IP_PMTUDISC_DONT;
	int one = 1;
	int fd;

	fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
		    IPPROTO_UDP);
	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)))
		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	if (family == AF_INET6) {
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
		setsockopt(fd, IPPROTO_IPV6, IPV6_FREEBIND, &one, sizeof(one));
	} else {
		setsockopt(fd, IPPROTO_IP, IP_FREEBIND, &one, sizeof(one));
		/*
		 * IPv6 carries FIREFLY_MAX on every path. IPv4 promises less,
		 * and better two fragments than none.
		 */
		setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &dont,
			   sizeof(dont));
	}
	return fd;
}

int outlet_open(struct outlet *outlet, const struct addr *source)
{
	union sockaddr_any sa;
	socklen_t len = sockaddr_fill(&sa, source, 0);
	struct addr addr;
	int ret;

	outlet->source = *source;
	outlet->port = 0;
	outlet->fd = open_udp(source->family);
	if (outlet->fd == -EAFNOSUPPORT) {
		outlet->fd = -1;
		return 0;
	}
	if (outlet->fd < 0)
		return outlet->fd;
	if (!bind(outlet->fd, &sa.sa, len)) {
		len = sizeof(sa);
		if (!getsockname(outlet->fd, &sa.sa, &len))
			return sockaddr_read(&sa.sa, &addr, &outlet->port);
	}
	ret = -errno;
	outlet_close(outlet);
	/* IPv6 may be switched off with all its addresses. */
	return ret == -EADDRNOTAVAIL ? 0 : ret;
}

void outlet_close(struct outlet *outlet)
{
	if (outlet->fd >= 0)
		close(outlet->fd);
	outlet->fd = -1;
}

int outlet_send(const struct outlet *outlet, const struct addr *addr,
		uint16_t port, const void *data, size_t len)
{
	union sockaddr_any sa;
	socklen_t sa_len = sockaddr_fill(&sa, addr, port);

	if (outlet->fd < 0)
		return -EAFNOSUPPORT;
	if (sendto(outlet->fd, data, len, MSG_DONTWAIT | MSG_NOSIGNAL, &sa.sa,
		   sa_len) < 0)
		return -errno;
	return 0;
}
