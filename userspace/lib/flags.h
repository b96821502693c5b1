/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Bits of a number as names with commas between them, both ways.
 */
#ifndef SCITAG_FLAGS_H
#define SCITAG_FLAGS_H

#include <stddef.h>
#include <stdint.h>

struct flag_name {
	uint32_t bit;
	const char *name;
};

/*
 * "none" is 0. Returns 0, or -EINVAL if a name is not one of the n or is there
 * twice.
 */
int flags_parse(uint32_t *flags, const char *text,
		const struct flag_name *names, size_t n);

/* Bits that have no name, as a newer kernel may know more, become one "?". */
const char *flags_format(uint32_t flags, char *buf, size_t size,
			 const struct flag_name *names, size_t n);

#endif /* SCITAG_FLAGS_H */
