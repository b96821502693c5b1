/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A rule as words: keywords with values, in any order.
 */
#ifndef SCITAG_RULE_ARGS_H
#define SCITAG_RULE_ARGS_H

#include "rule.h"

struct args;
struct cli;

/* Takes words until there are no more. Returns one of enum cli_status. */
int rule_args(struct cli *cli, struct args *args, struct rule_spec *spec);

#endif /* SCITAG_RULE_ARGS_H */
