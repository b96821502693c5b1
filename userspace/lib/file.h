/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Whole files in memory.
 */
#ifndef SCITAG_FILE_H
#define SCITAG_FILE_H

#include <stddef.h>

/*
 * Read all of a file of at most max octets. *data is to be freed by the
 * caller and has a NUL behind its *len octets.
 * Returns 0, -EFBIG if there is more, or another -errno.
 */
int file_read(const char *path, size_t max, char **data, size_t *len);

/* The same from a descriptor, which stays open. It need not be seekable. */
int file_read_fd(int fd, size_t max, char **data, size_t *len);

#endif /* SCITAG_FILE_H */
