/* SPDX-License-Identifier: GPL-2.0 */
/*
 * IP addresses and 5-tuples, and their text forms.
 */
#ifndef SCITAG_ADDR_H
#define SCITAG_ADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/* An IPv4 or IPv6 address. All octets that the family does not use are 0. */
struct addr {
	sa_family_t family; /* AF_INET or AF_INET6; 0: none */
	uint8_t octets[16]; /* network order; IPv4 uses the first four */
};

/*
 * What identifies a flow. Ports are in host order. Padding is explicit and
 * zero, so that keys can be compared and hashed as memory.
 */
struct flow_key {
	struct addr src;
	struct addr dst;
	uint16_t sport;
	uint16_t dport;
	uint8_t protocol; /* IPPROTO_TCP or IPPROTO_UDP */
	uint8_t zero;
};

/* Longest text of an address with its NUL. */
#define ADDR_TEXT_MAX 46

/*
 * Parse an address as people and programs write it: any valid form of IPv4 or
 * IPv6, in brackets or not, with a %zone or not (dropped). An IPv4-mapped
 * IPv6 address becomes the IPv4 address.
 * Returns 0, or -EINVAL with *a unchanged.
 */
int addr_parse(struct addr *a, const char *text);

/* Octets of an IPv6 address; an IPv4-mapped one becomes the IPv4 address. */
struct addr addr_from_ipv6(const uint8_t octets[static 16]);

/* The address in its canonical text form (RFC 5952). Returns buf. */
const char *addr_format(const struct addr *a, char buf[static ADDR_TEXT_MAX]);

bool addr_equal(const struct addr *a, const struct addr *b);
bool addr_is_loopback(const struct addr *a);
bool addr_is_multicast(const struct addr *a);
bool addr_is_unspecified(const struct addr *a);

/*
 * Parse a decimal port, 1..65535, with nothing before or behind it.
 * Returns 0, -EINVAL (not a number) or -ERANGE.
 */
int port_parse(uint16_t *port, const char *text);

/* "tcp" or "udp" in any case. Returns 0 or -EINVAL. */
int protocol_parse(uint8_t *protocol, const char *text);
const char *protocol_name(uint8_t protocol);

bool flow_key_equal(const struct flow_key *a, const struct flow_key *b);

/* The same flow seen from its other end. */
struct flow_key flow_key_reverse(const struct flow_key *key);

/* Of the two, the one that comes first in memory: both ends have the same. */
struct flow_key flow_key_lesser(const struct flow_key *key);

#endif /* SCITAG_ADDR_H */
