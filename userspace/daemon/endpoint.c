// SPDX-License-Identifier: GPL-2.0
#include "endpoint.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "addr.h"

static int fail(char error[static ENDPOINT_ERROR_MAX], const char *text,
		const char *what)
{
	snprintf(error, ENDPOINT_ERROR_MAX, "\"%s\" %s", text, what);
	return -EINVAL;
}

/*
 * Where the port begins in "host:port", "[address]:port", or NULL if there is
 * none: more than one ':' outside of brackets is an IPv6 address.
 */
static const char *find_port(const char *text)
{
	const char *close = text[0] == '[' ? strchr(text, ']') : NULL;
	const char *colon;

	if (close)
		return close[1] ? close + 1 : NULL;
	colon = strchr(text, ':');
	return colon && !strchr(colon + 1, ':') ? colon : NULL;
}

int endpoint_parse(struct endpoint *e, const char *text, uint16_t default_port,
		   char error[static ENDPOINT_ERROR_MAX])
{
	const char *colon = find_port(text);
	size_t len = colon ? (size_t)(colon - text) : strlen(text);
	char *host;

	e->port = default_port;
	if (colon && (*colon != ':' || port_parse(&e->port, colon + 1)))
		return fail(error, text, "has a bad port");
	if (text[0] == '[') {
		if (len < 3 || text[len - 1] != ']')
			return fail(error, text, "has bad brackets");
		text++;
		len -= 2;
	}
	if (!len || strcspn(text, " \t/[]") < len)
		return fail(error, text, "is not a host");
	host = strndup(text, len);
	if (!host)
		return -ENOMEM;
	e->host = host;
	return 0;
}

static int parse_path(struct endpoint *e, const char *path,
		      char error[static ENDPOINT_ERROR_MAX])
{
	struct sockaddr_un sa;

	if (strlen(path) >= sizeof(sa.sun_path))
		return fail(error, path, "is longer than a socket's path");
	e->port = 0;
	e->host = strdup(path);
	return e->host ? 0 : -ENOMEM;
}

int endpoint_parse_local(struct endpoint *e, const char *text,
			 uint16_t default_port,
			 char error[static ENDPOINT_ERROR_MAX])
{
	struct addr addr;
	int ret;

	if (text[0] == '/')
		return parse_path(e, text, error);
	ret = endpoint_parse(e, text, default_port, error);
	if (ret)
		return ret;
	if (!addr_parse(&addr, e->host) && addr_is_loopback(&addr))
		return 0;
	free(e->host);
	return fail(error, text,
		    "is neither an absolute path nor a loopback address");
}

char *endpoint_text(const struct endpoint *endpoint)
{
	bool v6 = strchr(endpoint->host, ':');
	char *text;

	if (!endpoint->port)
		return strdup(endpoint->host);
	if (asprintf(&text, v6 ? "[%s]:%u" : "%s:%u", endpoint->host,
		     endpoint->port) < 0)
		return NULL;
	return text;
}
