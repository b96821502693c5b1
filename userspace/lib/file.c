// SPDX-License-Identifier: GPL-2.0
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FIRST_SIZE 4096

/*
 * Room for one octet more than is there: at least FIRST_SIZE, doubled from
 * then on.
 */
static int grow(char **data, size_t *size)
{
	size_t larger = *size ? *size * 2 : FIRST_SIZE;
	char *moved = realloc(*data, larger);

	if (!moved)
		return -ENOMEM;
	*data = moved;
	*size = larger;
	return 0;
}

int file_read_fd(int fd, size_t max, char **data, size_t *len)
{
	char *buf = NULL;
	size_t size = 0;
	size_t used = 0;
	ssize_t n;
	int ret;

	for (;;) {
		if (used + 1 >= size) {
			ret = grow(&buf, &size);
			if (ret)
				goto err_free;
		}
		n = read(fd, buf + used, size - used - 1);
		if (n == 0)
			break;
		if (n < 0 && errno == EINTR)
			continue;
		ret = n < 0 ? -errno : -EFBIG;
		if (n < 0 || (size_t)n > max - used)
			goto err_free;
		used += n;
	}
	buf[used] = '\0';
	*data = buf;
	*len = used;
	return 0;

err_free:
	free(buf);
	return ret;
}

int file_read(const char *path, size_t max, char **data, size_t *len)
{
	int fd, ret;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return -errno;
	ret = file_read_fd(fd, max, data, len);
	close(fd);
	return ret;
}

static int write_all(int fd, const char *data, size_t len)
{
	ssize_t n;

	for (; len; data += n, len -= n) {
		n = write(fd, data, len);
		if (n < 0 && errno == EINTR)
			n = 0;
		else if (n < 0)
			return -errno;
	}
	return fsync(fd) ? -errno : 0;
}

/* Without it, the name may be the old one after a crash: no harm. */
static void sync_directory(const char *path)
{
	char *copy = strdup(path);
	int fd;

	if (!copy)
		return;
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0) {
		fsync(fd);
		close(fd);
	}
	free(copy);
}

int file_replace(const char *path, const char *data, size_t len, mode_t mode)
{
	char *temporary;
	int fd, ret;

	if (asprintf(&temporary, "%s.XXXXXX", path) < 0)
		return -ENOMEM;
	fd = mkostemp(temporary, O_CLOEXEC);
	if (fd < 0) {
		ret = -errno;
		free(temporary);
		return ret;
	}
	ret = write_all(fd, data, len);
	if (!ret && fchmod(fd, mode))
		ret = -errno;
	close(fd);
	if (!ret && rename(temporary, path))
		ret = -errno;
	if (ret)
		unlink(temporary);
	else
		sync_directory(path);
	free(temporary);
	return ret;
}
