/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SCITAG_COMPAT_NET_IPV6_H
#define SCITAG_COMPAT_NET_IPV6_H

#include_next <net/ipv6.h>

#include <linux/kernel.h>
#include <linux/sizes.h>

/*
 * ipv6_gso_plain_max() - the largest sk->sk_gso_max_size, an u32, with which
 * TCP makes no packet that gets the kernel's own jumbo header.
 *
 * ip6_xmit() adds that to what is longer than 65535 octets behind the IPv6
 * header. sk_setup_caps() gives a socket the limit of the device less
 * MAX_TCP_HEADER + 1, here with 64 KiB as for any device without BIG TCP: that
 * leaves over 100 octets for TCP's header and options (60) and for ours (24).
 *
 * Macros, as <net/tcp.h>, which this needs, may include this header.
 */
#ifdef HAVE_IPV6_JUMBO_HEADER
#define ipv6_gso_plain_max() ((u32)(SZ_64K - (MAX_TCP_HEADER + 1)))
#else
#define ipv6_gso_plain_max() ((u32)U32_MAX)
#endif

#endif /* SCITAG_COMPAT_NET_IPV6_H */
