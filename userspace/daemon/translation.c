// SPDX-License-Identifier: GPL-2.0
#include "translation.h"

static bool is_address(const struct prefix *prefix)
{
	return prefix->len == (prefix->addr.family == AF_INET ? 32 : 128);
}

const char *translation_error(const struct translation *t)
{
	if (!t->from.addr.family || !t->to.addr.family)
		return "needs from and to";
	if (t->from.addr.family != t->to.addr.family)
		return "one of from and to is IPv4, the other IPv6";
	if (t->from.len != t->to.len && !is_address(&t->to))
		return "to is neither an address nor as long as from";
	return NULL;
}

/* The first len bits of one, and the rest of the other. */
static struct addr join(const struct addr *head, unsigned int len,
			const struct addr *tail)
{
	struct addr result = *head;
	unsigned int i;

	for (i = 0; i < sizeof(result.octets); i++) {
		unsigned int bits = 8 * i >= len     ? 0 :
				    8 * i + 8 <= len ? 8 :
						       len - 8 * i;

		result.octets[i] |= tail->octets[i] & 0xff >> bits;
	}
	return result;
}

bool translation_apply(const struct translation *list, size_t n,
		       struct addr *addr)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (!prefix_has(&list[i].from, addr))
			continue;
		if (list[i].from.len == list[i].to.len)
			*addr = join(&list[i].to.addr, list[i].to.len, addr);
		else
			*addr = list[i].to.addr;
		return true;
	}
	return false;
}
