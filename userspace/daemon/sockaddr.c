// SPDX-License-Identifier: GPL-2.0
#include "sockaddr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

socklen_t sockaddr_fill(union sockaddr_any *sa, const struct addr *addr,
			uint16_t port)
{
	memset(sa, 0, sizeof(*sa));
	sa->sa.sa_family = addr->family;
	switch (addr->family) {
	case AF_INET:
		memcpy(&sa->in.sin_addr, addr->octets, 4);
		sa->in.sin_port = htons(port);
		return sizeof(sa->in);
	case AF_INET6:
		memcpy(&sa->in6.sin6_addr, addr->octets, 16);
		sa->in6.sin6_port = htons(port);
		return sizeof(sa->in6);
	default:
		return 0;
	}
}

int sockaddr_read(const struct sockaddr *sa, struct addr *addr, uint16_t *port)
{
	struct addr result = { .family = sa->sa_family };

	if (sa->sa_family == AF_INET) {
		const struct sockaddr_in *in = (const void *)sa;

		memcpy(result.octets, &in->sin_addr, 4);
		*port = ntohs(in->sin_port);
	} else if (sa->sa_family == AF_INET6) {
		const struct sockaddr_in6 *in6 = (const void *)sa;

		result = addr_from_ipv6(in6->sin6_addr.s6_addr);
		*port = ntohs(in6->sin6_port);
	} else {
		return -EAFNOSUPPORT;
	}
	*addr = result;
	return 0;
}

const char *sockaddr_text(const struct addr *addr, uint16_t port,
			  char buf[static SOCKADDR_TEXT_MAX])
{
	char text[ADDR_TEXT_MAX];

	snprintf(buf, SOCKADDR_TEXT_MAX,
		 addr->family == AF_INET6 ? "[%s]:%u" : "%s:%u",
		 addr_format(addr, text), port);
	return buf;
}

int sockaddr_bind_udp(const struct addr *addr, uint16_t port)
{
	union sockaddr_any sa;
	socklen_t len = sockaddr_fill(&sa, addr, port);
	int one = 1;
	int fd;

	fd = socket(addr->family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
		    IPPROTO_UDP);
	if (fd < 0)
		return -errno;
	if ((addr->family == AF_INET6 &&
	     setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one))) ||
	    bind(fd, &sa.sa, len)) {
		int ret = -errno;

		close(fd);
		return ret;
	}
	return fd;
}
