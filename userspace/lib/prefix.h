/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Networks: an address and how many of its bits count.
 */
#ifndef SCITAG_PREFIX_H
#define SCITAG_PREFIX_H

#include <stdbool.h>
#include <stdint.h>

#include "addr.h"

/*
 * With an address of family 0 it is none. Padding is explicit and zero, as in
 * struct flow_key.
 */
struct prefix {
	struct addr addr;
	uint8_t len;
	uint8_t zero;
};

/* Longest texts with their NUL. */
#define PREFIX_TEXT_MAX (ADDR_TEXT_MAX + 4)
#define PREFIX_ERROR_MAX 256

/*
 * Parse "ADDRESS/LENGTH", or an address, of which all bits count. Bits behind
 * the length have to be 0. Returns 0; or -EINVAL with *prefix unchanged and a
 * text in error.
 */
int prefix_parse(struct prefix *prefix, const char *text,
		 char error[static PREFIX_ERROR_MAX]);

/* The network of this length that an address is in. */
struct prefix prefix_of(const struct addr *addr, unsigned int len);

/* Always with its length. Returns buf. */
const char *prefix_format(const struct prefix *prefix,
			  char buf[static PREFIX_TEXT_MAX]);

/* Is the address in it? */
bool prefix_has(const struct prefix *prefix, const struct addr *addr);

#endif /* SCITAG_PREFIX_H */
