// SPDX-License-Identifier: GPL-2.0
#include "addr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "number.h"

/* Keys are compared as memory. */
_Static_assert(sizeof(struct addr) == 18, "struct addr has a hole");
_Static_assert(sizeof(struct flow_key) == 42, "struct flow_key has a hole");

static const uint8_t mapped_prefix[12] = {
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff,
};

struct addr addr_from_ipv6(const uint8_t octets[static 16])
{
	struct addr a = { .family = AF_INET6 };

	if (memcmp(octets, mapped_prefix, sizeof(mapped_prefix)) == 0) {
		a.family = AF_INET;
		memcpy(a.octets, octets + 12, 4);
	} else {
		memcpy(a.octets, octets, 16);
	}
	return a;
}

/*
 * Copy the address proper, without brackets and zone. *zone says if there was
 * a zone. Returns 0 or -EINVAL.
 */
static int strip(char buf[static ADDR_TEXT_MAX], const char *text, bool *zone)
{
	size_t len = strlen(text);
	size_t bare;

	if (text[0] == '[') {
		if (len < 2 || text[len - 1] != ']')
			return -EINVAL;
		text++;
		len -= 2;
	}
	bare = strcspn(text, "%]");
	if (bare > len)
		bare = len;
	*zone = bare < len;
	if (*zone && (text[bare] != '%' || bare + 1 == len))
		return -EINVAL;
	if (*zone && strcspn(text + bare, "[] \t\r\n") < len - bare)
		return -EINVAL;
	if (bare >= ADDR_TEXT_MAX)
		return -EINVAL;
	memcpy(buf, text, bare);
	buf[bare] = '\0';
	return 0;
}

int addr_parse(struct addr *a, const char *text)
{
	char bare[ADDR_TEXT_MAX];
	uint8_t octets[16];
	bool zone;

	if (strip(bare, text, &zone))
		return -EINVAL;
	if (inet_pton(AF_INET6, bare, octets) == 1) {
		*a = addr_from_ipv6(octets);
		return 0;
	}
	/* IPv4 has no zones. */
	if (zone || inet_pton(AF_INET, bare, octets) != 1)
		return -EINVAL;
	*a = (struct addr){ .family = AF_INET };
	memcpy(a->octets, octets, 4);
	return 0;
}

const char *addr_format(const struct addr *a, char buf[static ADDR_TEXT_MAX])
{
	if (!a->family || !inet_ntop(a->family, a->octets, buf, ADDR_TEXT_MAX))
		snprintf(buf, ADDR_TEXT_MAX, "none");
	return buf;
}

bool addr_equal(const struct addr *a, const struct addr *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

bool addr_is_loopback(const struct addr *a)
{
	static const uint8_t loopback[16] = { [15] = 1 };

	if (a->family == AF_INET)
		return a->octets[0] == 127;
	return a->family == AF_INET6 && memcmp(a->octets, loopback, 16) == 0;
}

bool addr_is_multicast(const struct addr *a)
{
	if (a->family == AF_INET)
		return a->octets[0] >> 4 == 0xe;
	return a->family == AF_INET6 && a->octets[0] == 0xff;
}

bool addr_is_unspecified(const struct addr *a)
{
	static const uint8_t unspecified[16];

	return memcmp(a->octets, unspecified, 16) == 0;
}

int port_parse(uint16_t *port, const char *text)
{
	uint64_t value;
	int ret;

	ret = decimal_parse(&value, text, UINT16_MAX);
	if (ret)
		return ret;
	if (!value)
		return -ERANGE;
	*port = value;
	return 0;
}

int protocol_parse(uint8_t *protocol, const char *text)
{
	if (strcasecmp(text, "tcp") == 0)
		*protocol = IPPROTO_TCP;
	else if (strcasecmp(text, "udp") == 0)
		*protocol = IPPROTO_UDP;
	else
		return -EINVAL;
	return 0;
}

const char *protocol_name(uint8_t protocol)
{
	switch (protocol) {
	case IPPROTO_TCP:
		return "tcp";
	case IPPROTO_UDP:
		return "udp";
	default:
		return "?";
	}
}

bool flow_key_equal(const struct flow_key *a, const struct flow_key *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

struct flow_key flow_key_reverse(const struct flow_key *key)
{
	return (struct flow_key){
		.src = key->dst,
		.dst = key->src,
		.sport = key->dport,
		.dport = key->sport,
		.protocol = key->protocol,
	};
}

struct flow_key flow_key_lesser(const struct flow_key *key)
{
	struct flow_key reverse = flow_key_reverse(key);

	return memcmp(key, &reverse, sizeof(reverse)) < 0 ? *key : reverse;
}
