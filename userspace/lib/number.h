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

#endif /* SCITAG_NUMBER_H */
