/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The collectors with the addresses that they have at the moment: which of
 * them a firefly goes to.
 */
#ifndef SCITAGD_TARGETS_H
#define SCITAGD_TARGETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-event.h>

struct addr;
struct config;
struct endpoint;
struct firefly;
struct targets;

/*
 * config is used as long as this lives or until there is another. Names are
 * resolved in the background. Returns 0 or -errno.
 */
int targets_new(struct targets **out, sd_event *event,
		const struct config *config);
void targets_free(struct targets *targets); /* NULL is fine */

/*
 * From now on, what config has. All names are looked up again; those that have
 * an address keep it meanwhile. Returns 0; or -errno, and nothing has changed.
 */
int targets_reload(struct targets *targets, const struct config *config);

typedef void (*targets_cb)(void *data, const struct addr *addr, uint16_t port);

/*
 * Call cb for each address and port that wants a firefly, once, however many
 * of the collectors are there.
 */
void targets_each(struct targets *targets, const struct firefly *firefly,
		  targets_cb cb, void *data);

/* Was the latest call of targets_each() to this address and port as well? */
bool targets_had(const struct targets *targets, const struct addr *addr,
		 uint16_t port);

/* Collectors whose names have no address as yet. */
size_t targets_unresolved(const struct targets *targets);

/* A collector at the moment; number is less than targets_count(). */
struct targets_state {
	const struct endpoint *at; /* as configured */
	const struct addr *addr; /* NULL: not known as yet */
	bool is_self; /* there is this daemon, so it gets none */
};
size_t targets_count(const struct targets *targets);
struct targets_state targets_get(const struct targets *targets, size_t number);

struct targets_counters {
	uint64_t unresolved; /* fireflies for a name without an address */
	uint64_t filtered; /* fireflies that a collector did not want */
};
const struct targets_counters *targets_counters(const struct targets *targets);

#endif /* SCITAGD_TARGETS_H */
