/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A flow as it is to stand in the kernel's table.
 */
#ifndef SCITAGD_ENTRY_H
#define SCITAGD_ENTRY_H

#include <stdbool.h>
#include <stddef.h>

#include "flow.h"

struct config;
struct flow;

/*
 * What is asked of the kernel for a flow: one entry, or two if both of its ends
 * are here, of which the first is watched. is_left: the daemon ends, and leaves
 * it to the kernel. Returns how many.
 */
size_t entry_make(struct flow_spec specs[static 2], const struct config *config,
		  const struct flow *flow, bool is_left);

/* Does the kernel have what is asked for? If that can't be told, false. */
bool entry_is_there(const struct flow_spec *asked, const struct flow_spec *has);

#endif /* SCITAGD_ENTRY_H */
