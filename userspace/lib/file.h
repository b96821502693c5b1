/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Whole files in memory.
 */
#ifndef SCITAG_FILE_H
#define SCITAG_FILE_H

#include <stddef.h>
#include <sys/types.h>

/*
 * Read all of a file of at most max octets. *data is to be freed by the
 * caller and has a NUL behind its *len octets.
 * Returns 0, -EFBIG if there is more, or another -errno.
 */
int file_read(const char *path, size_t max, char **data, size_t *len);

/* The same from a descriptor, which stays open. It need not be seekable. */
int file_read_fd(int fd, size_t max, char **data, size_t *len);

/*
 * Put a file in the place of another, or where there is none: whoever reads
 * path has all of the one or all of the other, also after a crash. Returns 0
 * or -errno, and then the old one is as it was.
 */
int file_replace(const char *path, const char *data, size_t len, mode_t mode);

#endif /* SCITAG_FILE_H */
