/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The state of a namespace's table, for those who ask and those who listen.
 */
#ifndef SCITAG_STATUS_H
#define SCITAG_STATUS_H

struct scitag_net;
struct sk_buff;

/**
 * scitag_status_put - write the state into a message
 * @skb: netlink message
 * @snet: namespace
 *
 * Context: process.
 * Return: 0 or -EMSGSIZE.
 */
int scitag_status_put(struct sk_buff *skb, const struct scitag_net *snet);

#endif /* SCITAG_STATUS_H */
