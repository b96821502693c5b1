// SPDX-License-Identifier: GPL-2.0
#include "receiver.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "config.h"
#include "emitter.h"
#include "firefly.h"
#include "flows.h"
#include "limit.h"
#include "local.h"
#include "log.h"
#include "sockaddr.h"

/* Other producers do not keep to FIREFLY_MAX. */
#define DATAGRAM_MAX 8192

/* Datagrams in one go, before the other sources have their turn. */
#define BATCH_MAX 64

/* For bursts; the kernel gives no more than net.core.rmem_max. */
#define SOCKET_BUFFER (4 << 20)

struct receiver {
	struct flows *flows;
	struct local *local;
	struct emitter *emitter;
	struct addr addr;
	uint16_t port;
	char name[SOCKADDR_TEXT_MAX];
	int fd;
	sd_event_source *source;
	struct limit limit;
	struct receiver_counters counters;
	char datagram[DATAGRAM_MAX];
};

static void bad(struct receiver *r, const char *from, const char *what)
{
	r->counters.bad++;
	limit_log(&r->limit, LOG_WARNING, "%s: bad firefly from %s: %s",
		  r->name, from, what);
}

static void take_firefly(struct receiver *r, const struct firefly *said,
			 const char *from)
{
	char error[FLOWS_ERROR_MAX];
	int ret = 0;

	switch (said->state) {
	case FIREFLY_START:
		ret = flows_start(r->flows, said, error);
		break;
	case FIREFLY_END:
		ret = flows_end(r->flows, said, error);
		break;
	case FIREFLY_ONGOING:
		r->counters.ongoing++;
		break;
	}
	if (ret == -ENOENT)
		log_debug("%s: end of a flow: %s", r->name, error);
	else if (ret)
		limit_log(&r->limit, LOG_WARNING,
			  "%s: flow refused, announced by %s: %s", r->name,
			  from, error);
}

static void take_datagram(struct receiver *r, const struct msghdr *msg,
			  size_t len)
{
	char error[FIREFLY_ERROR_MAX];
	struct firefly_sender sender;
	char text[SOCKADDR_TEXT_MAX];
	struct addr from;
	struct firefly said;
	uint16_t port;

	r->counters.received++;
	if (sockaddr_read(msg->msg_name, &from, &port))
		return;
	sockaddr_text(&from, port, text);
	if (!local_has(r->local, &from)) {
		r->counters.foreign++;
		limit_log(&r->limit, LOG_NOTICE,
			  "%s: firefly from another host, %s, is left alone",
			  r->name, text);
		return;
	}
	if (emitter_is_own_port(r->emitter, &from, port)) {
		r->counters.own++;
		return;
	}
	if (msg->msg_flags & MSG_TRUNC) {
		bad(r, text, "too long");
		return;
	}
	if (firefly_parse(&said, &sender, r->datagram, len, error)) {
		bad(r, text, error);
		return;
	}
	if (emitter_is_own_name(r->emitter, &sender)) {
		r->counters.own++;
		return;
	}
	if (local_side(r->local, &said.key) == LOCAL_NONE &&
	    emitter_relay(r->emitter, &said, &sender, r->datagram, len)) {
		r->counters.relayed++;
		return;
	}
	take_firefly(r, &said, text);
}

/* The kernel counts what it dropped, as 32 bits that may wrap. */
static void count_lost(struct receiver *r, struct msghdr *msg)
{
	struct cmsghdr *cmsg;
	uint32_t total, lost;

	for (cmsg = CMSG_FIRSTHDR(msg); cmsg; cmsg = CMSG_NXTHDR(msg, cmsg)) {
		if (cmsg->cmsg_level != SOL_SOCKET ||
		    cmsg->cmsg_type != SO_RXQ_OVFL)
			continue;
		memcpy(&total, CMSG_DATA(cmsg), sizeof(total));
		lost = total - (uint32_t)r->counters.lost;
		if (lost)
			limit_log(&r->limit, LOG_WARNING,
				  "%s: %u fireflies came too fast and are lost",
				  r->name, lost);
		r->counters.lost += lost;
	}
}

static int on_readable(sd_event_source *source, int fd, uint32_t revents,
		       void *data)
{
	struct receiver *r = data;
	int i;

	(void)source;
	(void)revents;
	for (i = 0; i < BATCH_MAX; i++) {
		char control[CMSG_SPACE(sizeof(uint32_t))];
		struct iovec iov = { r->datagram, sizeof(r->datagram) };
		union sockaddr_any from;
		struct msghdr msg = {
			.msg_name = &from,
			.msg_namelen = sizeof(from),
			.msg_iov = &iov,
			.msg_iovlen = 1,
			.msg_control = control,
			.msg_controllen = sizeof(control),
		};
		ssize_t n = recvmsg(fd, &msg, MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			if (errno != EAGAIN)
				limit_log(&r->limit, LOG_ERR, "%s: %s", r->name,
					  strerror(errno));
			break;
		}
		count_lost(r, &msg);
		take_datagram(r, &msg, n);
	}
	return 0;
}

static int open_socket(struct receiver *r, const struct endpoint *listen)
{
	int size = SOCKET_BUFFER;
	int one = 1;
	int ret;

	ret = addr_parse(&r->addr, listen->host);
	if (ret)
		return ret;
	r->port = listen->port;
	sockaddr_text(&r->addr, r->port, r->name);
	r->fd = sockaddr_bind_udp(&r->addr, r->port);
	if (r->fd < 0) {
		ret = r->fd;
		log_err("fireflies cannot be received on %s: %s", r->name,
			strerror(-ret));
		return ret;
	}
	/* Neither is needed to work, only to lose less and to know of it. */
	setsockopt(r->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	setsockopt(r->fd, SOL_SOCKET, SO_RXQ_OVFL, &one, sizeof(one));
	return 0;
}

int receiver_new(struct receiver **out, sd_event *event,
		 const struct endpoint *listen, struct flows *flows,
		 struct local *local, struct emitter *emitter)
{
	struct receiver *r = calloc(1, sizeof(*r));
	int ret;

	if (!r)
		return -ENOMEM;
	r->flows = flows;
	r->local = local;
	r->emitter = emitter;
	r->fd = -1;
	ret = open_socket(r, listen);
	if (ret)
		goto err;
	ret = sd_event_add_io(event, &r->source, r->fd, EPOLLIN, on_readable,
			      r);
	if (ret < 0)
		goto err;
	*out = r;
	return 0;
err:
	receiver_free(r);
	return ret;
}

void receiver_free(struct receiver *receiver)
{
	if (!receiver)
		return;
	sd_event_source_unref(receiver->source);
	if (receiver->fd >= 0)
		close(receiver->fd);
	free(receiver);
}

bool receiver_is_at(const struct receiver *receiver,
		    const struct endpoint *listen)
{
	struct addr addr;

	return receiver->port == listen->port &&
	       !addr_parse(&addr, listen->host) &&
	       addr_equal(&receiver->addr, &addr);
}

const char *receiver_name(const struct receiver *receiver)
{
	return receiver->name;
}

const struct receiver_counters *
receiver_counters(const struct receiver *receiver)
{
	return &receiver->counters;
}

void receiver_log_counters(const struct receiver *receiver)
{
	log_info("%s: %" PRIu64 " fireflies, %" PRIu64 " bad, %" PRIu64
		 " own, %" PRIu64 " foreign, %" PRIu64 " ongoing, %" PRIu64
		 " relayed, %" PRIu64 " lost",
		 receiver->name, receiver->counters.received,
		 receiver->counters.bad, receiver->counters.own,
		 receiver->counters.foreign, receiver->counters.ongoing,
		 receiver->counters.relayed, receiver->counters.lost);
}
