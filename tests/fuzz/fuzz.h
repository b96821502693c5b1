/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What all fuzz targets share. A target is a file that defines
 * LLVMFuzzerTestOneInput(); libFuzzer or replay.c calls it.
 *
 * Finding memory errors is left to the sanitizers; targets say with require()
 * what else has to be true of whatever comes in.
 */
#ifndef SCITAG_TESTS_FUZZ_H
#define SCITAG_TESTS_FUZZ_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the program, which is what counts as a finding. */
#define require(condition)                                            \
	do {                                                          \
		if (!(condition)) {                                   \
			fprintf(stderr, "%s:%d: does not hold: %s\n", \
				__FILE__, __LINE__, #condition);      \
			abort();                                      \
		}                                                     \
	} while (0)

#endif /* SCITAG_TESTS_FUZZ_H */
