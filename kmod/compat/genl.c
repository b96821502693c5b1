// SPDX-License-Identifier: GPL-2.0
/*
 * Generic netlink as of Linux 5.12, for kernels that lack a part of it: a
 * policy for each command (Linux 5.10, RHEL 8.5) or flags of a group, which
 * say who may listen (5.12 and some stable releases before).
 *
 * The kernel's family has no attributes, so that it parses none; here they
 * are parsed against the command's policy before it is called. There is one
 * family in this module.
 */
#include <linux/capability.h>
#include <linux/fs.h>
#include <linux/net.h>
#include <linux/slab.h>
#include <net/genetlink.h>
#include <net/sock.h>

/* Set before the family is registered. */
static const struct genl_family *genl_registered;

static const struct genl_ops *genl_find_op(u8 cmd)
{
	const struct genl_family *family = genl_registered;
	unsigned int i;

	for (i = 0; i < family->n_ops; i++)
		if (family->ops[i].cmd == cmd)
			return &family->ops[i];
	return NULL;
}

static const struct nla_policy *genl_op_policy(const struct genl_ops *op)
{
	return op->policy ?: genl_registered->policy;
}

static int genl_pre_doit(const struct kernel_genl_ops *kernel_op,
			 struct sk_buff *skb, struct genl_info *info)
{
	const struct genl_ops *op = genl_find_op(kernel_op->cmd);
	unsigned int maxattr;
	int err;

	if (WARN_ON_ONCE(!op))
		return -EOPNOTSUPP;
	maxattr = op->policy ? op->maxattr : genl_registered->maxattr;
	info->attrs = kcalloc(maxattr + 1, sizeof(*info->attrs), GFP_KERNEL);
	if (!info->attrs)
		return -ENOMEM;
	err = nlmsg_parse(info->nlhdr, GENL_HDRLEN, info->attrs, maxattr,
			  genl_op_policy(op), info->extack);
	if (err) {
		kfree(info->attrs);
		info->attrs = NULL;
	}
	return err;
}

static void genl_post_doit(const struct kernel_genl_ops *kernel_op,
			   struct sk_buff *skb, struct genl_info *info)
{
	kfree(info->attrs);
	info->attrs = NULL;
}

static int genl_start(struct netlink_callback *cb)
{
	const struct genlmsghdr *hdr = nlmsg_data(cb->nlh);
	const struct genl_ops *op = genl_find_op(hdr->cmd);
	int err;

	if (WARN_ON_ONCE(!op))
		return -EOPNOTSUPP;
	err = __nla_validate(nlmsg_attrdata(cb->nlh, GENL_HDRLEN),
			     nlmsg_attrlen(cb->nlh, GENL_HDRLEN),
			     op->policy ? op->maxattr :
					  genl_registered->maxattr,
			     genl_op_policy(op), NL_VALIDATE_STRICT,
			     cb->extack);
	if (err || !op->start)
		return err;
	return op->start(cb);
}

static struct kernel_genl_ops *genl_make_ops(const struct genl_family *family)
{
	const struct genl_ops *op = family->ops;
	struct kernel_genl_ops *ops;
	unsigned int i;

	ops = kcalloc(family->n_ops, sizeof(*ops), GFP_KERNEL);
	for (i = 0; ops && i < family->n_ops; i++, op++) {
		ops[i].cmd = op->cmd;
		ops[i].flags = op->flags;
		ops[i].doit = op->doit;
		ops[i].start = op->dumpit ? genl_start : NULL;
		ops[i].dumpit = op->dumpit;
		ops[i].done = op->done;
		ops[i].validate = GENL_DONT_VALIDATE_DUMP;
	}
	return ops;
}

static struct kernel_genl_multicast_group *
genl_make_groups(const struct genl_family *family)
{
	struct kernel_genl_multicast_group *groups;
	unsigned int i;

	groups = kcalloc(family->n_mcgrps, sizeof(*groups), GFP_KERNEL);
	for (i = 0; groups && i < family->n_mcgrps; i++) {
		memcpy(groups[i].name, family->mcgrps[i].name, GENL_NAMSIZ);
#ifdef HAVE_GENL_MCGRP_FLAGS
		groups[i].flags = family->mcgrps[i].flags;
#endif
	}
	return groups;
}

/**
 * scitag_genl_register - make the kernel's family and register it
 * @family: family, which stays where it is until it is unregistered
 *
 * Return: 0 or a negative errno.
 */
int scitag_genl_register(struct genl_family *family)
{
	struct kernel_genl_family *kernel = &family->kernel;
	int err;

	memcpy(kernel->name, family->name, GENL_NAMSIZ);
	kernel->version = family->version;
	kernel->netnsok = family->netnsok;
	kernel->parallel_ops = family->parallel_ops;
	kernel->module = family->module;
	kernel->pre_doit = genl_pre_doit;
	kernel->post_doit = genl_post_doit;
	kernel->ops = genl_make_ops(family);
	kernel->n_ops = family->n_ops;
	kernel->mcgrps = genl_make_groups(family);
	kernel->n_mcgrps = family->n_mcgrps;
	genl_registered = family;

	err = kernel->ops && kernel->mcgrps ? (genl_register_family)(kernel) :
					      -ENOMEM;
	if (err) {
		kfree(kernel->mcgrps);
		kfree(kernel->ops);
	}
	return err;
}

/**
 * scitag_genl_unregister - undo scitag_genl_register()
 * @family: family
 *
 * Return: 0 or a negative errno.
 */
int scitag_genl_unregister(struct genl_family *family)
{
	int err = (genl_unregister_family)(&family->kernel);

	kfree(family->kernel.mcgrps);
	kfree(family->kernel.ops);
	return err;
}

#ifndef HAVE_GENL_MCGRP_FLAGS
/*
 * Anybody could join the group, so it is at each message that a listener has
 * to be allowed to hear it: by the rights of who opened its socket. The table
 * of sockets is locked: none of them is being released.
 */
static int genl_may_not_hear(struct sock *sk, struct sk_buff *skb, void *data)
{
	const struct socket *socket = sk->sk_socket;
	const struct net *net = data;

	return !socket || !socket->file ||
	       !file_ns_capable(socket->file, net->user_ns, CAP_NET_ADMIN);
}
#endif

/**
 * scitag_genl_multicast - send to those of a group who may hear it
 * @family: family
 * @net: namespace
 * @skb: message, which is consumed
 * @portid: socket that is left out, or 0
 * @group: index of the group in the family
 * @gfp: how to allocate
 *
 * Return: 0, or a negative errno, also if nobody listens.
 */
int scitag_genl_multicast(const struct genl_family *family, struct net *net,
			  struct sk_buff *skb, u32 portid, unsigned int group,
			  gfp_t gfp)
{
#ifdef HAVE_GENL_MCGRP_FLAGS
	return (genlmsg_multicast_netns)(&family->kernel, net, skb, portid,
					 group, gfp);
#else
	bool guarded = family->mcgrps[group].flags & GENL_MCAST_CAP_NET_ADMIN;
	int err;

	group += family->kernel.mcgrp_offset;
	NETLINK_CB(skb).dst_group = group;
	err = netlink_broadcast_filtered(net->genl_sock, skb, portid, group, gfp,
					 guarded ? genl_may_not_hear : NULL,
					 net);
	return min(err, 0);
#endif
}
