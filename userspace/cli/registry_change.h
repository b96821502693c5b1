/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What another registry changes.
 */
#ifndef SCITAG_REGISTRY_CHANGE_H
#define SCITAG_REGISTRY_CHANGE_H

#include <stdbool.h>
#include <stddef.h>

#include "output.h"

struct json_object;
struct registry;

/*
 * Tags that are in only one of two registries, and those of which a name has
 * changed: lists of texts ("2/26 atlas/Data Challenge") as "added", "removed"
 * and "renamed" of an object. before may be NULL: then nothing is added to it.
 */
void registry_change_add(struct json_object *object,
			 const struct registry *before,
			 const struct registry *after);

/*
 * Is it one that can be believed without asking? Not if it has no tag, or if
 * more than a quarter of those that there were are gone or renamed: *lost has
 * their number. Of such an object.
 */
bool registry_change_is_sane(struct json_object *object, size_t *lost,
			     const struct registry *before,
			     const struct registry *after);

/* Texts for struct output_field: how many, and the first of them. */
void registry_change_text_added(char buf[static OUTPUT_TEXT_MAX],
				struct json_object *object);
void registry_change_text_removed(char buf[static OUTPUT_TEXT_MAX],
				  struct json_object *object);
void registry_change_text_renamed(char buf[static OUTPUT_TEXT_MAX],
				  struct json_object *object);

#endif /* SCITAG_REGISTRY_CHANGE_H */
