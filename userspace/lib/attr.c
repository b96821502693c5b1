// SPDX-License-Identifier: GPL-2.0
#include "attr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <netlink/attr.h>
#include <string.h>

int attr_parse(const struct nlattr **table, int max, const void *data,
	       size_t len)
{
	const struct nlattr *attr = data;
	int rem = len;

	if (len > INT_MAX)
		return -EBADMSG;
	memset(table, 0, (max + 1) * sizeof(*table));
	while (rem > 0) {
		if (!nla_ok(attr, rem))
			return -EBADMSG;
		if (nla_type(attr) <= max)
			table[nla_type(attr)] = attr;
		attr = nla_next(attr, &rem);
	}
	return 0;
}

int attr_parse_nested(const struct nlattr **table, int max,
		      const struct nlattr *nest)
{
	return attr_parse(table, max, nla_data(nest), nla_len(nest));
}

static int copy_value(const struct nlattr *attr, void *value, int size)
{
	if (!attr)
		return 0;
	if (nla_len(attr) != size)
		return -EBADMSG;
	memcpy(value, nla_data(attr), size);
	return 0;
}

int attr_u8(const struct nlattr *attr, uint8_t *value)
{
	return copy_value(attr, value, sizeof(*value));
}

int attr_u16(const struct nlattr *attr, uint16_t *value)
{
	return copy_value(attr, value, sizeof(*value));
}

int attr_be16(const struct nlattr *attr, uint16_t *value)
{
	int ret = copy_value(attr, value, sizeof(*value));

	if (attr && !ret)
		*value = ntohs(*value);
	return ret;
}

int attr_u32(const struct nlattr *attr, uint32_t *value)
{
	return copy_value(attr, value, sizeof(*value));
}

int attr_u64(const struct nlattr *attr, uint64_t *value)
{
	return copy_value(attr, value, sizeof(*value));
}

int attr_string(const struct nlattr *attr, char *buf, size_t size)
{
	size_t len;

	if (!attr)
		return 0;
	len = strnlen(nla_data(attr), nla_len(attr));
	if (len + 1 != (size_t)nla_len(attr) || len >= size)
		return -EBADMSG;
	memcpy(buf, nla_data(attr), len + 1);
	return 0;
}

size_t attr_octets(const struct nlattr *attr, void *buf, size_t size)
{
	size_t len = attr ? (size_t)nla_len(attr) : 0;

	if (len > size)
		len = size;
	if (len)
		memcpy(buf, nla_data(attr), len);
	return len;
}
