/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The registry of experiments and activities, and tags as people write them.
 *
 * The file has the shape of https://www.scitags.org/api.json. Names are
 * compared without case.
 */
#ifndef SCITAG_REGISTRY_H
#define SCITAG_REGISTRY_H

#include <stdint.h>

struct registry;

/* Longest text of an error with its NUL. */
#define REGISTRY_ERROR_MAX 256

/*
 * Read a registry file. NULL as path: the first that exists of
 * $SCITAG_REGISTRY, /var/lib/scitag/registry.json, /etc/scitag/registry.json
 * and the shipped one. Returns 0 or -errno, with a text in error that names
 * the file and what is wrong in it.
 */
int registry_load(struct registry **out, const char *path,
		  char error[static REGISTRY_ERROR_MAX]);
void registry_free(struct registry *registry);	/* NULL is fine */

/* Names of ids; NULL if the registry does not know them. */
const char *registry_experiment_name(const struct registry *registry,
				     uint32_t experiment);
const char *registry_activity_name(const struct registry *registry,
				   uint32_t experiment, uint32_t activity);

struct tag {
	uint32_t experiment;	/* 0..65535 */
	uint32_t activity;	/* 0..255 */
};

/*
 * A tag as people write it: "atlas/Data Challenge", "2/26", "atlas/26",
 * "scitag 154" or "scitag:154" (exp << 6 | act, 65..65535), "label 0x10068"
 * or "label:65640" (a flow label; entropy is ignored).
 * Returns 0, or -EINVAL, -ENOENT (name not in the registry) or -ERANGE with a
 * text in error. registry may be NULL: then names are not known.
 */
int tag_parse(struct tag *tag, const struct registry *registry,
	      const char *text, char error[static REGISTRY_ERROR_MAX]);

#endif /* SCITAG_REGISTRY_H */
