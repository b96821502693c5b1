/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Netlink messages put together octet by octet, as the kernel would: without
 * libnl and without the code under test.
 */
#ifndef SCITAG_TESTS_NLBUILD_H
#define SCITAG_TESTS_NLBUILD_H

#include <assert.h>
#include <linux/netlink.h>
#include <stdint.h>
#include <string.h>

struct nlbuild {
	_Alignas(8) uint8_t octets[4096];
	uint32_t len;
};

static inline void nlbuild_raw(struct nlbuild *b, const void *data, size_t len)
{
	assert(b->len + len + 4 <= sizeof(b->octets));
	if (len)
		memcpy(b->octets + b->len, data, len);
	b->len += len;
	while (b->len % 4)
		b->octets[b->len++] = 0;
}

static inline void nlbuild_attr(struct nlbuild *b, uint16_t type,
				const void *data, uint16_t len)
{
	uint16_t header[2] = { len + 4, type };

	nlbuild_raw(b, header, sizeof(header));
	nlbuild_raw(b, data, len);
}

static inline void nlbuild_u8(struct nlbuild *b, uint16_t type, uint8_t v)
{
	nlbuild_attr(b, type, &v, sizeof(v));
}

static inline void nlbuild_u16(struct nlbuild *b, uint16_t type, uint16_t v)
{
	nlbuild_attr(b, type, &v, sizeof(v));
}

static inline void nlbuild_u32(struct nlbuild *b, uint16_t type, uint32_t v)
{
	nlbuild_attr(b, type, &v, sizeof(v));
}

static inline void nlbuild_u64(struct nlbuild *b, uint16_t type, uint64_t v)
{
	nlbuild_attr(b, type, &v, sizeof(v));
}

/* Begin a nest; the result is for nlbuild_end(). */
static inline uint32_t nlbuild_nest(struct nlbuild *b, uint16_t type)
{
	uint16_t header[2] = { 4, type | NLA_F_NESTED };
	uint32_t start = b->len;

	nlbuild_raw(b, header, sizeof(header));
	return start;
}

static inline void nlbuild_end(struct nlbuild *b, uint32_t start)
{
	uint16_t len = b->len - start;

	memcpy(b->octets + start, &len, sizeof(len));
}

/* Begin a message: the result of nlbuild_close() is complete. */
static inline void nlbuild_open(struct nlbuild *b, uint16_t type,
				uint16_t flags, uint32_t seq)
{
	struct nlmsghdr header = {
		.nlmsg_type = type,
		.nlmsg_flags = flags,
		.nlmsg_seq = seq,
	};

	b->len = 0;
	nlbuild_raw(b, &header, sizeof(header));
}

/* And the generic netlink header behind it. */
static inline void nlbuild_open_genl(struct nlbuild *b, uint16_t type,
				     uint16_t flags, uint32_t seq, uint8_t cmd)
{
	uint8_t header[4] = { cmd, 1, 0, 0 };

	nlbuild_open(b, type, flags, seq);
	nlbuild_raw(b, header, sizeof(header));
}

static inline const struct nlmsghdr *nlbuild_close(struct nlbuild *b)
{
	memcpy(b->octets, &b->len, sizeof(b->len));
	return (const struct nlmsghdr *)b->octets;
}

#endif /* SCITAG_TESTS_NLBUILD_H */
