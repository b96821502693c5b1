// SPDX-License-Identifier: GPL-2.0
/*
 * Since Linux 5.10 (48526a0f4ca2) and RHEL 8.5 each command of a generic
 * netlink family can have its own policy; from 5.2 until then the family has
 * one for all.
 */
#include <net/genetlink.h>

const struct genl_ops probe = {
	.policy = NULL,
	.maxattr = 1,
};
