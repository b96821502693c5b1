// SPDX-License-Identifier: GPL-2.0
#include "emitter.h"

#include <errno.h>
#include <inttypes.h>
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
#include "targets.h"
#include "timestamp.h"

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
	struct targets *targets;
	struct limit limit;
	struct emitter_counters counters;
};

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

int emitter_reload(struct emitter *emitter, const struct config *config)
{
	int ret = targets_reload(emitter->targets, config);

	if (ret)
		return ret;
	emitter->config = config;
	firefly_hostname(emitter->hostname, config->hostname);
	return 0;
}

int emitter_new(struct emitter **out, sd_event *event,
		const struct config *config)
{
	struct emitter *emitter = calloc(1, sizeof(*emitter));
	int ret;

	if (!emitter)
		return -ENOMEM;
	emitter->config = config;
	firefly_hostname(emitter->hostname, config->hostname);
	emitter->ipv4.fd = -1;
	emitter->ipv6.fd = -1;
	ret = open_out(&emitter->ipv4, AF_INET);
	if (!ret)
		ret = open_out(&emitter->ipv6, AF_INET6);
	if (!ret)
		ret = targets_new(&emitter->targets, event, config);
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
	targets_free(emitter->targets);
	free(emitter);
}

/* A datagram on its way to several addresses. */
struct shipment {
	struct emitter *emitter;
	const char *datagram;
	size_t len;
};

static void send_to(void *data, const struct addr *addr, uint16_t port)
{
	const struct shipment *shipment = data;
	struct emitter *emitter = shipment->emitter;
	const struct out *out = addr->family == AF_INET6 ? &emitter->ipv6 :
							   &emitter->ipv4;
	char text[SOCKADDR_TEXT_MAX];
	union sockaddr_any sa;
	socklen_t sa_len = sockaddr_fill(&sa, addr, port);
	int error = EAFNOSUPPORT;

	if (out->fd >= 0) {
		if (sendto(out->fd, shipment->datagram, shipment->len,
			   MSG_DONTWAIT | MSG_NOSIGNAL, &sa.sa, sa_len) >= 0) {
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
	struct shipment shipment;
	int len;

	len = firefly_format(datagram, firefly, emitter->hostname,
			     EMITTER_APP_NAME, timestamp_now());
	if (len < 0) {
		emitter->counters.unfit++;
		limit_log(&emitter->limit, LOG_ERR,
			  "a firefly cannot be written: %s", strerror(-len));
		return;
	}
	shipment = (struct shipment){ emitter, datagram, len };
	targets_each(emitter->targets, firefly, send_to, &shipment);
	if (emitter->config->to_remote && remote &&
	    !targets_had(emitter->targets, remote, FIREFLY_PORT))
		send_to(&shipment, remote, FIREFLY_PORT);
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
	return targets_unresolved(emitter->targets);
}

struct emitter_counters emitter_counters(const struct emitter *emitter)
{
	const struct targets_counters *targets =
		targets_counters(emitter->targets);
	struct emitter_counters counters = emitter->counters;

	counters.unresolved = targets->unresolved;
	counters.filtered = targets->filtered;
	return counters;
}

void emitter_log_counters(const struct emitter *emitter)
{
	struct emitter_counters c = emitter_counters(emitter);

	log_info("fireflies: %" PRIu64 " sent, %" PRIu64 " failed, %" PRIu64
		 " unresolved, %" PRIu64 " filtered, %" PRIu64 " unfit",
		 c.sent, c.failed, c.unresolved, c.filtered, c.unfit);
}
