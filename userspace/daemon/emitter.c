// SPDX-License-Identifier: GPL-2.0
#include "emitter.h"

#include <errno.h>
#include <inttypes.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "config.h"
#include "firefly.h"
#include "flows.h"
#include "limit.h"
#include "log.h"
#include "sockaddr.h"
#include "timestamp.h"

struct target {
	const char *name; /* of the configuration */
	struct addr addr;
	uint16_t port;
};

/* One for each family: it has a port of its own as long as it is open. */
struct out {
	int fd; /* -1: this host does not have the family */
	uint16_t port;
};

struct emitter {
	const struct config *config;
	char hostname[FIREFLY_HOSTNAME_MAX];
	struct out ipv4;
	struct out ipv6;
	struct target *collectors;
	size_t n_collectors;
	size_t n_unresolved; /* and left out */
	struct limit limit;
	struct emitter_counters counters;
};

static bool has_collector(const struct emitter *emitter,
			  const struct addr *addr, uint16_t port)
{
	size_t i;

	for (i = 0; i < emitter->n_collectors; i++)
		if (emitter->collectors[i].port == port &&
		    addr_equal(&emitter->collectors[i].addr, addr))
			return true;
	return false;
}

/* Is it where this daemon receives fireflies? */
static bool is_receiver(const struct config *config, const struct addr *addr,
			uint16_t port)
{
	struct addr listen;
	size_t i;

	for (i = 0; i < config->n_listen; i++)
		if (config->listen[i].port == port &&
		    !addr_parse(&listen, config->listen[i].host) &&
		    addr_equal(&listen, addr))
			return true;
	return false;
}

static void add_collector(struct emitter *emitter, const char *name,
			  const struct addr *addr, uint16_t port)
{
	struct target *target = &emitter->collectors[emitter->n_collectors];
	char text[SOCKADDR_TEXT_MAX];

	sockaddr_text(addr, port, text);
	if (has_collector(emitter, addr, port)) {
		log_notice("collector %s is %s, which is one already", name,
			   text);
		return;
	}
	if (is_receiver(emitter->config, addr, port)) {
		log_warn("collector %s is left out: at %s is this daemon", name,
			 text);
		return;
	}
	target->name = name;
	target->addr = *addr;
	target->port = port;
	emitter->n_collectors++;
	log_info("fireflies go to %s (%s)", name, text);
}

/* The address that the system prefers; it is one collector, however many. */
static int resolve(struct addr *addr, const char *name)
{
	struct addrinfo hints = { .ai_socktype = SOCK_DGRAM };
	struct addrinfo *list;
	uint16_t port;
	int ret;

	if (!addr_parse(addr, name))
		return 0;
	ret = getaddrinfo(name, NULL, &hints, &list);
	if (ret) {
		log_err("collector %s is left out: %s", name,
			gai_strerror(ret));
		return -ENOENT;
	}
	ret = sockaddr_read(list->ai_addr, addr, &port);
	freeaddrinfo(list);
	return ret;
}

static int open_out(struct out *out, sa_family_t family)
{
	const struct addr any = { .family = family };
	union sockaddr_any sa;
	socklen_t len = sizeof(sa);
	struct addr addr;

	out->fd = sockaddr_bind_udp(&any, 0);
	if (out->fd == -EAFNOSUPPORT) {
		out->fd = -1;
		return 0;
	}
	if (out->fd < 0)
		return out->fd;
	if (getsockname(out->fd, &sa.sa, &len))
		return -errno;
	return sockaddr_read(&sa.sa, &addr, &out->port);
}

/* The address that a name had before; NULL if it was none. */
static const struct addr *find_known(const struct target *targets, size_t n,
				     const char *name)
{
	while (n--)
		if (!strcmp(targets[n].name, name))
			return &targets[n].addr;
	return NULL;
}

int emitter_reload(struct emitter *emitter, const struct config *config)
{
	struct target *before = emitter->collectors;
	size_t n_before = emitter->n_collectors;
	struct target *targets;
	size_t i;

	targets = calloc(config->n_collectors + 1, sizeof(*targets));
	if (!targets)
		return -ENOMEM;
	emitter->config = config;
	emitter->collectors = targets;
	emitter->n_collectors = 0;
	emitter->n_unresolved = 0;
	firefly_hostname(emitter->hostname, config->hostname);
	for (i = 0; i < config->n_collectors; i++) {
		const struct endpoint *e = &config->collectors[i];
		const struct addr *known =
			find_known(before, n_before, e->host);
		struct addr addr;

		if (known)
			add_collector(emitter, e->host, known, e->port);
		else if (!resolve(&addr, e->host))
			add_collector(emitter, e->host, &addr, e->port);
		else
			emitter->n_unresolved++;
	}
	free(before);
	return 0;
}

int emitter_new(struct emitter **out, const struct config *config)
{
	struct emitter *emitter = calloc(1, sizeof(*emitter));
	int ret;

	if (!emitter)
		return -ENOMEM;
	emitter->ipv4.fd = -1;
	emitter->ipv6.fd = -1;
	ret = open_out(&emitter->ipv4, AF_INET);
	if (!ret)
		ret = open_out(&emitter->ipv6, AF_INET6);
	if (!ret)
		ret = emitter_reload(emitter, config);
	if (ret) {
		emitter_free(emitter);
		return ret;
	}
	*out = emitter;
	return 0;
}

void emitter_free(struct emitter *emitter)
{
	if (!emitter)
		return;
	if (emitter->ipv4.fd >= 0)
		close(emitter->ipv4.fd);
	if (emitter->ipv6.fd >= 0)
		close(emitter->ipv6.fd);
	free(emitter->collectors);
	free(emitter);
}

static void send_to(struct emitter *emitter, const struct addr *addr,
		    uint16_t port, const char *datagram, size_t len)
{
	const struct out *out = addr->family == AF_INET6 ? &emitter->ipv6 :
							   &emitter->ipv4;
	char text[SOCKADDR_TEXT_MAX];
	union sockaddr_any sa;
	socklen_t sa_len = sockaddr_fill(&sa, addr, port);
	int error = EAFNOSUPPORT;

	if (out->fd >= 0) {
		if (sendto(out->fd, datagram, len, MSG_DONTWAIT | MSG_NOSIGNAL,
			   &sa.sa, sa_len) >= 0) {
			emitter->counters.sent++;
			return;
		}
		error = errno;
	}
	emitter->counters.failed++;
	limit_log(&emitter->limit, LOG_WARNING, "a firefly to %s is lost: %s",
		  sockaddr_text(addr, port, text), strerror(error));
}

void emitter_report(void *data, const struct flow *flow,
		    const struct firefly *firefly)
{
	struct emitter *emitter = data;
	const struct addr *remote = flow_remote(flow);
	char datagram[FIREFLY_MAX + 1];
	size_t i;
	int len;

	len = firefly_format(datagram, firefly, emitter->hostname,
			     EMITTER_APP_NAME, timestamp_now());
	if (len < 0) {
		emitter->counters.unfit++;
		limit_log(&emitter->limit, LOG_ERR,
			  "a firefly cannot be written: %s", strerror(-len));
		return;
	}
	for (i = 0; i < emitter->n_collectors; i++)
		send_to(emitter, &emitter->collectors[i].addr,
			emitter->collectors[i].port, datagram, len);
	if (emitter->config->to_remote && remote &&
	    !has_collector(emitter, remote, FIREFLY_PORT))
		send_to(emitter, remote, FIREFLY_PORT, datagram, len);
}

bool emitter_is_own_port(const struct emitter *emitter, const struct addr *from,
			 uint16_t port)
{
	const struct out *out = from->family == AF_INET6 ? &emitter->ipv6 :
							   &emitter->ipv4;

	return out->fd >= 0 && out->port == port;
}

bool emitter_is_own_name(const struct emitter *emitter,
			 const struct firefly_sender *sender)
{
	return !strcmp(sender->app_name, EMITTER_APP_NAME) &&
	       !strcasecmp(sender->hostname, emitter->hostname);
}

size_t emitter_unresolved(const struct emitter *emitter)
{
	return emitter->n_unresolved;
}

const struct emitter_counters *emitter_counters(const struct emitter *emitter)
{
	return &emitter->counters;
}

void emitter_log_counters(const struct emitter *emitter)
{
	log_info("fireflies: %" PRIu64 " sent, %" PRIu64 " failed, %" PRIu64
		 " unfit",
		 emitter->counters.sent, emitter->counters.failed,
		 emitter->counters.unfit);
}
