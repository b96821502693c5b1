// SPDX-License-Identifier: GPL-2.0
/*
 * SciTags packet marking: wires the units up, in order, and down in reverse.
 */
#include "netlink.h"
#include "pernet.h"
#include "sock.h"

#include <linux/module.h>
#include <linux/rcupdate.h>

static int __init scitag_init(void)
{
	int err;

	err = scitag_sock_init();
	if (err)
		return err;
	err = scitag_pernet_init();
	if (err)
		goto err_sock;
	err = scitag_netlink_init();
	if (err)
		goto err_pernet;
	return 0;

err_pernet:
	scitag_pernet_exit();
err_sock:
	scitag_sock_exit();
	return err;
}

static void __exit scitag_exit(void)
{
	scitag_netlink_exit();
	scitag_pernet_exit();
	scitag_sock_exit();
	/* Flows and marks that wait for a grace period run code of ours. */
	rcu_barrier();
}

module_init(scitag_init);
module_exit(scitag_exit);

MODULE_DESCRIPTION("SciTags packet marking: IPv6 flow label, Hop-by-Hop and Destination Options");
MODULE_AUTHOR("scitag contributors");
MODULE_LICENSE("GPL");
MODULE_VERSION(SCITAG_VERSION);
