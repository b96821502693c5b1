/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SCITAG_COMPAT_NET_GENETLINK_H
#define SCITAG_COMPAT_NET_GENETLINK_H

#include_next <net/genetlink.h>

/*
 * Since 6.8 a flag of its own says that joining a group takes CAP_NET_ADMIN
 * in the namespace; before, the same bit as for commands did.
 */
#ifndef GENL_MCAST_CAP_NET_ADMIN
#define GENL_MCAST_CAP_NET_ADMIN GENL_UNS_ADMIN_PERM
#endif

#endif /* SCITAG_COMPAT_NET_GENETLINK_H */
