/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Octets as a file that has a path, without a file system, for parsers that
 * open what they read.
 */
#ifndef SCITAG_TESTS_FUZZ_FILE_H
#define SCITAG_TESTS_FUZZ_FILE_H

#include <stddef.h>

#define FUZZ_FILE_PATH_MAX 32

struct fuzz_file {
	int fd; /* 0: not there as yet */
	char path[FUZZ_FILE_PATH_MAX];
};

/* The file has these octets from now on. Returns its path. */
const char *fuzz_file_set(struct fuzz_file *file, const void *data,
			  size_t size);

#endif /* SCITAG_TESTS_FUZZ_FILE_H */
