/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The table fireflies.translate: what addresses are called elsewhere.
 *
 * Pure: nothing here does input or output.
 */
#ifndef SCITAGD_TRANSLATION_H
#define SCITAGD_TRANSLATION_H

#include <stdbool.h>
#include <stddef.h>

#include "prefix.h"

/*
 * Addresses of one network are called by those of another of the same length,
 * or all by one address. Both are of one family.
 */
struct translation {
	struct prefix from;
	struct prefix to;
};

/* What is wrong with it as a whole, or NULL. */
const char *translation_error(const struct translation *translation);

/* Change *addr by the first of them that it is in. False: it is in none. */
bool translation_apply(const struct translation *list, size_t n,
		       struct addr *addr);

#endif /* SCITAGD_TRANSLATION_H */
