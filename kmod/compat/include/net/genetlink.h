/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SCITAG_COMPAT_NET_GENETLINK_H
#define SCITAG_COMPAT_NET_GENETLINK_H

#if defined(HAVE_GENL_OPS_POLICY) && defined(HAVE_GENL_MCGRP_FLAGS)

#include_next <net/genetlink.h>

#else

/*
 * Kernels whose commands have no policies of their own, or whose groups have
 * no flags, get a family that is made of ours: see ../../genl.c. In the core
 * the names are those of a new kernel; the kernel's own take a prefix.
 */
#define genl_family kernel_genl_family
#define genl_multicast_group kernel_genl_multicast_group
#define genl_ops kernel_genl_ops
#include_next <net/genetlink.h>
#undef genl_family
#undef genl_multicast_group
#undef genl_ops

struct genl_ops {
	int (*doit)(struct sk_buff *skb, struct genl_info *info);
	int (*start)(struct netlink_callback *cb);
	int (*dumpit)(struct sk_buff *skb, struct netlink_callback *cb);
	int (*done)(struct netlink_callback *cb);
	const struct nla_policy *policy;
	unsigned int maxattr;
	u8 cmd;
	u8 flags;
};

struct genl_multicast_group {
	char name[GENL_NAMSIZ];
	u8 flags;
};

/* What the core sets comes first, the kernel's family that is made of it last. */
struct genl_family {
	char name[GENL_NAMSIZ];
	unsigned int version;
	unsigned int maxattr;
	bool netnsok;
	bool parallel_ops;
	unsigned int n_ops;
	unsigned int n_mcgrps;
	const struct nla_policy *policy;
	const struct genl_ops *ops;
	const struct genl_multicast_group *mcgrps;
	struct module *module;
	struct kernel_genl_family kernel;
};

int scitag_genl_register(struct genl_family *family);
int scitag_genl_unregister(struct genl_family *family);
int scitag_genl_multicast(const struct genl_family *family, struct net *net,
			  struct sk_buff *skb, u32 portid, unsigned int group,
			  gfp_t gfp);

#define genl_register_family(family) scitag_genl_register(family)
#define genl_unregister_family(family) scitag_genl_unregister(family)
#define genlmsg_multicast_netns(family, net, skb, portid, group, gfp)	\
	scitag_genl_multicast(family, net, skb, portid, group, gfp)
#define genl_has_listeners(family, net, group)				\
	genl_has_listeners(&(family)->kernel, net, group)
#define genlmsg_put(skb, portid, seq, family, flags, cmd)		\
	genlmsg_put(skb, portid, seq, &(family)->kernel, flags, cmd)
#define genlmsg_put_reply(skb, info, family, flags, cmd)		\
	genlmsg_put_reply(skb, info, &(family)->kernel, flags, cmd)

#endif

/*
 * Since 6.8 a flag of its own says that joining a group takes CAP_NET_ADMIN
 * in the namespace; before, the same bit as for commands did.
 */
#ifndef GENL_MCAST_CAP_NET_ADMIN
#define GENL_MCAST_CAP_NET_ADMIN GENL_UNS_ADMIN_PERM
#endif

#endif /* SCITAG_COMPAT_NET_GENETLINK_H */
