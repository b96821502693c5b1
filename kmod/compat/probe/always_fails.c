// SPDX-License-Identifier: GPL-2.0
/* Fails on every kernel: that a failure is seen as one. */
#include <linux/module.h>

int probe(struct net *net)
{
	return net->no_such_member;
}
