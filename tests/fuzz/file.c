// SPDX-License-Identifier: GPL-2.0
#include "file.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"

const char *fuzz_file_set(struct fuzz_file *file, const void *data, size_t size)
{
	if (!file->fd) {
		file->fd = memfd_create("fuzz", MFD_CLOEXEC);
		require(file->fd > 0);
		snprintf(file->path, sizeof(file->path), "/proc/self/fd/%d",
			 file->fd);
	}
	require(!ftruncate(file->fd, 0));
	require(pwrite(file->fd, data, size, 0) == (ssize_t)size);
	return file->path;
}
