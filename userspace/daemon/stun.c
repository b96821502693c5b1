// SPDX-License-Identifier: GPL-2.0
#include "stun.h"

#include <errno.h>
#include <string.h>

/* RFC 8489 section 5: type, length, magic cookie, transaction ID. */
#define HEADER_LEN 20
#define COOKIE 0x2112a442
#define BINDING_REQUEST 0x0001
#define BINDING_SUCCESS 0x0101
#define BINDING_ERROR 0x0111

/* Section 18.3. Those below 0x8000 have to be understood. */
#define ATTR_XOR_MAPPED_ADDRESS 0x0020
#define ATTR_OPTIONAL 0x8000
#define ATTR_FINGERPRINT 0x8028

/* Section 14.7. */
#define FINGERPRINT_XOR 0x5354554e

/* Section 14.1. */
#define FAMILY_IPV4 1
#define FAMILY_IPV6 2

static uint16_t get_u16(const uint8_t *p)
{
	return p[0] << 8 | p[1];
}

static uint32_t get_u32(const uint8_t *p)
{
	return (uint32_t)get_u16(p) << 16 | get_u16(p + 2);
}

static void put_u16(uint8_t *p, uint16_t value)
{
	p[0] = value >> 8;
	p[1] = value & 0xff;
}

void stun_request(uint8_t buf[static STUN_REQUEST_LEN],
		  const uint8_t id[static STUN_ID_LEN])
{
	put_u16(buf, BINDING_REQUEST);
	put_u16(buf + 2, 0);
	put_u16(buf + 4, COOKIE >> 16);
	put_u16(buf + 6, COOKIE & 0xffff);
	memcpy(buf + 8, id, STUN_ID_LEN);
}

/* That of ITU V.42, bit by bit: there are few octets. */
static uint32_t crc32(const uint8_t *data, size_t len)
{
	uint32_t crc = 0xffffffff;
	int bit;

	while (len--) {
		crc ^= *data++;
		for (bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
	}
	return ~crc;
}

/* Section 14.2: port and address are covered by cookie and transaction ID. */
static int read_address(struct addr *addr, uint16_t *port,
			const uint8_t *message, const uint8_t *value,
			size_t len)
{
	const uint8_t *mask = message + 4;
	uint8_t octets[16];
	size_t i, n;

	if (len < 4)
		return -EPROTO;
	n = value[1] == FAMILY_IPV4 ? 4 : value[1] == FAMILY_IPV6 ? 16 : 0;
	if (!n || len != 4 + n)
		return -EPROTO;
	for (i = 0; i < n; i++)
		octets[i] = value[4 + i] ^ mask[i];
	if (n == 16) {
		*addr = addr_from_ipv6(octets);
	} else {
		*addr = (struct addr){ .family = AF_INET };
		memcpy(addr->octets, octets, n);
	}
	*port = get_u16(value + 2) ^ get_u16(mask);
	return 0;
}

/*
 * Those of RFC 8489 and RFC 3489 that a server may send along; they say
 * nothing that is asked here.
 */
static bool is_known(uint16_t type)
{
	return type >= ATTR_OPTIONAL || (type >= 0x0001 && type <= 0x000b) ||
	       type == 0x0014 || type == 0x0015 ||
	       (type >= 0x001c && type <= 0x001e) ||
	       type == ATTR_XOR_MAPPED_ADDRESS;
}

static int read_attributes(struct addr *addr, uint16_t *port,
			   const uint8_t *data, size_t len)
{
	bool found = false;
	size_t at, n;

	for (at = HEADER_LEN; at < len; at += 4 + ((n + 3) & ~(size_t)3)) {
		uint16_t type = get_u16(data + at);
		int ret = 0;

		n = get_u16(data + at + 2);
		if (n > len - at - 4)
			return -EBADMSG;
		if (type == ATTR_FINGERPRINT &&
		    (n != 4 || get_u32(data + at + 4) !=
				       (crc32(data, at) ^ FINGERPRINT_XOR)))
			return -EBADMSG;
		if (!is_known(type))
			return -EPROTO;
		if (type == ATTR_XOR_MAPPED_ADDRESS && !found)
			ret = read_address(addr, port, data, data + at + 4, n);
		if (ret)
			return ret;
		found = found || type == ATTR_XOR_MAPPED_ADDRESS;
	}
	return found ? 0 : -EPROTO;
}

int stun_response(struct addr *addr, uint16_t *port, const uint8_t *data,
		  size_t len, const uint8_t id[static STUN_ID_LEN])
{
	struct addr found_addr;
	uint16_t found_port = 0, type;
	int ret;

	if (len < HEADER_LEN || len % 4 ||
	    get_u16(data + 2) != len - HEADER_LEN ||
	    get_u32(data + 4) != COOKIE ||
	    memcmp(data + 8, id, STUN_ID_LEN) != 0)
		return -EBADMSG;
	type = get_u16(data);
	if (type == BINDING_ERROR)
		return -EPROTO;
	if (type != BINDING_SUCCESS)
		return -EBADMSG;
	ret = read_attributes(&found_addr, &found_port, data, len);
	if (ret)
		return ret;
	*addr = found_addr;
	*port = found_port;
	return 0;
}
