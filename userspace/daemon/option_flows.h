/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The options about which flows there are, and for how long.
 */
#ifndef SCITAGD_OPTION_FLOWS_H
#define SCITAGD_OPTION_FLOWS_H

struct option_group;

extern const struct option_group option_flows;

#endif /* SCITAGD_OPTION_FLOWS_H */
