// SPDX-License-Identifier: GPL-2.0
#include "snapshot.h"

#include "sock.h"

#include <net/tcp.h>

bool scitag_snapshot_take(const struct scitag_flow *flow,
			  struct tcp_info *info)
{
	struct sock *sk = scitag_sock_lookup(flow);

	if (!sk)
		return false;
	tcp_get_info(sk, info);
	sock_put(sk);
	return true;
}
