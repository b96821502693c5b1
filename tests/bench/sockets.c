// SPDX-License-Identifier: GPL-2.0
#include "sockets.h"

#include <arpa/inet.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "flows.h"
#include "raw.h"

/* Not in the headers of the C library, which do not mix with the kernel's. */
#ifndef IPV6_FLOWINFO_SEND
#define IPV6_FLOWINFO_SEND 33
#endif
#ifndef SOL_UDP
#define SOL_UDP 17
#endif
#define BENCH_UDP_SEGMENT 103
#define BENCH_REPAIR_ON 1
#define BENCH_REPAIR_OFF_SILENT (-1)
#define OPTION_MAXSEG 2
#define OPTION_WINDOW 3
#define OPTION_TIMESTAMP 8

/* Small, so that copying octets does not hide what else is done. */
static const struct kind kinds[] = {
	{ .name = "udp", .protocol = IPPROTO_UDP, .payload = 64 },
	{
		.name = "gso",
		.protocol = IPPROTO_UDP,
		.payload = 48000,
		.segment = 1200,
	},
	{ .name = "tcp", .protocol = IPPROTO_TCP, .payload = 64 },
	{
		.name = "raw",
		.protocol = IPPROTO_TCP,
		.payload = RAW_SEGMENT_LEN,
		.raw = true,
	},
	{
		.name = "stream",
		.protocol = IPPROTO_TCP,
		.payload = 1 << 20,
		.peer = true,
	},
};

const struct kind *kind_find(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (!strcmp(kinds[i].name, name))
			return &kinds[i];
	return NULL;
}

unsigned int kind_segments(const struct kind *kind)
{
	return kind->segment ? kind->payload / kind->segment : 1;
}

static int set(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof(value));
}

/* Is it TCP that has to be told that it is connected? */
static bool without_peer(const struct kind *kind)
{
	return kind->protocol == IPPROTO_TCP && !kind->raw && !kind->peer;
}

/* As if the peer had agreed to all that and to the largest window. */
static int tcp_established(int fd)
{
	static const struct tcp_repair_opt options[] = {
		{ OPTION_MAXSEG, 1428 },
		{ OPTION_WINDOW, 14 | 14 << 16 },
		{ OPTION_TIMESTAMP, 0 },
	};
	struct tcp_repair_window window;
	socklen_t len = sizeof(window);

	if (setsockopt(fd, IPPROTO_TCP, TCP_REPAIR_OPTIONS, options,
		       sizeof(options)))
		return -1;
	if (getsockopt(fd, IPPROTO_TCP, TCP_REPAIR_WINDOW, &window, &len))
		return -1;
	window.snd_wnd = 1 << 29;
	window.max_window = window.snd_wnd;
	if (setsockopt(fd, IPPROTO_TCP, TCP_REPAIR_WINDOW, &window, len))
		return -1;
	return set(fd, IPPROTO_TCP, TCP_REPAIR, BENCH_REPAIR_OFF_SILENT);
}

/* What the sockets of a kind need before they are connected. */
static int prepare(int fd, const struct kind *kind, uint32_t label)
{
	if (label && set(fd, IPPROTO_IPV6, IPV6_FLOWINFO_SEND, 1))
		return -1;
	if (kind->segment && set(fd, SOL_UDP, BENCH_UDP_SEGMENT, kind->segment))
		return -1;
	if (!without_peer(kind))
		return 0;
	/* Nothing is ever acknowledged: all that was sent stays queued. */
	if (set(fd, SOL_SOCKET, SO_SNDBUFFORCE, 64 << 20) ||
	    set(fd, IPPROTO_TCP, TCP_NODELAY, 1))
		return -1;
	return set(fd, IPPROTO_TCP, TCP_REPAIR, BENCH_REPAIR_ON);
}

static struct sockaddr_in6 end(const struct addr *addr, uint16_t port,
			       uint32_t label)
{
	struct sockaddr_in6 sin6 = {
		.sin6_family = AF_INET6,
		.sin6_port = htons(port),
		.sin6_flowinfo = htonl(label),
	};

	memcpy(&sin6.sin6_addr, addr->octets, sizeof(sin6.sin6_addr));
	return sin6;
}

static int connect_flow(int fd, const struct kind *kind, unsigned int i,
			uint32_t label)
{
	struct flow_key key = bench_flow_key(kind->protocol, i);
	struct sockaddr_in6 src = end(&key.src, key.sport, 0);
	struct sockaddr_in6 dst = end(&key.dst, key.dport, label);

	if (prepare(fd, kind, label) ||
	    bind(fd, (struct sockaddr *)&src, sizeof(src)) ||
	    connect(fd, (struct sockaddr *)&dst, sizeof(dst)))
		return -1;
	return without_peer(kind) ? tcp_established(fd) : 0;
}

static int socket_new(const struct kind *kind)
{
	int type = kind->protocol == IPPROTO_TCP ? SOCK_STREAM : SOCK_DGRAM;

	if (kind->raw)
		return socket(AF_INET6, SOCK_RAW, kind->protocol);
	return socket(AF_INET6, type, 0);
}

int socket_open(const struct kind *kind, unsigned int i, uint32_t label)
{
	int fd = socket_new(kind);

	if (fd >= 0 && !connect_flow(fd, kind, i, label))
		return fd;
	perror("scitag-bench: socket");
	if (fd >= 0)
		close(fd);
	return -1;
}

void socket_close(const struct kind *kind, int fd)
{
	static const struct linger reset = { .l_onoff = 1 };

	if (without_peer(kind))
		set(fd, IPPROTO_TCP, TCP_REPAIR, BENCH_REPAIR_ON);
	if (kind->peer) /* or its ports would stay taken for a while */
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	close(fd);
}
