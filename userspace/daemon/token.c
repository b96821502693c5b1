// SPDX-License-Identifier: GPL-2.0
#include "token.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "log.h"

static int read_secret(const char *path, char **out, size_t *len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	int ret;

	if (fd < 0 || fstat(fd, &st))
		ret = -errno;
	else if (st.st_mode & S_IRWXO)
		ret = -EPERM;
	else
		ret = file_read_fd(fd, TOKEN_MAX + 1, out, len);
	if (fd >= 0)
		close(fd);
	return ret;
}

static bool is_token(const char *text, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (text[i] <= 0x20 || text[i] > 0x7e)
			return false;
	return len >= TOKEN_MIN && len <= TOKEN_MAX;
}

int token_read(char **out, const char *path)
{
	char *text = NULL;
	size_t len = 0;
	int ret;

	ret = read_secret(path, &text, &len);
	if (ret == -EPERM) {
		log_err("%s: everybody may use it: chmod o= %s", path, path);
		return ret;
	}
	if (ret) {
		log_err("%s: %s", path, strerror(-ret));
		return ret;
	}
	if (len && text[len - 1] == '\n')
		text[--len] = '\0';
	if (!is_token(text, len)) {
		log_err("%s: has to be one word of %d..%d characters", path,
			TOKEN_MIN, TOKEN_MAX);
		free(text);
		return -EINVAL;
	}
	*out = text;
	return 0;
}

bool token_is_shown(const char *token, const char *authorization)
{
	static const char scheme[] = "Bearer ";
	size_t len = strlen(token);
	unsigned char differs = 0;
	size_t i;

	if (!authorization ||
	    strncasecmp(authorization, scheme, sizeof(scheme) - 1) != 0)
		return false;
	authorization += sizeof(scheme) - 1;
	if (strlen(authorization) != len)
		return false;
	for (i = 0; i < len; i++)
		differs |= token[i] ^ authorization[i];
	return !differs;
}
