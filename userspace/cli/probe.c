// SPDX-License-Identifier: GPL-2.0
#include "probe.h"

#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "flow.h"

/* How often TCP is asked how far it got. */
#define TICK_MS 20

/* What counts of the time between two looks, however long it was. */
#define PAUSE_MS 100

/*
 * How long to wait for an answer after all has arrived. A far end that is busy
 * takes its time; who has none usually closes, and then nobody waits.
 */
#define ANSWER_MS 2000

/*
 * First sequence number. A Linux router that takes an 8-octet Destination
 * Options header for TCP reads the length of the TCP header from the top of
 * the sequence number. This one gives the longest: then it goes wrong always,
 * and not with half of all connections.
 */
#define FIRST_SEQ 0xf0000000u
#define SEQ_RANDOM 0x00ffffffu

struct probe {
	int fd;
	struct sockaddr_in6 to;
	int64_t start_ms;
	int64_t looked_ms; /* when pass_time() was called last */
	int64_t left_ms; /* of the time that the path has for it */
	uint32_t syn_retransmits;
	size_t sent;
	bool ended; /* the far end has closed, or reset */
	bool reset;
	char answer[96];
	size_t answer_len;
};

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static struct sockaddr_in6 to_sockaddr(const struct addr *addr, uint16_t port)
{
	struct sockaddr_in6 sa = {
		.sin6_family = AF_INET6,
		.sin6_port = htons(port),
	};

	memcpy(&sa.sin6_addr, addr->octets, sizeof(sa.sin6_addr));
	return sa;
}

/* The address that packets to this destination leave from. */
static int find_source(const struct sockaddr_in6 *to, struct sockaddr_in6 *from)
{
	socklen_t len = sizeof(*from);
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int ret = 0;

	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)to, sizeof(*to)) ||
	    getsockname(fd, (struct sockaddr *)from, &len))
		ret = -errno;
	close(fd);
	from->sin6_port = 0;
	return ret;
}

/* Best effort: without it there is less to be seen, and nothing wrong. */
static void set_first_seq(int fd)
{
	const int on = 1, off = 0, queue = TCP_SEND_QUEUE;
	uint32_t seq = FIRST_SEQ | ((uint32_t)now_ms() * 64007 & SEQ_RANDOM);

	if (setsockopt(fd, IPPROTO_TCP, TCP_REPAIR, &on, sizeof(on)))
		return;
	if (!setsockopt(fd, IPPROTO_TCP, TCP_REPAIR_QUEUE, &queue,
			sizeof(queue)))
		setsockopt(fd, IPPROTO_TCP, TCP_QUEUE_SEQ, &seq, sizeof(seq));
	setsockopt(fd, IPPROTO_TCP, TCP_REPAIR, &off, sizeof(off));
}

static int open_socket(struct probe *probe, struct flow_key *key)
{
	struct sockaddr_in6 from = { 0 };
	socklen_t len = sizeof(from);
	int ret;

	probe->fd =
		socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (probe->fd < 0)
		return -errno;
	ret = find_source(&probe->to, &from);
	if (ret)
		return ret;
	if (bind(probe->fd, (struct sockaddr *)&from, sizeof(from)) ||
	    getsockname(probe->fd, (struct sockaddr *)&from, &len))
		return -errno;
	set_first_seq(probe->fd);
	key->protocol = IPPROTO_TCP;
	key->src.family = AF_INET6;
	memcpy(key->src.octets, &from.sin6_addr, sizeof(key->src.octets));
	key->sport = ntohs(from.sin6_port);
	return 0;
}

int probe_new(struct probe **out, struct flow_key *key)
{
	struct probe *probe = calloc(1, sizeof(*probe));
	int ret;

	if (!probe)
		return -ENOMEM;
	probe->to = to_sockaddr(&key->dst, key->dport);
	ret = open_socket(probe, key);
	if (ret) {
		probe_free(probe);
		return ret;
	}
	*out = probe;
	return 0;
}

void probe_free(struct probe *probe)
{
	if (!probe)
		return;
	if (probe->fd >= 0)
		close(probe->fd);
	free(probe);
}

/* A longer pause is none of the path's doing: this machine stood still. */
static void pass_time(struct probe *probe)
{
	int64_t now = now_ms();
	int64_t passed = now - probe->looked_ms;

	probe->left_ms -= passed < PAUSE_MS ? passed : PAUSE_MS;
	probe->looked_ms = now;
}

/*
 * Wait for events or the end of a tick. Returns what has come, or 0; or -EINTR
 * if stop is readable.
 */
static int wait_for(struct probe *probe, short events, int stop)
{
	/* A socket that has ended would be ready for ever. */
	struct pollfd fds[] = {
		{ .fd = events ? probe->fd : -1, .events = events },
		{ .fd = stop, .events = POLLIN },
	};
	int ret;

	ret = poll(fds, 2, TICK_MS);
	pass_time(probe);
	if (ret < 0)
		return errno == EINTR ? 0 : -errno;
	return fds[1].revents ? -EINTR : fds[0].revents;
}

static void ask_tcp(const struct probe *probe, struct tcp_info *info)
{
	socklen_t len = sizeof(*info);

	/* What an older kernel does not know stays 0. */
	memset(info, 0, sizeof(*info));
	getsockopt(probe->fd, IPPROTO_TCP, TCP_INFO, info, &len);
}

/* Octets of data that arrived: the SYN was one of those acknowledged. */
static uint64_t acked(const struct probe *probe, const struct tcp_info *info)
{
	uint64_t n = info->tcpi_bytes_acked;

	n = n ? n - 1 : 0;
	/* And so is a FIN. */
	return n > probe->sent ? probe->sent : n;
}

static int make_connection(struct probe *probe, int stop,
			   struct probe_result *result)
{
	struct tcp_info info;
	socklen_t len = sizeof(result->error);
	int ret;

	if (connect(probe->fd, (struct sockaddr *)&probe->to,
		    sizeof(probe->to)) &&
	    errno != EINPROGRESS) {
		result->error = errno;
		return 0;
	}
	do {
		ret = wait_for(probe, POLLOUT, stop);
	} while (!ret && probe->left_ms > 0);
	if (ret <= 0)
		return ret;
	getsockopt(probe->fd, SOL_SOCKET, SO_ERROR, &result->error, &len);
	if (result->error)
		return 0;
	result->end = PROBE_TIMEOUT;
	ask_tcp(probe, &info);
	probe->syn_retransmits = info.tcpi_total_retrans;
	return 0;
}

/* As much as goes in; the end of what is sent when all of it has. */
static void send_some(struct probe *probe)
{
	static const char data[PROBE_OCTETS];
	ssize_t n;

	while (probe->sent < PROBE_OCTETS) {
		n = send(probe->fd, data + probe->sent,
			 PROBE_OCTETS - probe->sent, MSG_NOSIGNAL);
		if (n < 0 && errno == EAGAIN)
			return;
		if (n < 0) {
			probe->ended = true;
			probe->reset = true;
			return;
		}
		probe->sent += n;
	}
	shutdown(probe->fd, SHUT_WR);
}

static void read_some(struct probe *probe)
{
	char buf[4096];
	size_t room;
	ssize_t n;

	while ((n = recv(probe->fd, buf, sizeof(buf), 0)) > 0) {
		room = sizeof(probe->answer) - 1 - probe->answer_len;
		room = (size_t)n < room ? (size_t)n : room;
		memcpy(probe->answer + probe->answer_len, buf, room);
		probe->answer_len += room;
	}
	if (n < 0 && errno == EAGAIN)
		return;
	probe->ended = true;
	probe->reset = n < 0;
}

/* What there is to wait for. */
static short wanted(const struct probe *probe)
{
	short events = probe->ended ? 0 : POLLIN;

	if (probe->sent < PROBE_OCTETS && !probe->reset)
		events |= POLLOUT;
	return events;
}

static void see_progress(struct probe *probe, struct probe_result *result)
{
	struct tcp_info info;

	if (result->end == PROBE_DONE)
		return;
	ask_tcp(probe, &info);
	result->acked = acked(probe, &info);
	result->time_ms = probe->looked_ms - probe->start_ms;
	if (result->acked < PROBE_OCTETS)
		return;
	result->end = PROBE_DONE;
	if (probe->left_ms > ANSWER_MS)
		probe->left_ms = ANSWER_MS;
}

/* Returns 0 when there is no more to wait for, or -EINTR. */
static int transfer(struct probe *probe, int stop, struct probe_result *result)
{
	int ret;

	do {
		ret = wait_for(probe, wanted(probe), stop);
		if (ret < 0)
			return ret;
		if (ret & POLLOUT)
			send_some(probe);
		if (ret & (POLLIN | POLLERR | POLLHUP))
			read_some(probe);
		see_progress(probe, result);
		if (probe->reset || (probe->ended && result->end == PROBE_DONE))
			return 0;
	} while (probe->left_ms > 0);
	return 0;
}

static void conclude(const struct probe *probe, struct probe_result *result)
{
	struct tcp_info info;

	ask_tcp(probe, &info);
	result->retransmits =
		info.tcpi_total_retrans > probe->syn_retransmits ?
			info.tcpi_total_retrans - probe->syn_retransmits :
			0;
	result->mss = info.tcpi_snd_mss;
	result->pmtu = info.tcpi_pmtu;
	if (result->end == PROBE_TIMEOUT && probe->reset)
		result->end = PROBE_RESET;
	result->answered = sscanf(probe->answer, PROBE_ANSWER, &result->arrived,
				  &result->label, &result->headers) == 3;
}

int probe_run(struct probe *probe, int timeout_ms, int stop,
	      struct probe_result *result)
{
	int ret;

	memset(result, 0, sizeof(*result));
	result->end = PROBE_NO_CONNECTION;
	probe->start_ms = now_ms();
	probe->looked_ms = probe->start_ms;
	probe->left_ms = timeout_ms;
	ret = make_connection(probe, stop, result);
	if (ret || result->end == PROBE_NO_CONNECTION)
		return ret;
	ret = transfer(probe, stop, result);
	if (!ret)
		conclude(probe, result);
	return ret;
}
