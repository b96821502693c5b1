// SPDX-License-Identifier: GPL-2.0
/* Passes on every kernel: that the headers and flags are usable at all. */
#include <linux/module.h>
#include <net/genetlink.h>
