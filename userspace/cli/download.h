/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One file from the network, fetched by scitag-fetch.
 */
#ifndef SCITAG_DOWNLOAD_H
#define SCITAG_DOWNLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DOWNLOAD_ERROR_MAX 400

/* Longest ETag with its NUL. */
#define DOWNLOAD_ETAG_MAX 256

/* The file is the one that is there already. */
#define DOWNLOAD_NOT_MODIFIED 1

struct download {
	/* What is asked for. */
	const char *url;
	const char *cacert; /* NULL: those of the system */
	bool insecure; /* http, and certificates of anybody */
	uint64_t timeout_s;
	size_t max; /* octets */

	/* What came. */
	char *data; /* with a NUL behind it; to be freed */
	size_t len;
	char error[DOWNLOAD_ERROR_MAX];

	/* Of the file that is there, "" if there is none; then of the new one. */
	char etag[DOWNLOAD_ETAG_MAX];
};

/* Returns 0, DOWNLOAD_NOT_MODIFIED, or -errno with a text in error. */
int download_run(struct download *download);

#endif /* SCITAG_DOWNLOAD_H */
