/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Netlink attributes that came from outside, read strictly: what does not
 * have exactly the length of its type is bad.
 */
#ifndef SCITAG_ATTR_H
#define SCITAG_ATTR_H

#include <stddef.h>
#include <stdint.h>

struct nlattr;

/*
 * Sort the attributes in len octets, which need an alignment of 4, into
 * table[0..max] by their type. Absent ones become NULL, types above max are
 * left out (a newer kernel may send more), the last of a type counts.
 * Returns 0, or -EBADMSG if the attributes do not fill the octets.
 */
int attr_parse(const struct nlattr **table, int max, const void *data,
	       size_t len);

/* The same for what is nested in an attribute. */
int attr_parse_nested(const struct nlattr **table, int max,
		      const struct nlattr *nest);

/*
 * Values, in host order. Return 0, or -EBADMSG with *value unchanged if the
 * length is wrong. With NULL as attribute they return 0 and leave *value: it
 * then holds the default.
 */
int attr_u8(const struct nlattr *attr, uint8_t *value);
int attr_u16(const struct nlattr *attr, uint16_t *value);
int attr_be16(const struct nlattr *attr, uint16_t *value);
int attr_u32(const struct nlattr *attr, uint32_t *value);
int attr_u64(const struct nlattr *attr, uint64_t *value);

/* A string with its NUL; -EBADMSG, too, if it does not fit into size. */
int attr_string(const struct nlattr *attr, char *buf, size_t size);

/*
 * The octets of a struct that other kernels have longer or shorter: as many as
 * fit into size, which is how many are copied and returned; 0 without an
 * attribute.
 */
size_t attr_octets(const struct nlattr *attr, void *buf, size_t size);

#endif /* SCITAG_ATTR_H */
