// SPDX-License-Identifier: GPL-2.0
#include "pernet.h"

#include "flow.h"
#include "hook.h"
#include "lifetime.h"
#include "rule.h"
#include "sampler.h"
#include "stats.h"

#include <net/net_namespace.h>

unsigned int scitag_pernet_id __read_mostly;

static int __net_init pernet_init(struct net *net)
{
	struct scitag_net *snet = scitag_pernet(net);
	int err;

	snet->net = net;
	mutex_init(&snet->lock);
	scitag_lifetime_start(snet);
	scitag_sampler_net_init(snet);

	err = scitag_stats_init(snet);
	if (err)
		return err;
	err = scitag_hook_init(snet);
	if (err)
		goto err_stats;
	err = scitag_flow_table_init(snet);
	if (err)
		goto err_hook;
	return 0;

err_hook:
	scitag_hook_exit(snet);
err_stats:
	scitag_stats_exit(snet);
	return err;
}

/*
 * Nobody can ask for a change any more: the last socket of the namespace is
 * gone, or the netlink family is. A grace period lies between this and exit.
 */
static void __net_exit pernet_pre_exit(struct net *net)
{
	struct scitag_net *snet = scitag_pernet(net);

	mutex_lock(&snet->lock);
	scitag_hook_stop(snet);
	mutex_unlock(&snet->lock);
}

static void __net_exit pernet_exit(struct net *net)
{
	struct scitag_net *snet = scitag_pernet(net);

	scitag_lifetime_stop(snet);
	scitag_sampler_net_exit(snet);
	mutex_lock(&snet->lock);
	scitag_ruleset_install(snet, NULL);
	mutex_unlock(&snet->lock);
	scitag_flow_table_exit(snet);
	scitag_hook_exit(snet);
	scitag_stats_exit(snet);
}

static struct pernet_operations scitag_pernet_ops = {
	.init = pernet_init,
	.pre_exit = pernet_pre_exit,
	.exit = pernet_exit,
	.id = &scitag_pernet_id,
	.size = sizeof(struct scitag_net),
};

int scitag_pernet_init(void)
{
	return register_pernet_subsys(&scitag_pernet_ops);
}

void scitag_pernet_exit(void)
{
	unregister_pernet_subsys(&scitag_pernet_ops);
}
