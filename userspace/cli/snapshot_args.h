/* SPDX-License-Identifier: GPL-2.0 */
/*
 * When snapshots of a flow are taken: what flows and rules say of it.
 */
#ifndef SCITAG_SNAPSHOT_ARGS_H
#define SCITAG_SNAPSHOT_ARGS_H

#include "flow.h"
#include "keywords.h"

struct cli;

#define SNAPSHOT_ARGS_SET                               \
	(KW_BIT(KW_SNAPSHOT) | KW_BIT(KW_SNAPSHOT_ON) | \
	 KW_BIT(KW_SNAPSHOT_FACTOR))

/* Read these keywords into spec. Returns one of enum cli_status. */
int snapshot_args(struct cli *cli, const struct keywords *keywords,
		  struct flow_spec *spec);

#endif /* SCITAG_SNAPSHOT_ARGS_H */
