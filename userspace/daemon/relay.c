// SPDX-License-Identifier: GPL-2.0
#include "relay.h"

/* FNV-1a: RFC 9923. Never 0, which stands for nothing. */
static uint64_t hash(const unsigned char *data, size_t len)
{
	uint64_t h = 0xcbf29ce484222325;

	while (len--) {
		h ^= *data++;
		h *= 0x100000001b3;
	}
	return h ? h : 1;
}

bool relay_is_new(struct relay *relay, const void *data, size_t len)
{
	uint64_t h = hash(data, len);
	size_t i;

	for (i = 0; i < RELAY_RECENT; i++)
		if (relay->recent[i] == h)
			return false;
	relay->recent[relay->next] = h;
	relay->next = (relay->next + 1) % RELAY_RECENT;
	return true;
}
