/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Counters of a namespace.
 */
#ifndef SCITAG_STATS_H
#define SCITAG_STATS_H

#include "pernet.h"

#include <uapi/linux/scitag.h>

#include <linux/percpu.h>

struct sk_buff;

/**
 * enum scitag_stat - what became of a packet of a flow
 *
 * The numbers are those of the netlink attributes.
 */
enum scitag_stat {
	SCITAG_STAT_MARKED = SCITAG_STATS_A_MARKED,
	SCITAG_STAT_NO_ROOM = SCITAG_STATS_A_NO_ROOM,
	SCITAG_STAT_TOO_BIG = SCITAG_STATS_A_TOO_BIG,
	SCITAG_STAT_EXT_HEADER = SCITAG_STATS_A_EXT_HEADER,
	SCITAG_STAT_JUMBO = SCITAG_STATS_A_JUMBO,
	SCITAG_STAT_OFFLOAD = SCITAG_STATS_A_OFFLOAD,
	SCITAG_STAT_NO_MEMORY = SCITAG_STATS_A_NO_MEMORY,
	SCITAG_STAT_REFUSED = SCITAG_STATS_A_REFUSED,

	SCITAG_STAT_COUNT
};

/**
 * struct scitag_stats - the counters on one CPU
 * @packets: by enum scitag_stat; [0] and that of padding are not used
 */
struct scitag_stats {
	u64 packets[SCITAG_STAT_COUNT];
};

/**
 * scitag_stats_add - count packets
 * @snet: namespace
 * @stat: what became of them
 * @packets: how many
 *
 * Context: any but hard interrupts.
 */
static inline void scitag_stats_add(const struct scitag_net *snet,
				    enum scitag_stat stat, u32 packets)
{
	this_cpu_add(snet->stats->packets[stat], packets);
}

/**
 * scitag_stats_init - make the counters of a namespace
 * @snet: namespace
 *
 * Context: process, may sleep.
 * Return: 0 or -ENOMEM.
 */
int scitag_stats_init(struct scitag_net *snet);

/**
 * scitag_stats_exit - free the counters of a namespace
 * @snet: namespace; nothing counts in it any more
 */
void scitag_stats_exit(struct scitag_net *snet);

/**
 * scitag_stats_put - write the sums over all CPUs into a message
 * @skb: netlink message
 * @snet: namespace
 *
 * Context: any.
 * Return: 0 or -EMSGSIZE, with @skb as it was.
 */
int scitag_stats_put(struct sk_buff *skb, const struct scitag_net *snet);

#endif /* SCITAG_STATS_H */
