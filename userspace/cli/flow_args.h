/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A flow as the words of a command: keywords with values, in any order.
 */
#ifndef SCITAG_FLOW_ARGS_H
#define SCITAG_FLOW_ARGS_H

#include <stdint.h>

#include "flow.h"

struct args;
struct cli;

/*
 * All functions return one of enum cli_status. The first two take words until
 * there are no more.
 */

/* proto src sport dst dport, tag or experiment and activity, mark, ... */
int flow_args_spec(struct cli *cli, struct args *args, struct flow_spec *spec);

/* id, or proto src sport dst dport; then *id is 0. */
int flow_args_name(struct cli *cli, struct args *args, struct flow_key *key,
		   uint32_t *id);

/* The option --flow ID, if it is among the words; *id is unchanged if not. */
int flow_args_option(struct cli *cli, struct args *args, uint32_t *id);

#endif /* SCITAG_FLOW_ARGS_H */
