// SPDX-License-Identifier: GPL-2.0
/*
 * Since Linux 5.12, and since late 2023 in the stable releases 5.4 and 5.10,
 * a group of a generic netlink family says by flags who may join it. RHEL 8
 * has no such flags.
 */
#include <net/genetlink.h>

const struct genl_multicast_group probe = {
	.flags = GENL_UNS_ADMIN_PERM,
};
