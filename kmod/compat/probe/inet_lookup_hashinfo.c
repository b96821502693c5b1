// SPDX-License-Identifier: GPL-2.0
/*
 * __inet_lookup_established() and __inet6_lookup_established() take the hash
 * tables as second argument up to Linux 6.17; since then they find them in
 * the namespace.
 */
#include <net/inet6_hashtables.h>
#include <net/inet_hashtables.h>

struct sock *probe(struct net *net, struct inet_hashinfo *hashinfo,
		   const struct in6_addr *addr);

struct sock *probe(struct net *net, struct inet_hashinfo *hashinfo,
		   const struct in6_addr *addr)
{
	return __inet6_lookup_established(net, hashinfo, addr, 0, addr, 0, 0,
					  0);
}
