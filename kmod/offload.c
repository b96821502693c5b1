// SPDX-License-Identifier: GPL-2.0
#include "offload.h"

#include <linux/etherdevice.h>
#include <linux/if_vlan.h>
#include <linux/ipv6.h>
#include <linux/netdevice.h>
#include <linux/skbuff.h>
#include <linux/string.h>
#include <net/ipv6.h>

/* Does the kernel keep what it can't do from a device of plain packets? */
static bool offload_kernel_knows __ro_after_init;

/* A VLAN says that it computes any checksum, and has the device below do so. */
static netdev_features_t offload_features(const struct net_device *out)
{
	if (is_vlan_dev(out))
		out = vlan_dev_real_dev(out);
	return READ_ONCE(out->features);
}

enum scitag_stat scitag_offload_check(struct sk_buff *skb,
				      const struct net_device *out)
{
	netdev_features_t features = offload_features(out);

	if (likely((features & NETIF_F_HW_CSUM) ||
		   !(features & NETIF_F_IPV6_CSUM)))
		return SCITAG_STAT_MARKED;
	if (skb_is_gso(skb))
		return offload_kernel_knows ? SCITAG_STAT_MARKED :
					      SCITAG_STAT_OFFLOAD;
	if (skb->ip_summed == CHECKSUM_PARTIAL && skb_checksum_help(skb))
		return SCITAG_STAT_NO_MEMORY;
	return SCITAG_STAT_MARKED;
}

/* A large segment of TCP behind a Destination Options header. */
static void __init offload_fill(struct sk_buff *skb, struct net_device *dev)
{
	struct ipv6hdr *ip6;

	skb_reset_network_header(skb);
	ip6 = skb_put(skb, sizeof(*ip6) + 8 + 20 + 100);
	memset(ip6, 0, skb->len);
	ip6->version = 6;
	ip6->nexthdr = NEXTHDR_DEST;
	*(u8 *)(ip6 + 1) = IPPROTO_TCP;
	skb_set_transport_header(skb, sizeof(*ip6) + 8);
	skb->protocol = htons(ETH_P_IPV6);
	skb->ip_summed = CHECKSUM_PARTIAL;
	skb->dev = dev;
	skb_shinfo(skb)->gso_size = 50;
	skb_shinfo(skb)->gso_segs = 2;
	skb_shinfo(skb)->gso_type = SKB_GSO_TCPV6;
}

/*
 * No header tells, so the function is asked whose business it is, with a
 * packet that goes nowhere and a device that nobody ever sees.
 */
void __init scitag_offload_init(void)
{
	static const struct net_device_ops no_ops = {};
	struct net_device *dev;
	struct sk_buff *skb;

	dev = alloc_netdev(0, "scitag", NET_NAME_UNKNOWN, ether_setup);
	skb = alloc_skb(256, GFP_KERNEL);
	if (dev && skb) {
		dev->netdev_ops = &no_ops;
		dev->features = NETIF_F_SG | NETIF_F_IPV6_CSUM | NETIF_F_TSO6;
		offload_fill(skb, dev);
		offload_kernel_knows =
			!(netif_skb_features(skb) & NETIF_F_IPV6_CSUM);
	}
	kfree_skb(skb);
	if (dev)
		free_netdev(dev);
}
