/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How the packets of a flow are marked, how long, and when it is looked at: what
 * flows and rules say with the same keywords.
 */
#ifndef SCITAG_MARK_ARGS_H
#define SCITAG_MARK_ARGS_H

#include "flow.h"
#include "keywords.h"
#include "snapshot_args.h"
#include "tag.h"

struct cli;

#define MARK_ARGS_SET                                                        \
	(KW_TAG_SET | KW_BIT(KW_MARK) | KW_BIT(KW_LAYOUT) |                  \
	 KW_BIT(KW_OPTION_TYPE) | KW_BIT(KW_ENTROPY) | KW_BIT(KW_OVERSIZE) | \
	 KW_BIT(KW_IDLE_TIMEOUT) | KW_BIT(KW_HARD_TIMEOUT) |                 \
	 SNAPSHOT_ARGS_SET)

/*
 * Read the keywords of this set into spec, whose key has to be there; protocol
 * 0 stands for both. What was not given is the kernel's default. Puts a
 * warning into cli->advice if what was asked for breaks connections.
 * Returns one of enum cli_status.
 */
int mark_args(struct cli *cli, const struct keywords *keywords,
	      struct flow_spec *spec);

/*
 * A tag in one word, or in two if the first is "scitag", "scitag.flow" or
 * "label" (lib/tag.h has all forms). The registry is read only if needed.
 */
int mark_args_tag(struct cli *cli, const char *text, struct tag *tag);

#endif /* SCITAG_MARK_ARGS_H */
