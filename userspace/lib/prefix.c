// SPDX-License-Identifier: GPL-2.0
#include "prefix.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "number.h"

/* Addresses with brackets and a zone are longer than without. */
#define WRITTEN_MAX 64

static int fail(char error[static PREFIX_ERROR_MAX], const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static int fail(char error[static PREFIX_ERROR_MAX], const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(error, PREFIX_ERROR_MAX, format, ap);
	va_end(ap);
	return -EINVAL;
}

/* The address with all bits behind the first len set to 0. */
static struct addr cut(const struct addr *addr, unsigned int len)
{
	struct addr result = *addr;
	unsigned int i;

	for (i = 0; i < sizeof(result.octets); i++) {
		if (8 * i >= len)
			result.octets[i] = 0;
		else if (8 * i + 8 > len)
			result.octets[i] &= 0xff << (8 * i + 8 - len);
	}
	return result;
}

int prefix_parse(struct prefix *prefix, const char *text,
		 char error[static PREFIX_ERROR_MAX])
{
	size_t n = strcspn(text, "/");
	char buf[PREFIX_TEXT_MAX], written[WRITTEN_MAX] = "";
	struct prefix result;
	struct addr addr;
	uint64_t len;

	if (n < sizeof(written))
		memcpy(written, text, n);
	if (n >= sizeof(written) || addr_parse(&addr, written))
		return fail(error, "\"%s\" is not an IP address or prefix",
			    text);
	len = addr.family == AF_INET ? 32 : 128;
	if (text[n] && decimal_parse(&len, text + n + 1, len))
		return fail(error, "\"%s\" is not a length of 0..%u",
			    text + n + 1, (unsigned int)len);
	result = prefix_of(&addr, len);
	if (!addr_equal(&result.addr, &addr))
		return fail(error,
			    "\"%s\" has bits beyond its length: write %s", text,
			    prefix_format(&result, buf));
	*prefix = result;
	return 0;
}

struct prefix prefix_of(const struct addr *addr, unsigned int len)
{
	return (struct prefix){ .addr = cut(addr, len), .len = len };
}

const char *prefix_format(const struct prefix *prefix,
			  char buf[static PREFIX_TEXT_MAX])
{
	char text[ADDR_TEXT_MAX];

	snprintf(buf, PREFIX_TEXT_MAX, "%s/%u",
		 addr_format(&prefix->addr, text), prefix->len);
	return buf;
}

bool prefix_has(const struct prefix *prefix, const struct addr *addr)
{
	struct addr network = cut(addr, prefix->len);

	return addr_equal(&prefix->addr, &network);
}
