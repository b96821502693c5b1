// SPDX-License-Identifier: GPL-2.0
/*
 * Since Linux 5.8 (47a1494b8208) what a policy has besides type and length is
 * a union with a name for each use; before, it is validation_data.
 */
#include <net/netlink.h>

const struct nla_policy probe = {
	.type = NLA_REJECT,
	.reject_message = "no",
};
