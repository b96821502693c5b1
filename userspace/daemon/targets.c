// SPDX-License-Identifier: GPL-2.0
#include "targets.h"

#include <errno.h>
#include <stdlib.h>
#include <strings.h>

#include "addr.h"
#include "config.h"
#include "firefly.h"
#include "log.h"
#include "resolver.h"
#include "sockaddr.h"

struct target {
	const struct collector *collector;
	bool is_name;
	bool is_self; /* there is this daemon: it gets none */
	struct addr addr; /* of family 0: not known yet */
	uint64_t last; /* number of the firefly that went there last */
};

struct targets {
	const struct config *config;
	struct resolver *resolver;
	struct target *list;
	size_t n;
	uint64_t number; /* of the latest firefly */
	struct targets_counters counters;
};

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

static void set_addr(const struct config *config, struct target *target,
		     const struct addr *addr)
{
	const struct endpoint *at = &target->collector->at;
	char text[SOCKADDR_TEXT_MAX];

	if (addr_equal(&target->addr, addr))
		return;
	target->addr = *addr;
	target->is_self = is_receiver(config, addr, at->port);
	sockaddr_text(addr, at->port, text);
	if (target->is_self)
		log_warn("collector %s is left out: at %s is this daemon",
			 at->host, text);
	else
		log_info("fireflies go to %s (%s)", at->host, text);
}

static void take_names(const struct targets *targets,
		       const struct config *config, struct target *list)
{
	size_t i;

	for (i = 0; i < config->n_collectors; i++) {
		const struct addr *addr;

		if (!list[i].is_name)
			continue;
		addr = resolver_get(targets->resolver,
				    list[i].collector->at.host, AF_UNSPEC);
		if (addr)
			set_addr(config, &list[i], addr);
	}
}

static void on_resolved(void *data)
{
	struct targets *targets = data;

	take_names(targets, targets->config, targets->list);
}

/* Two collectors may have the same name. */
static bool has_name(const struct resolver_name *names, size_t n,
		     const char *host)
{
	while (n--)
		if (!strcasecmp(names[n].host, host))
			return true;
	return false;
}

static int set_names(struct targets *targets, const struct target *list,
		     size_t n)
{
	struct resolver_name *names = calloc(n + 1, sizeof(*names));
	size_t i, n_names = 0;
	int ret;

	if (!names)
		return -ENOMEM;
	for (i = 0; i < n; i++) {
		const char *host = list[i].collector->at.host;

		if (list[i].is_name && !has_name(names, n_names, host))
			names[n_names++].host = host;
	}
	ret = resolver_set(targets->resolver, names, n_names);
	free(names);
	return ret;
}

int targets_reload(struct targets *targets, const struct config *config)
{
	size_t n = config->n_collectors;
	struct target *list = calloc(n + 1, sizeof(*list));
	struct addr addr;
	size_t i;
	int ret;

	if (!list)
		return -ENOMEM;
	for (i = 0; i < n; i++) {
		list[i].collector = &config->collectors[i];
		list[i].is_name =
			addr_parse(&addr, config->collectors[i].at.host);
	}
	ret = set_names(targets, list, n);
	if (ret) {
		free(list);
		return ret;
	}
	for (i = 0; i < n; i++)
		if (!addr_parse(&addr, config->collectors[i].at.host))
			set_addr(config, &list[i], &addr);
	take_names(targets, config, list);
	free(targets->list);
	targets->list = list;
	targets->n = n;
	targets->config = config;
	return 0;
}

int targets_new(struct targets **out, sd_event *event,
		const struct config *config)
{
	struct targets *targets = calloc(1, sizeof(*targets));
	int ret;

	if (!targets)
		return -ENOMEM;
	ret = resolver_new(&targets->resolver, event, on_resolved, targets);
	if (!ret)
		ret = targets_reload(targets, config);
	if (ret) {
		targets_free(targets);
		return ret;
	}
	*out = targets;
	return 0;
}

void targets_free(struct targets *targets)
{
	if (!targets)
		return;
	resolver_free(targets->resolver);
	free(targets->list);
	free(targets);
}

bool targets_had(const struct targets *targets, const struct addr *addr,
		 uint16_t port)
{
	size_t i;

	for (i = 0; i < targets->n; i++)
		if (targets->list[i].last == targets->number &&
		    targets->list[i].collector->at.port == port &&
		    addr_equal(&targets->list[i].addr, addr))
			return true;
	return false;
}

void targets_each(struct targets *targets, const struct firefly *firefly,
		  targets_cb cb, void *data)
{
	size_t i;

	targets->number++;
	for (i = 0; i < targets->n; i++) {
		struct target *target = &targets->list[i];
		uint16_t port = target->collector->at.port;

		if (target->is_self)
			continue;
		if (!collector_wants(target->collector, firefly)) {
			targets->counters.filtered++;
			continue;
		}
		if (!target->addr.family) {
			targets->counters.unresolved++;
			continue;
		}
		if (targets_had(targets, &target->addr, port))
			continue;
		target->last = targets->number;
		cb(data, &target->addr, port);
	}
}

size_t targets_unresolved(const struct targets *targets)
{
	size_t i, n = 0;

	for (i = 0; i < targets->n; i++)
		n += !targets->list[i].addr.family;
	return n;
}

size_t targets_count(const struct targets *targets)
{
	return targets->n;
}

struct targets_state targets_get(const struct targets *targets, size_t number)
{
	const struct target *target = &targets->list[number];

	return (struct targets_state){
		.at = &target->collector->at,
		.addr = target->addr.family ? &target->addr : NULL,
		.is_self = target->is_self,
	};
}

const struct targets_counters *targets_counters(const struct targets *targets)
{
	return &targets->counters;
}
