/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The registry of experiments and activities.
 *
 * The file has the shape of https://www.scitags.org/api.json. Names are
 * compared without case.
 */
#ifndef SCITAG_REGISTRY_H
#define SCITAG_REGISTRY_H

#include <stddef.h>
#include <stdint.h>

#include "tag.h"

struct registry;

/* Longest text of an error with its NUL. */
#define REGISTRY_ERROR_MAX TAG_ERROR_MAX

/* Largest file. The published one has 7 kB. */
#define REGISTRY_SIZE_MAX (1 << 20)

/*
 * Where the registry is: $SCITAG_REGISTRY if it is set, else the first that
 * exists of /var/lib/scitag/registry.json (PATHS_REGISTRY_UPDATED),
 * /etc/scitag/registry.json and the shipped one.
 */
const char *registry_default_path(void);

/*
 * Read a registry file. NULL as path: the default one. Returns 0 or -errno
 * (-EBADMSG: not a registry), with a text in error that names the file and
 * what is wrong in it.
 */
int registry_load(struct registry **out, const char *path,
		  char error[static REGISTRY_ERROR_MAX]);

/*
 * The same from memory; error does not name a file. All or nothing: an id out
 * of range, an id or name that is there twice, or a name that is empty or has
 * control characters makes the whole registry bad.
 */
int registry_parse(struct registry **out, const char *text, size_t len,
		   char error[static REGISTRY_ERROR_MAX]);
void registry_free(struct registry *registry); /* NULL is fine */

/* When it was modified, in its own words; NULL if it does not say. */
const char *registry_modified(const struct registry *registry);

/* How many experiments there are, and pairs of experiment and activity. */
size_t registry_n_experiments(const struct registry *registry);
size_t registry_n_tags(const struct registry *registry);

/* Names of ids; NULL if the registry does not know them. */
const char *registry_experiment_name(const struct registry *registry,
				     uint32_t experiment);
const char *registry_activity_name(const struct registry *registry,
				   uint32_t experiment, uint32_t activity);

/* Ids of names. Return 0 or -ENOENT. */
int registry_experiment_id(const struct registry *registry, const char *name,
			   uint32_t *experiment);
int registry_activity_id(const struct registry *registry, uint32_t experiment,
			 const char *name, uint32_t *activity);

/*
 * Call cb for every pair, in the order of the file; a value other than 0 from
 * cb ends it and is returned.
 */
typedef int (*registry_cb)(const struct tag *tag, void *data);
int registry_walk(const struct registry *registry, registry_cb cb, void *data);

#endif /* SCITAG_REGISTRY_H */
