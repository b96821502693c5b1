// SPDX-License-Identifier: GPL-2.0
#include "nat.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "local.h"
#include "log.h"
#include "stun_client.h"
#include "translation.h"

struct nat {
	sd_event *event;
	const struct config *config;
	struct local *local;
	struct stun_client *stun; /* NULL: none is asked */
};

/* RFC 1918, and RFC 6598: between a provider and its customers. */
static const struct prefix private_networks[] = {
	{ .addr = { AF_INET, { 10 } }, .len = 8 },
	{ .addr = { AF_INET, { 172, 16 } }, .len = 12 },
	{ .addr = { AF_INET, { 192, 168 } }, .len = 16 },
	{ .addr = { AF_INET, { 100, 64 } }, .len = 10 },
};

static bool is_private(const struct addr *addr)
{
	size_t i;

	for (i = 0; i < sizeof(private_networks) / sizeof(private_networks[0]);
	     i++)
		if (prefix_has(&private_networks[i], addr))
			return true;
	return false;
}

static bool asks_alike(const struct config *a, const struct config *b)
{
	if (!a->stun.host || !b->stun.host)
		return a->stun.host == b->stun.host;
	return !strcmp(a->stun.host, b->stun.host) &&
	       a->stun.port == b->stun.port &&
	       addr_equal(&a->source_ipv4, &b->source_ipv4);
}

static void ask(struct nat *nat)
{
	const struct config *config = nat->config;
	int ret;

	if (!config->stun.host)
		return;
	ret = stun_client_new(&nat->stun, nat->event, &config->stun,
			      &config->source_ipv4);
	if (ret)
		log_err("STUN server %s is not asked: %s", config->stun.host,
			strerror(-ret));
}

void nat_reload(struct nat *nat, const struct config *config)
{
	bool alike = asks_alike(nat->config, config);

	nat->config = config;
	if (alike)
		return;
	stun_client_free(nat->stun);
	nat->stun = NULL;
	ask(nat);
}

int nat_new(struct nat **out, sd_event *event, const struct config *config,
	    struct local *local)
{
	struct nat *nat = calloc(1, sizeof(*nat));

	if (!nat)
		return -ENOMEM;
	nat->event = event;
	nat->config = config;
	nat->local = local;
	ask(nat);
	*out = nat;
	return 0;
}

void nat_free(struct nat *nat)
{
	if (!nat)
		return;
	stun_client_free(nat->stun);
	free(nat);
}

static void apply(const struct nat *nat, struct addr *addr)
{
	const struct addr *seen;

	if (translation_apply(nat->config->translations,
			      nat->config->n_translations, addr) ||
	    !nat->stun || !is_private(addr) || !local_has(nat->local, addr))
		return;
	seen = stun_client_addr(nat->stun);
	if (seen)
		*addr = *seen;
}

void nat_apply(const struct nat *nat, struct flow_key *key)
{
	apply(nat, &key->src);
	apply(nat, &key->dst);
}
