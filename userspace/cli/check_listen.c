// SPDX-License-Identifier: GPL-2.0
#include "check_listen.h"

#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "addr.h"
#include "cli.h"
#include "flow_json.h"
#include "json_util.h"
#include "output.h"
#include "probe.h"
#include "seen.h"
#include "signals.h"

/* Connections at a time; with more the oldest one goes. */
#define PEERS_MAX 64

struct peer {
	int fd;
	struct sockaddr_in6 from;
	uint64_t octets;
	struct seen seen;
};

struct listener {
	struct cli *cli;
	int fd;
	int signals;
	struct peer peers[PEERS_MAX];
	size_t n;
};

static const struct output_field fields[] = {
	{ .heading = "from", .key = "from" },
	{ .heading = "port", .key = "port" },
	{ .heading = "octets", .key = "octets" },
	{ .heading = "label", .text = flow_text_label },
	{ .heading = "headers", .key = "headers" },
};

static void print_peer(struct cli *cli, const struct peer *peer)
{
	struct json_object *object = json_object_new_object();
	struct addr addr = { .family = AF_INET6 };
	char text[ADDR_TEXT_MAX], headers[FLOW_MARK_TEXT_MAX];

	memcpy(addr.octets, &peer->from.sin6_addr, sizeof(addr.octets));
	if (object) {
		json_object_object_add(object, "from",
				       json_object_new_string(
					       addr_format(&addr, text)));
		json_object_object_add(object, "port",
				       json_new_u64(
					       ntohs(peer->from.sin6_port)));
		json_object_object_add(object, "octets",
				       json_new_u64(peer->octets));
		json_object_object_add(object, "label",
				       json_new_u64(peer->seen.label));
		json_object_object_add(object, "headers",
				       json_object_new_string(flow_mark_format(
					       peer->seen.headers, headers)));
	}
	output_line(cli->out, fields, sizeof(fields) / sizeof(fields[0]),
		    object);
}

static void end_peer(struct listener *listener, size_t i)
{
	struct peer *peer = &listener->peers[i];

	print_peer(listener->cli, peer);
	close(peer->fd);
	listener->n--;
	memmove(peer, peer + 1, (listener->n - i) * sizeof(*peer));
}

static void accept_peer(struct listener *listener)
{
	struct peer peer = { .fd = -1 };
	socklen_t len = sizeof(peer.from);

	peer.fd = accept4(listener->fd, (struct sockaddr *)&peer.from, &len,
			  SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (peer.fd < 0)
		return;
	if (listener->n == PEERS_MAX)
		end_peer(listener, 0);
	listener->peers[listener->n++] = peer;
}

/* Returns false when the connection has ended. */
static bool read_peer(struct peer *peer)
{
	char buf[65536];
	ssize_t n;

	while ((n = recv(peer->fd, buf, sizeof(buf), 0)) > 0)
		peer->octets += n;
	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	/* Goes into the empty buffer of the socket; if not, so be it. */
	peer->seen = seen_read(peer->fd);
	n = snprintf(buf, sizeof(buf), PROBE_ANSWER, peer->octets,
		     peer->seen.label, peer->seen.headers);
	send(peer->fd, buf, n, MSG_NOSIGNAL);
	return false;
}

static int listen_loop(struct listener *listener)
{
	struct pollfd fds[2 + PEERS_MAX] = {
		{ .fd = listener->fd, .events = POLLIN },
		{ .fd = listener->signals, .events = POLLIN },
	};
	size_t i, n;

	for (;;) {
		n = listener->n;
		for (i = 0; i < n; i++)
			fds[2 + i] = (struct pollfd){
				.fd = listener->peers[i].fd,
				.events = POLLIN,
			};
		if (poll(fds, 2 + n, -1) < 0)
			continue;
		if (fds[1].revents)
			return CLI_OK;
		/* From the last one on: those that end move the others. */
		for (i = n; i-- > 0;)
			if (fds[2 + i].revents &&
			    !read_peer(&listener->peers[i]))
				end_peer(listener, i);
		if (fds[0].revents)
			accept_peer(listener);
	}
}

static int open_listener(uint16_t port)
{
	struct sockaddr_in6 at = {
		.sin6_family = AF_INET6,
		.sin6_port = htons(port),
	};
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	const int on = 1;

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	seen_ask(fd);
	if (bind(fd, (struct sockaddr *)&at, sizeof(at)) ||
	    listen(fd, PEERS_MAX)) {
		int ret = -errno;

		close(fd);
		return ret;
	}
	return fd;
}

int check_listen(struct cli *cli, uint16_t port)
{
	struct listener listener = { .cli = cli };
	int status;

	listener.fd = open_listener(port);
	if (listener.fd < 0)
		return cli_fail(cli, CLI_REFUSED, "port %u: %s", port,
				strerror(-listener.fd));
	listener.signals = signals_open();
	if (listener.signals < 0)
		status = cli_fail(cli, CLI_REFUSED, "signals: %s",
				  strerror(-listener.signals));
	else
		status = listen_loop(&listener);
	while (listener.n)
		close(listener.peers[--listener.n].fd);
	if (listener.signals >= 0)
		close(listener.signals);
	close(listener.fd);
	return status;
}
