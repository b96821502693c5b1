/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One of fireflies.collectors: where fireflies go, and which of them.
 */
#ifndef SCITAGD_COLLECTOR_H
#define SCITAGD_COLLECTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "endpoint.h"
#include "prefix.h"

struct firefly;
struct json_object;

/* Longest text of an error with its NUL. */
#define COLLECTOR_ERROR_MAX ENDPOINT_ERROR_MAX

/* As the configuration has it. What is empty lets all pass. */
struct collector {
	struct endpoint at;
	struct prefix *networks; /* one of the flow's addresses is in one */
	size_t n_networks;
	uint32_t *experiments;
	size_t n_experiments;
	uint32_t states; /* bits of 1 << enum firefly_state */
};

/* Does it get this firefly? One without ids has no experiment. */
bool collector_wants(const struct collector *collector,
		     const struct firefly *firefly);

void collector_clear(struct collector *collector);

/*
 * Its parts from text, as option_set has them: the networks, experiments (ids
 * or names of the registry) and states one by one.
 */
int collector_set_address(struct collector *collector, const char *text,
			  char error[static COLLECTOR_ERROR_MAX]);
int collector_add_network(struct collector *collector, const char *text,
			  char error[static COLLECTOR_ERROR_MAX]);
int collector_add_experiment(struct collector *collector, const char *text,
			     char error[static COLLECTOR_ERROR_MAX]);
int collector_add_state(struct collector *collector, const char *text,
			char error[static COLLECTOR_ERROR_MAX]);

/* "host:port", or a mapping if there is more to say. NULL: no memory. */
struct json_object *collector_get(const struct collector *collector);

#endif /* SCITAGD_COLLECTOR_H */
