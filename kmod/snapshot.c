// SPDX-License-Identifier: GPL-2.0
#include "snapshot.h"

#include "flow.h"
#include "sock.h"

#include <linux/in.h>
#include <net/tcp.h>

bool scitag_snapshot_take(struct net *net, const struct scitag_flow_key *key,
			  struct tcp_info *info)
{
	struct sock *sk;

	if (key->protocol != IPPROTO_TCP)
		return false;
	sk = scitag_sock_lookup(net, key);
	if (!sk)
		return false;
	tcp_get_info(sk, info);
	sock_put(sk);
	return true;
}
