// SPDX-License-Identifier: GPL-2.0
#include "emitter.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "config.h"
#include "firefly.h"
#include "flows.h"
#include "limit.h"
#include "local.h"
#include "log.h"
#include "nat.h"
#include "outlet.h"
#include "rate.h"
#include "relay.h"
#include "sockaddr.h"
#include "targets.h"
#include "timestamp.h"

struct emitter {
	const struct config *config;
	char hostname[FIREFLY_HOSTNAME_MAX];
	struct local *local;
	struct outlet ipv4;
	struct outlet ipv6;
	struct targets *targets;
	struct nat *nat;
	struct rate rate;
	struct relay relay;
	struct limit limit;
	struct emitter_counters counters;
};

static int64_t monotonic_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* Open an outlet in the place of one, unless they are alike. */
static int open_other(struct outlet *other, const struct outlet *outlet,
		      const struct addr *source)
{
	*other = *outlet;
	return addr_equal(&outlet->source, source) ? 0 :
						     outlet_open(other, source);
}

/* Put it there, or forget it. */
static void settle(struct outlet *outlet, struct outlet *other, bool use)
{
	if (outlet->fd == other->fd)
		return;
	outlet_close(use ? outlet : other);
	if (use)
		*outlet = *other;
}

static void check_source(struct emitter *emitter, const struct addr *source)
{
	char text[ADDR_TEXT_MAX];

	if (!addr_is_unspecified(source) && !local_has(emitter->local, source))
		log_warn("fireflies.source: %s is not this host's address: "
			 "nothing of IPv%d can be sent while it is not",
			 addr_format(source, text),
			 source->family == AF_INET ? 4 : 6);
}

/* What does not fail. */
static void use(struct emitter *emitter, const struct config *config)
{
	if (!emitter->config || emitter->config->rate != config->rate)
		rate_set(&emitter->rate, config->rate, monotonic_us());
	emitter->config = config;
	firefly_hostname(emitter->hostname, config->hostname);
	check_source(emitter, &config->source_ipv4);
	check_source(emitter, &config->source_ipv6);
}

int emitter_reload(struct emitter *emitter, const struct config *config)
{
	struct outlet ipv4 = emitter->ipv4, ipv6 = emitter->ipv6;
	int ret;

	ret = open_other(&ipv4, &emitter->ipv4, &config->source_ipv4);
	if (!ret)
		ret = open_other(&ipv6, &emitter->ipv6, &config->source_ipv6);
	if (!ret)
		ret = targets_reload(emitter->targets, config);
	settle(&emitter->ipv4, &ipv4, !ret);
	settle(&emitter->ipv6, &ipv6, !ret);
	if (ret)
		return ret;
	nat_reload(emitter->nat, config);
	use(emitter, config);
	return 0;
}

int emitter_new(struct emitter **out, sd_event *event,
		const struct config *config, struct local *local)
{
	struct emitter *emitter = calloc(1, sizeof(*emitter));
	int ret;

	if (!emitter)
		return -ENOMEM;
	emitter->local = local;
	emitter->ipv6.fd = -1;
	ret = outlet_open(&emitter->ipv4, &config->source_ipv4);
	if (!ret)
		ret = outlet_open(&emitter->ipv6, &config->source_ipv6);
	if (!ret)
		ret = nat_new(&emitter->nat, event, config, local);
	if (!ret)
		ret = targets_new(&emitter->targets, event, config);
	if (ret) {
		emitter_free(emitter);
		return ret;
	}
	use(emitter, config);
	*out = emitter;
	return 0;
}

void emitter_free(struct emitter *emitter)
{
	if (!emitter)
		return;
	outlet_close(&emitter->ipv4);
	outlet_close(&emitter->ipv6);
	targets_free(emitter->targets);
	nat_free(emitter->nat);
	free(emitter);
}

/* A datagram on its way to several addresses. */
struct shipment {
	struct emitter *emitter;
	bool urgent; /* a start or an end, of which there is one only */
	const char *datagram;
	size_t len;
};

static const struct outlet *outlet_for(const struct emitter *emitter,
				       const struct addr *addr)
{
	return addr->family == AF_INET6 ? &emitter->ipv6 : &emitter->ipv4;
}

static void send_to(void *data, const struct addr *addr, uint16_t port)
{
	const struct shipment *shipment = data;
	struct emitter *emitter = shipment->emitter;
	char text[SOCKADDR_TEXT_MAX];
	int ret;

	if (!rate_take(&emitter->rate, shipment->urgent, monotonic_us())) {
		emitter->counters.limited++;
		emitter->counters.limited_ongoing += !shipment->urgent;
		limit_log(&emitter->limit, LOG_WARNING,
			  "a firefly to %s is lost: more than fireflies.rate",
			  sockaddr_text(addr, port, text));
		return;
	}
	ret = outlet_send(outlet_for(emitter, addr), addr, port,
			  shipment->datagram, shipment->len);
	if (!ret) {
		emitter->counters.sent++;
		return;
	}
	emitter->counters.failed++;
	limit_log(&emitter->limit, LOG_WARNING, "a firefly to %s is lost: %s",
		  sockaddr_text(addr, port, text), strerror(-ret));
}

static bool is_excluded(const struct emitter *emitter, const struct addr *addr)
{
	const struct config *config = emitter->config;
	size_t i;

	for (i = 0; i < config->n_exclude; i++)
		if (prefix_has(&config->exclude[i], addr))
			return true;
	return config->exclude_local && local_has_network(emitter->local, addr);
}

static void send_to_remote(struct shipment *shipment, const struct addr *remote)
{
	struct emitter *emitter = shipment->emitter;

	if (!emitter->config->to_remote || !remote ||
	    targets_had(emitter->targets, remote, FIREFLY_PORT))
		return;
	if (is_excluded(emitter, remote))
		emitter->counters.excluded++;
	else
		send_to(shipment, remote, FIREFLY_PORT);
}

/* Writes a firefly with the addresses that others know. */
static bool write_firefly(struct emitter *emitter,
			  char datagram[static FIREFLY_MAX + 1],
			  const struct firefly *firefly,
			  struct shipment *shipment)
{
	struct firefly told = *firefly;
	int len;

	nat_apply(emitter->nat, &told.key);
	len = firefly_format(datagram, &told, emitter->hostname,
			     EMITTER_APP_NAME, timestamp_now());
	if (len < 0) {
		emitter->counters.unfit++;
		limit_log(&emitter->limit, LOG_ERR,
			  "a firefly cannot be written: %s", strerror(-len));
		return false;
	}
	*shipment = (struct shipment){
		.emitter = emitter,
		.urgent = firefly->state != FIREFLY_ONGOING,
		.datagram = datagram,
		.len = len,
	};
	return true;
}

void emitter_report(void *data, const struct flow *flow,
		    const struct firefly *firefly)
{
	struct emitter *emitter = data;
	char datagram[FIREFLY_MAX + 1];
	struct shipment shipment;

	if (!write_firefly(emitter, datagram, firefly, &shipment))
		return;
	targets_each(emitter->targets, firefly, send_to, &shipment);
	send_to_remote(&shipment, flow_remote(flow));
}

static bool pass_on(struct emitter *emitter, const struct firefly *said,
		    const char *data, size_t len, struct shipment *shipment)
{
	if (len > FIREFLY_MAX) {
		emitter->counters.unfit++;
		limit_log(&emitter->limit, LOG_WARNING,
			  "a firefly of %zu octets is not passed on", len);
		return false;
	}
	*shipment = (struct shipment){
		.emitter = emitter,
		.urgent = said->state != FIREFLY_ONGOING,
		.datagram = data,
		.len = len,
	};
	return relay_is_new(&emitter->relay, data, len);
}

bool emitter_relay(struct emitter *emitter, const struct firefly *said,
		   const struct firefly_sender *sender, const char *data,
		   size_t len)
{
	char datagram[FIREFLY_MAX + 1];
	struct shipment shipment;
	bool send = false;

	if (!strcmp(sender->app_name, EMITTER_APP_NAME))
		return false;
	switch (emitter->config->relay) {
	case RELAY_NONE:
		return false;
	case RELAY_VERBATIM:
		send = pass_on(emitter, said, data, len, &shipment);
		break;
	case RELAY_ENRICHED:
		send = write_firefly(emitter, datagram, said, &shipment);
		break;
	}
	if (send)
		targets_each(emitter->targets, said, send_to, &shipment);
	return true;
}

bool emitter_is_own_port(const struct emitter *emitter, const struct addr *from,
			 uint16_t port)
{
	const struct outlet *outlet = outlet_for(emitter, from);

	return outlet->fd >= 0 && outlet->port == port;
}

bool emitter_is_own_name(const struct emitter *emitter,
			 const struct firefly_sender *sender)
{
	return !strcmp(sender->app_name, EMITTER_APP_NAME) &&
	       !strcasecmp(sender->hostname, emitter->hostname);
}

const struct targets *emitter_targets(const struct emitter *emitter)
{
	return emitter->targets;
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
		 " unresolved, %" PRIu64 " limited (%" PRIu64
		 " of them ongoing), %" PRIu64 " filtered, %" PRIu64
		 " excluded, %" PRIu64 " unfit",
		 c.sent, c.failed, c.unresolved, c.limited, c.limited_ongoing,
		 c.filtered, c.excluded, c.unfit);
}
