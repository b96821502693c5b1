/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tags - an experiment and an activity - as people write them.
 */
#ifndef SCITAG_TAG_H
#define SCITAG_TAG_H

#include <stdint.h>

struct registry;

struct tag {
	uint32_t experiment; /* 0..TAG_EXPERIMENT_MAX */
	uint32_t activity; /* 0..TAG_ACTIVITY_MAX */
};

/* What an extension header can carry; a flow label carries less. */
#define TAG_EXPERIMENT_MAX 65535
#define TAG_ACTIVITY_MAX 255

/* Longest text of an error with its NUL. */
#define TAG_ERROR_MAX 256

/*
 * Parse a tag in any of these forms:
 *   atlas/Data Challenge   names, without case; registry may be NULL: then
 *                          none is known
 *   2/26, atlas/26         ids
 *   scitag 154             exp << 6 | act, 65..65535; also "scitag.flow";
 *                          also with ":" or "=" in place of the space
 *   label 0x10068          a flow label, its entropy ignored; also with ":"
 *                          or "="
 * Returns 0, or -EINVAL, -ENOENT (name not in the registry) or -ERANGE with a
 * text in error, and *tag unchanged.
 */
int tag_parse(struct tag *tag, const struct registry *registry,
	      const char *text, char error[static TAG_ERROR_MAX]);

/* The two halves: a name or an id. Returned values are those of tag_parse(). */
int tag_parse_experiment(uint32_t *experiment, const struct registry *registry,
			 const char *text, char error[static TAG_ERROR_MAX]);
int tag_parse_activity(uint32_t *activity, const struct registry *registry,
		       uint32_t experiment, const char *text,
		       char error[static TAG_ERROR_MAX]);

/* The tag as scitag.flow, or 0 if it has none: out of its range. */
uint32_t tag_scitag_flow(const struct tag *tag);

#endif /* SCITAG_TAG_H */
