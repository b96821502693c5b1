// SPDX-License-Identifier: GPL-2.0
/*
 * For tests only: two Ethernet cards, csum0 and csum1, with a cable between
 * them, which do of checksums and segmentation what their features say and no
 * more. `ethtool -K` chooses:
 *
 *	tx-checksum-ip-generic	a checksum wherever the stack says it is
 *	tx-checksum-ipv6	only of TCP and UDP directly behind the fixed IPv6
 *				header, as cards do that look for it themselves
 *	tx-tcp6-segmentation	TSO, with the checksums that the above allows
 *
 * What the stack asks for beyond that goes out with the checksum that the
 * stack left, the pseudo header's, and is counted in tx_errors. The receiving
 * card checks nothing: the kernel does.
 */
#include <linux/etherdevice.h>
#include <linux/ipv6.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/rtnetlink.h>
#include <linux/skbuff.h>
#if __has_include(<net/gso.h>)
#include <net/gso.h> /* since 6.5 */
#endif

#define CSUMDEV_FEATURES						\
	(NETIF_F_SG | NETIF_F_HW_CSUM | NETIF_F_IPV6_CSUM | NETIF_F_TSO6)

struct csumdev_priv {
	struct net_device *peer;
};

static struct net_device *csumdevs[2];

/* Could a card that looks for itself find the upper-layer header? */
static bool csumdev_is_plain(const struct sk_buff *skb)
{
	const struct ipv6hdr *ip6;
	struct ipv6hdr buf;

	ip6 = skb_header_pointer(skb, ETH_HLEN, sizeof(buf), &buf);
	return ip6 && skb->protocol == htons(ETH_P_IPV6) &&
	       (ip6->nexthdr == IPPROTO_TCP || ip6->nexthdr == IPPROTO_UDP);
}

/* One packet, which is no longer than the wire allows. */
static void csumdev_send(struct sk_buff *skb, struct net_device *dev)
{
	struct csumdev_priv *priv = netdev_priv(dev);
	bool able = (dev->features & NETIF_F_HW_CSUM) ||
		    ((dev->features & NETIF_F_IPV6_CSUM) &&
		     csumdev_is_plain(skb));

	if (skb->ip_summed == CHECKSUM_PARTIAL) {
		if (!able)
			dev->stats.tx_errors++;
		else if (skb_checksum_help(skb))
			dev->stats.tx_dropped++;
	}
	skb->ip_summed = CHECKSUM_NONE;
	dev->stats.tx_packets++;
	dev->stats.tx_bytes += skb->len;
	skb_tx_timestamp(skb);
	dev_forward_skb(priv->peer, skb);
}

static netdev_tx_t csumdev_xmit(struct sk_buff *skb, struct net_device *dev)
{
	struct sk_buff *segments, *next;

	if (!skb_is_gso(skb)) {
		csumdev_send(skb, dev);
		return NETDEV_TX_OK;
	}
	/* What is left of the checksum is then for csumdev_send() to do. */
	segments = skb_gso_segment(skb, NETIF_F_SG | NETIF_F_HW_CSUM);
	if (IS_ERR_OR_NULL(segments)) {
		dev->stats.tx_dropped++;
		kfree_skb(skb);
		return NETDEV_TX_OK;
	}
	consume_skb(skb);
	for (skb = segments; skb; skb = next) {
		next = skb->next;
		skb_mark_not_on_list(skb);
		csumdev_send(skb, dev);
	}
	return NETDEV_TX_OK;
}

static const struct net_device_ops csumdev_ops = {
	.ndo_start_xmit = csumdev_xmit,
	.ndo_set_mac_address = eth_mac_addr,
};

static void csumdev_setup(struct net_device *dev)
{
	ether_setup(dev);
	eth_hw_addr_random(dev);
	dev->netdev_ops = &csumdev_ops;
	dev->features |= NETIF_F_SG | NETIF_F_HW_VLAN_CTAG_TX;
	dev->hw_features |= CSUMDEV_FEATURES;
	dev->vlan_features |= CSUMDEV_FEATURES;
}

/* They can be in other namespaces by now. */
static void csumdev_remove(void)
{
	int i;

	rtnl_lock();
	for (i = 0; i < 2; i++)
		if (csumdevs[i])
			unregister_netdevice(csumdevs[i]);
	rtnl_unlock();
	for (i = 0; i < 2; i++)
		if (csumdevs[i])
			free_netdev(csumdevs[i]);
}

static int csumdev_add(int i)
{
	struct net_device *dev;
	int err;

	dev = alloc_netdev(sizeof(struct csumdev_priv), "csum%d", NET_NAME_ENUM,
			   csumdev_setup);
	if (!dev)
		return -ENOMEM;
	err = register_netdev(dev);
	if (err)
		free_netdev(dev);
	else
		csumdevs[i] = dev;
	return err;
}

static int __init csumdev_init(void)
{
	int err = csumdev_add(0) ?: csumdev_add(1);

	if (err) {
		csumdev_remove();
		return err;
	}
	((struct csumdev_priv *)netdev_priv(csumdevs[0]))->peer = csumdevs[1];
	((struct csumdev_priv *)netdev_priv(csumdevs[1]))->peer = csumdevs[0];
	return 0;
}

static void __exit csumdev_exit(void)
{
	csumdev_remove();
}

module_init(csumdev_init);
module_exit(csumdev_exit);
MODULE_DESCRIPTION("For tests: network cards that compute some checksums");
MODULE_LICENSE("GPL");
