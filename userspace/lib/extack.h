/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kernel's answer to a netlink request: acknowledgement or refusal, with
 * what the extended ACK adds to it.
 */
#ifndef SCITAG_EXTACK_H
#define SCITAG_EXTACK_H

#include <stdbool.h>
#include <stdint.h>

struct nlmsghdr;

/* Longest text with its NUL; what is longer is cut. */
#define EXTACK_TEXT_MAX 256

struct extack {
	int error; /* -errno, or 0: done */
	char text[EXTACK_TEXT_MAX]; /* refusal or warning; "" if none */
	bool has_offset;
	uint32_t offset; /* of the bad attribute in the request */
};

/*
 * Read an answer, of type NLMSG_ERROR or NLMSG_DONE. All nlmsg_len octets
 * have to be in memory. Returns 0 or -EBADMSG.
 */
int extack_parse(struct extack *extack, const struct nlmsghdr *nlh);

#endif /* SCITAG_EXTACK_H */
