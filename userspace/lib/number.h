/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Numbers as people write them.
 */
#ifndef SCITAG_NUMBER_H
#define SCITAG_NUMBER_H

#include <stdint.h>

/*
 * Parse a number with nothing before or behind it: no sign, no space.
 * number_parse() takes decimal or, with 0x, hexadecimal digits (no octal:
 * 010 is ten); decimal_parse() takes decimal ones only.
 * Returns 0, -EINVAL (not a number) or -ERANGE (above max); *value is
 * unchanged on an error.
 */
int number_parse(uint64_t *value, const char *text, uint64_t max);
int decimal_parse(uint64_t *value, const char *text, uint64_t max);

/*
 * A time in whole milliseconds as a decimal number with its unit behind it: ms,
 * s, m or h. Returns as above; it does not do without the unit.
 */
int duration_parse(uint64_t *ms, const char *text, uint64_t max);

/* The same in the largest unit that leaves it whole. */
#define DURATION_TEXT_MAX 24
const char *duration_format(uint64_t ms, char buf[static DURATION_TEXT_MAX]);

#endif /* SCITAG_NUMBER_H */
