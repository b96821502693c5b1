/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SCITAG_COMPAT_NET_INET6_HASHTABLES_H
#define SCITAG_COMPAT_NET_INET6_HASHTABLES_H

#include_next <net/inet6_hashtables.h>

#ifdef HAVE_INET_LOOKUP_HASHINFO
#define __inet6_lookup_established(net, ...)			\
	__inet6_lookup_established(net,				\
		(net)->ipv4.tcp_death_row.hashinfo, __VA_ARGS__)
#endif

#endif /* SCITAG_COMPAT_NET_INET6_HASHTABLES_H */
