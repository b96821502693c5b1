// SPDX-License-Identifier: GPL-2.0
/*
 * What is written into the named pipe. The first octet says how many octets
 * one read gives: that must not make a difference.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>

#include "fuzz.h"
#include "limit.h"
#include "line.h"

/* All that came of the lines, as one number (FNV-1a). */
struct outcome {
	uint64_t hash;
	size_t n_lines;
};

static void add(struct outcome *outcome, const void *data, size_t size)
{
	const uint8_t *octets = data;
	size_t i;

	for (i = 0; i < size; i++)
		outcome->hash = (outcome->hash ^ octets[i]) * 1099511628211u;
}

static void check_flow(const struct firefly *f)
{
	require(f->state == FIREFLY_START || f->state == FIREFLY_END);
	require(f->has_ids == (f->state == FIREFLY_START));
	require(f->key.protocol == IPPROTO_TCP ||
		f->key.protocol == IPPROTO_UDP);
	require(f->key.src.family == f->key.dst.family);
	require(f->key.src.family == AF_INET || f->key.src.family == AF_INET6);
	require(f->key.sport && f->key.dport);
}

static void take_line(void *data, const char *line, size_t len)
{
	struct outcome *outcome = data;
	char error[LINE_ERROR_MAX] = "";
	char quote[LIMIT_QUOTE_MAX];
	struct firefly f;
	char *copy;
	int ret;

	outcome->n_lines++;
	add(outcome, &len, line ? sizeof(len) : 0);
	if (!line)
		return;
	require(len <= LINE_MAX_LEN);
	/* Nothing stands behind it. */
	copy = malloc(len ? len : 1);
	require(copy);
	memcpy(copy, line, len);
	ret = line_parse(&f, copy, len, error);
	require(ret == 0 || ret == -ENODATA || ret == -EINVAL);
	require((ret == -EINVAL) == (error[0] != '\0'));
	if (!ret)
		check_flow(&f);
	require(strlen(limit_quote(quote, copy, len)) < LIMIT_QUOTE_MAX);
	add(outcome, copy, len);
	add(outcome, &ret, sizeof(ret));
	free(copy);
}

static struct outcome feed(const char *octets, size_t size, size_t piece)
{
	struct outcome outcome = { .hash = 14695981039346656037u };
	struct line_buffer lines = { .len = 0 };

	while (size) {
		size_t n = size < piece ? size : piece;

		line_feed(&lines, octets, n, take_line, &outcome);
		octets += n;
		size -= n;
	}
	return outcome;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct outcome whole, pieces;

	if (!size)
		return 0;
	whole = feed((const char *)data + 1, size - 1, SIZE_MAX);
	pieces = feed((const char *)data + 1, size - 1, data[0] + 1);
	require(whole.n_lines == pieces.n_lines);
	require(whole.hash == pieces.hash);
	return 0;
}
