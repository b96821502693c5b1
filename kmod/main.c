// SPDX-License-Identifier: GPL-2.0
/*
 * SciTags packet marking: wires the units up, in order, and down in reverse.
 */
#include "flow.h"
#include "lifetime.h"
#include "mark.h"
#include "netlink.h"
#include "offload.h"
#include "pernet.h"
#include "room.h"
#include "sampler.h"
#include "trace.h"

#include <linux/module.h>
#include <linux/rcupdate.h>

static int __init scitag_init(void)
{
	int err;

	scitag_mark_init();
	scitag_offload_init();
	err = scitag_flow_init();
	if (err)
		return err;
	err = scitag_room_init();
	if (err)
		goto err_flow;
	err = scitag_lifetime_init();
	if (err)
		goto err_room;
	err = scitag_sampler_init();
	if (err)
		goto err_lifetime;
	err = scitag_pernet_init();
	if (err)
		goto err_sampler;
	err = scitag_trace_init();
	if (err)
		goto err_pernet;
	err = scitag_netlink_init();
	if (err)
		goto err_trace;
	return 0;

err_trace:
	scitag_trace_exit();
err_pernet:
	scitag_pernet_exit();
err_sampler:
	scitag_sampler_exit();
err_lifetime:
	scitag_lifetime_exit();
err_room:
	scitag_room_exit();
err_flow:
	scitag_flow_exit();
	return err;
}

static void __exit scitag_exit(void)
{
	scitag_netlink_exit();
	scitag_trace_exit();
	scitag_pernet_exit();
	scitag_sampler_exit();
	scitag_lifetime_exit();
	scitag_room_exit();
	/* Flows and marks that wait for a grace period run code of ours. */
	rcu_barrier();
	scitag_flow_exit();
}

module_init(scitag_init);
module_exit(scitag_exit);

MODULE_DESCRIPTION("SciTags packet marking: IPv6 flow label, Hop-by-Hop and Destination Options");
MODULE_AUTHOR("scitag contributors");
MODULE_LICENSE("GPL");
MODULE_VERSION(SCITAG_VERSION);
