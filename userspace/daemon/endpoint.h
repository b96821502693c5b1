/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where a datagram goes to or comes in, as the configuration names it.
 */
#ifndef SCITAGD_ENDPOINT_H
#define SCITAGD_ENDPOINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An address or name, and a port. */
struct endpoint {
	char *host; /* without brackets */
	uint16_t port;
};

/* Longest text of an error with its NUL. */
#define ENDPOINT_ERROR_MAX 256

/*
 * From "host", "host:port", "address" or "[address]:port"; default_port
 * if there is none. Whether the host is there is not looked at.
 * Returns 0; -EINVAL with a text in error; or -ENOMEM. The caller frees the
 * host.
 */
int endpoint_parse(struct endpoint *endpoint, const char *text,
		   uint16_t default_port,
		   char error[static ENDPOINT_ERROR_MAX]);

/*
 * From the absolute path of a unix socket, whose port is 0, or from a loopback
 * address as above. Returns the same.
 */
int endpoint_parse_local(struct endpoint *endpoint, const char *text,
			 uint16_t default_port,
			 char error[static ENDPOINT_ERROR_MAX]);

/* The text of it, a path or always with a port, to be freed; NULL: no memory. */
char *endpoint_text(const struct endpoint *endpoint);

#endif /* SCITAGD_ENDPOINT_H */
