// SPDX-License-Identifier: GPL-2.0
#include "stats.h"

#include <net/netlink.h>

int scitag_stats_init(struct scitag_net *snet)
{
	snet->stats = alloc_percpu(struct scitag_stats);
	return snet->stats ? 0 : -ENOMEM;
}

void scitag_stats_exit(struct scitag_net *snet)
{
	free_percpu(snet->stats);
}

static u64 stats_sum(const struct scitag_net *snet, int stat)
{
	u64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu_ptr(snet->stats, cpu)->packets[stat]);
	return sum;
}

int scitag_stats_put(struct sk_buff *skb, const struct scitag_net *snet)
{
	struct nlattr *nest;
	int stat;

	nest = nla_nest_start(skb, SCITAG_A_STATS);
	if (!nest)
		return -EMSGSIZE;
	for (stat = SCITAG_STAT_MARKED; stat < SCITAG_STAT_COUNT; stat++) {
		if (stat == SCITAG_STATS_A_PAD)
			continue;
		if (nla_put_u64_64bit(skb, stat, stats_sum(snet, stat),
				      SCITAG_STATS_A_PAD)) {
			nla_nest_cancel(skb, nest);
			return -EMSGSIZE;
		}
	}
	nla_nest_end(skb, nest);
	return 0;
}
