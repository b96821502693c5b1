/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Octets as a C string: up to the first NUL, and with none behind it.
 */
#ifndef SCITAG_TESTS_FUZZ_TEXT_H
#define SCITAG_TESTS_FUZZ_TEXT_H

#include <string.h>

#include "fuzz.h"

/* The caller's to free. */
static inline char *fuzz_text(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size);

	require(text);
	return text;
}

#endif /* SCITAG_TESTS_FUZZ_TEXT_H */
