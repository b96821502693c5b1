/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SCITAG_COMPAT_NET_NETLINK_H
#define SCITAG_COMPAT_NET_NETLINK_H

#include_next <net/netlink.h>

/* Until 5.7 one untyped pointer is the text of NLA_REJECT and all the rest. */
#ifndef HAVE_NLA_REJECT_MESSAGE
#define reject_message validation_data
#endif

#endif /* SCITAG_COMPAT_NET_NETLINK_H */
