// SPDX-License-Identifier: GPL-2.0
#include "stun_client.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "addr.h"
#include "endpoint.h"
#include "log.h"
#include "resolver.h"
#include "sockaddr.h"
#include "stun.h"

/* RFC 8489 section 6.2.1: RTO, Rc and Rm. */
#define RTO_US 500000ULL
#define REQUESTS 7
#define LAST_WAIT 16

/* Until the server is asked again, after an answer and after none. */
#define PERIOD_US 300000000ULL
#define RETRY_US 60000000ULL

#define ACCURACY_US 10000

/* Longer than any answer that is of use. */
#define ANSWER_MAX 1500

struct stun_client {
	sd_event *event;
	struct endpoint server;
	struct addr source;
	struct resolver *resolver; /* NULL: the server is an address */
	int fd; /* of the transaction; -1: there is none */
	sd_event_source *source_io;
	sd_event_source *timer; /* NULL until it is used */
	uint8_t id[STUN_ID_LEN];
	unsigned int sent; /* requests in this transaction */
	bool failed; /* the last transaction, which was logged */
	struct addr addr; /* of family 0: not known */
};

/* What is waited after each request, the first being number 1. */
static uint64_t wait_us(unsigned int sent)
{
	return sent < REQUESTS ? RTO_US << (sent - 1) : LAST_WAIT * RTO_US;
}

static void begin(struct stun_client *client);
static void send_request(struct stun_client *client);
static void fail(struct stun_client *client, const char *why);

static int on_timer(sd_event_source *source, uint64_t usec, void *data)
{
	struct stun_client *client = data;

	(void)source;
	(void)usec;
	if (client->fd < 0)
		begin(client);
	else if (client->sent < REQUESTS)
		send_request(client);
	else
		fail(client, strerror(ETIMEDOUT));
	return 0;
}

static void set_timer(struct stun_client *client, uint64_t wait)
{
	uint64_t now = 0;
	int ret;

	sd_event_now(client->event, CLOCK_MONOTONIC, &now);
	if (!client->timer) {
		ret = sd_event_add_time(client->event, &client->timer,
					CLOCK_MONOTONIC, now + wait,
					ACCURACY_US, on_timer, client);
	} else {
		ret = sd_event_source_set_time(client->timer, now + wait);
		if (ret >= 0)
			ret = sd_event_source_set_enabled(client->timer,
							  SD_EVENT_ONESHOT);
	}
	if (ret < 0)
		log_err("the STUN server is not asked again: %s",
			strerror(-ret));
}

static void end(struct stun_client *client, uint64_t wait)
{
	client->source_io = sd_event_source_unref(client->source_io);
	if (client->fd >= 0)
		close(client->fd);
	client->fd = -1;
	set_timer(client, wait);
}

static void fail(struct stun_client *client, const char *why)
{
	/* The first of a row; the others differ in nothing. */
	log_msg(client->failed ? LOG_DEBUG : LOG_WARNING, "STUN server %s: %s",
		client->server.host, why);
	client->failed = true;
	end(client, RETRY_US);
}

static void take(struct stun_client *client, const struct addr *addr)
{
	char text[ADDR_TEXT_MAX];

	if (!addr_equal(&client->addr, addr))
		log_info("STUN server %s: this host is known as %s",
			 client->server.host, addr_format(addr, text));
	client->addr = *addr;
	client->failed = false;
	end(client, PERIOD_US);
}

static int on_readable(sd_event_source *source, int fd, uint32_t revents,
		       void *data)
{
	struct stun_client *client = data;
	uint8_t answer[ANSWER_MAX];
	struct addr addr;
	uint16_t port;
	ssize_t n;
	int ret;

	(void)source;
	(void)revents;
	n = recv(fd, answer, sizeof(answer), MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n < 0) {
		fail(client, strerror(errno));
		return 0;
	}
	ret = stun_response(&addr, &port, answer, n, client->id);
	if (!ret)
		take(client, &addr);
	else if (ret == -EPROTO)
		fail(client, "it does not tell the address");
	return 0;
}

static void send_request(struct stun_client *client)
{
	uint8_t request[STUN_REQUEST_LEN];

	stun_request(request, client->id);
	if (send(client->fd, request, sizeof(request),
		 MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
		fail(client, strerror(errno));
		return;
	}
	client->sent++;
	set_timer(client, wait_us(client->sent));
}

static int open_socket(struct stun_client *client, const struct addr *server)
{
	union sockaddr_any sa;
	socklen_t len = sockaddr_fill(&sa, server, client->server.port);

	client->fd = sockaddr_bind_udp(&client->source, 0);
	if (client->fd < 0)
		return client->fd;
	if (connect(client->fd, &sa.sa, len))
		return -errno;
	return sd_event_add_io(client->event, &client->source_io, client->fd,
			       EPOLLIN, on_readable, client);
}

static void begin(struct stun_client *client)
{
	const struct addr *server;
	struct addr addr;
	int ret;

	if (client->resolver) {
		server = resolver_get(client->resolver, client->server.host,
				      AF_INET);
		/* It will call when there is one. */
		if (!server)
			return;
		addr = *server;
	} else {
		addr_parse(&addr, client->server.host);
	}
	ret = open_socket(client, &addr);
	if (ret >= 0 && getrandom(client->id, sizeof(client->id), 0) < 0)
		ret = -errno;
	if (ret < 0) {
		fail(client, strerror(-ret));
		return;
	}
	client->sent = 0;
	send_request(client);
}

static void on_resolved(void *data)
{
	struct stun_client *client = data;

	if (client->fd < 0)
		begin(client);
}

static int resolve(struct stun_client *client)
{
	const struct resolver_name name = {
		.host = client->server.host,
		.family = AF_INET,
	};
	int ret = resolver_new(&client->resolver, client->event, on_resolved,
			       client);

	return ret ? ret : resolver_set(client->resolver, &name, 1);
}

int stun_client_new(struct stun_client **out, sd_event *event,
		    const struct endpoint *server, const struct addr *source)
{
	struct stun_client *client = calloc(1, sizeof(*client));
	struct addr addr;
	int ret = 0;

	if (!client)
		return -ENOMEM;
	client->event = event;
	client->fd = -1;
	client->source = *source;
	client->server.port = server->port;
	client->server.host = strdup(server->host);
	if (!client->server.host)
		ret = -ENOMEM;
	else if (addr_parse(&addr, server->host))
		ret = resolve(client);
	else
		begin(client);
	if (ret) {
		stun_client_free(client);
		return ret;
	}
	*out = client;
	return 0;
}

void stun_client_free(struct stun_client *client)
{
	if (!client)
		return;
	resolver_free(client->resolver);
	sd_event_source_unref(client->source_io);
	sd_event_source_unref(client->timer);
	if (client->fd >= 0)
		close(client->fd);
	free(client->server.host);
	free(client);
}

const struct addr *stun_client_addr(const struct stun_client *client)
{
	return client->addr.family ? &client->addr : NULL;
}
