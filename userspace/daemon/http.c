// SPDX-License-Identifier: GPL-2.0
#include "http.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/queue.h>
#include <sys/socket.h>

#include "endpoint.h"
#include "http_request.h"
#include "http_socket.h"
#include "log.h"

/* Connections at a time: of all clients, and of one address. */
#define CONNECTIONS_MAX 128
#define CONNECTIONS_PER_ADDRESS_MAX 32

/* Of one connection: the request line, headers, and buffers in between. */
#define MEMORY_MAX 16384

/* Without an octet; and for a request and its answer, however they trickle. */
#define IDLE_S 10
#define REQUEST_S 20

#define USEC_PER_S 1000000ULL
#define USEC_PER_MS 1000ULL

/* How late timers may be. */
#define ACCURACY_US 1000

struct connection {
	TAILQ_ENTRY(connection) link;
	int fd;
	uint64_t deadline_us; /* of its request */
};

struct http {
	struct endpoint listen; /* its host is ours */
	struct http_door door;
	struct MHD_Daemon *mhd;
	sd_event *event;
	sd_event_source *io;
	sd_event_source *timer;
	/* All that are open, in the order of their deadlines. */
	TAILQ_HEAD(, connection) connections;
	bool closed; /* one of them in this run */
};

static uint64_t now_us(const struct http *http)
{
	uint64_t now = 0;

	sd_event_now(http->event, CLOCK_MONOTONIC, &now);
	return now;
}

static void give_time(struct http *http, struct connection *connection)
{
	connection->deadline_us = now_us(http) + REQUEST_S * USEC_PER_S;
	TAILQ_INSERT_TAIL(&http->connections, connection, link);
}

/* A connection that there is no memory for has no deadline: end it now. */
static void opened(struct http *http, struct MHD_Connection *mhd, void **state)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct connection *connection = calloc(1, sizeof(*connection));

	*state = connection;
	if (!connection) {
		shutdown(info->connect_fd, SHUT_RDWR);
		return;
	}
	connection->fd = info->connect_fd;
	give_time(http, connection);
}

static void on_connection(void *data, struct MHD_Connection *mhd, void **state,
			  enum MHD_ConnectionNotificationCode what)
{
	struct connection *connection = *state;
	struct http *http = data;

	if (what == MHD_CONNECTION_NOTIFY_STARTED) {
		opened(http, mhd, state);
	} else if (connection) {
		TAILQ_REMOVE(&http->connections, connection, link);
		free(connection);
		*state = NULL;
		http->closed = true;
	}
}

/* The answer is sent, or cannot be: another request may follow. */
static void on_completed(void *data, struct MHD_Connection *mhd, void **request,
			 enum MHD_RequestTerminationCode why)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(mhd,
					MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	struct connection *connection = info ? info->socket_context : NULL;
	struct http *http = data;

	(void)why;
	http_request_free(*request);
	*request = NULL;
	if (!connection)
		return;
	TAILQ_REMOVE(&http->connections, connection, link);
	give_time(http, connection);
}

/* Those that take too long are shut, which closes them in the next run. */
static void end_overdue(struct http *http)
{
	uint64_t now = now_us(http);
	struct connection *connection;

	TAILQ_FOREACH(connection, &http->connections, link)
	{
		if (connection->deadline_us > now)
			break;
		shutdown(connection->fd, SHUT_RDWR);
	}
}

/* The next time that something is due though nothing comes in. */
static int arm(struct http *http)
{
	const struct connection *first = TAILQ_FIRST(&http->connections);
	uint64_t now = now_us(http);
	uint64_t due = UINT64_MAX;
	MHD_UNSIGNED_LONG_LONG ms;
	int ret;

	if (first)
		due = first->deadline_us > now ? first->deadline_us :
						 now + USEC_PER_S;
	if (MHD_get_timeout(http->mhd, &ms) == MHD_YES &&
	    now + ms * USEC_PER_MS < due)
		due = now + ms * USEC_PER_MS;
	/* At its limit it accepts none before the run after this one. */
	if (http->closed)
		due = now;
	if (due == UINT64_MAX)
		return sd_event_source_set_enabled(http->timer, SD_EVENT_OFF);
	ret = sd_event_source_set_time(http->timer, due);
	if (ret < 0)
		return ret;
	return sd_event_source_set_enabled(http->timer, SD_EVENT_ONESHOT);
}

static int run(struct http *http)
{
	end_overdue(http);
	http->closed = false;
	MHD_run(http->mhd);
	return arm(http);
}

static int on_readable(sd_event_source *source, int fd, uint32_t revents,
		       void *data)
{
	(void)source;
	(void)fd;
	(void)revents;
	return run(data);
}

static int on_time(sd_event_source *source, uint64_t usec, void *data)
{
	(void)source;
	(void)usec;
	return run(data);
}

/* The server of a listening socket, which is its own from now on. */
static struct MHD_Daemon *start(struct http *http, int fd)
{
	unsigned int per_address = http_socket_is_unix(&http->listen) ?
					   0 :
					   CONNECTIONS_PER_ADDRESS_MAX;

	/* clang-format off */
	return MHD_start_daemon(MHD_USE_EPOLL, 0, NULL, NULL,
		http_request_handle, &http->door,
		MHD_OPTION_LISTEN_SOCKET, fd,
		MHD_OPTION_CONNECTION_LIMIT, (unsigned int)CONNECTIONS_MAX,
		MHD_OPTION_PER_IP_CONNECTION_LIMIT, per_address,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)MEMORY_MAX,
		MHD_OPTION_CONNECTION_TIMEOUT, (unsigned int)IDLE_S,
		MHD_OPTION_NOTIFY_CONNECTION, on_connection, http,
		MHD_OPTION_NOTIFY_COMPLETED, on_completed, http,
		MHD_OPTION_END);
	/* clang-format on */
}

static int watch(struct http *http)
{
	const union MHD_DaemonInfo *info =
		MHD_get_daemon_info(http->mhd, MHD_DAEMON_INFO_EPOLL_FD);
	int ret;

	if (!info)
		return -EOPNOTSUPP;
	ret = sd_event_add_io(http->event, &http->io, info->epoll_fd, EPOLLIN,
			      on_readable, http);
	if (ret < 0)
		return ret;
	ret = sd_event_add_time(http->event, &http->timer, CLOCK_MONOTONIC, 0,
				ACCURACY_US, on_time, http);
	return ret < 0 ? ret : 0;
}

int http_new(struct http **out, sd_event *event, const struct endpoint *listen,
	     const char *token, const struct pages *pages)
{
	struct http *http = calloc(1, sizeof(*http));
	char text[HTTP_SOCKET_TEXT_MAX];
	int fd, ret;

	if (!http)
		return -ENOMEM;
	http_socket_text(listen, text);
	http->listen.port = listen->port;
	http->listen.host = strdup(listen->host);
	http->door.pages = pages;
	http->door.token = http_socket_is_unix(listen) ? NULL : token;
	http->event = sd_event_ref(event);
	TAILQ_INIT(&http->connections);

	fd = http->listen.host ? http_socket_open(listen) : -ENOMEM;
	ret = fd < 0 ? fd : 0;
	if (!ret) {
		http->mhd = start(http, fd);
		ret = http->mhd ? watch(http) : -ENOMEM;
	}
	if (ret) {
		log_err("HTTP cannot be answered on %s: %s", text,
			strerror(-ret));
		http_free(http);
		return ret;
	}
	log_info("HTTP is answered on %s", text);
	*out = http;
	return 0;
}

void http_free(struct http *http)
{
	if (!http)
		return;
	sd_event_source_unref(http->io);
	sd_event_source_unref(http->timer);
	if (http->mhd) {
		MHD_stop_daemon(http->mhd);
		http_socket_remove(&http->listen);
	}
	sd_event_unref(http->event);
	free(http->listen.host);
	free(http);
}
