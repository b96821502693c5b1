// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/stat.h>
#include <stdio.h>
#include <cmocka.h>

#include "file.h"

/* A pipe with n octets 'x' in it and nobody who writes more. */
static int pipe_with(size_t n)
{
	int fds[2];
	size_t i;

	assert_int_equal(pipe(fds), 0);
	for (i = 0; i < n; i++)
		assert_int_equal(write(fds[1], "x", 1), 1);
	close(fds[1]);
	return fds[0];
}

static void check_size(size_t n)
{
	char *data;
	size_t len, i;
	int fd;

	fd = pipe_with(n);
	assert_int_equal(file_read_fd(fd, n, &data, &len), 0);
	assert_int_equal(len, n);
	for (i = 0; i < n; i++)
		assert_int_equal(data[i], 'x');
	assert_int_equal(data[n], '\0');
	free(data);
	close(fd);
}

/* Sizes around those where the buffer grows. */
static void test_sizes(void **state)
{
	static const size_t sizes[] = {
		0, 1, 4094, 4095, 4096, 4097, 8191, 8192, 20000,
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		check_size(sizes[i]);
}

static void test_too_big(void **state)
{
	char *data = NULL;
	size_t len = 0;
	int fd;

	(void)state;
	fd = pipe_with(101);
	assert_int_equal(file_read_fd(fd, 100, &data, &len), -EFBIG);
	assert_null(data);
	close(fd);
	assert_int_equal(file_read("/dev/zero", 10000, &data, &len), -EFBIG);
	assert_null(data);
}

static void test_errors(void **state)
{
	char *data = NULL;
	size_t len = 0;

	(void)state;
	assert_int_equal(file_read("/nonexistent", 10, &data, &len), -ENOENT);
	assert_int_equal(file_read("/", 10, &data, &len), -EISDIR);
	assert_int_equal(file_read_fd(-1, 10, &data, &len), -EBADF);
	assert_null(data);
}

static void check_content(const char *path, const char *content)
{
	char *data;
	size_t len;

	assert_int_equal(file_read(path, 1000, &data, &len), 0);
	assert_string_equal(data, content);
	free(data);
}

/* A new file or another in its place; if it cannot be, nothing is left. */
static void test_replace(void **state)
{
	char directory[] = "/tmp/test_file.XXXXXX";
	char path[64], below[80];
	struct stat st;

	(void)state;
	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/x", directory);
	assert_int_equal(file_replace(path, "one", 3, 0640), 0);
	check_content(path, "one");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	assert_int_equal(file_replace(path, "", 0, 0644), 0);
	check_content(path, "");

	snprintf(below, sizeof(below), "%s/y", path);
	assert_int_equal(file_replace(below, "two", 3, 0644), -ENOTDIR);
	assert_int_equal(file_replace(directory, "two", 3, 0644), -EISDIR);
	check_content(path, "");
	assert_int_equal(unlink(path), 0);
	/* Nothing else was left in it. */
	assert_int_equal(rmdir(directory), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_too_big),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_replace),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
