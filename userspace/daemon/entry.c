// SPDX-License-Identifier: GPL-2.0
#include "entry.h"

#include <netinet/in.h>

#include <uapi/linux/scitag.h>

#include "config.h"
#include "flows.h"

/* Flows that no source ends do so after as many seconds without a packet. */
#define ALONE_IDLE_S 600

size_t entry_make(struct flow_spec specs[static 2], const struct config *config,
		  const struct flow *flow, bool is_left)
{
	bool alone = is_left || flow->origin == FLOW_OF_RULE;
	bool tcp = flow->key.protocol == IPPROTO_TCP;
	struct flow_key keys[2];
	size_t n, i;

	n = flow_egress_keys(flow, keys);
	for (i = 0; i < n; i++)
		specs[i] = (struct flow_spec){
			.key = keys[i],
			.experiment = flow->experiment,
			.activity = flow->activity,
			.mark = config->marks,
			.layout = config->layout,
			.option_type = config->option_type,
			.end_on_close = alone && tcp,
			.idle_timeout = alone && !tcp ? ALONE_IDLE_S : 0,
			.snapshot_interval = i ? 0 : config->period_s * 1000,
		};
	return n;
}

/* The kernel tells the option's type, and not that it is the default. */
static bool options_alike(const struct flow_spec *asked,
			  const struct flow_spec *has)
{
	if (!(asked->mark & (SCITAG_MARK_HBH | SCITAG_MARK_DO)))
		return true;
	return asked->layout == has->layout &&
	       asked->option_type == has->option_type;
}

bool entry_is_there(const struct flow_spec *asked, const struct flow_spec *has)
{
	return flow_key_equal(&asked->key, &has->key) &&
	       asked->experiment == has->experiment &&
	       asked->activity == has->activity && asked->mark == has->mark &&
	       options_alike(asked, has) && asked->entropy == has->entropy &&
	       asked->oversize == has->oversize &&
	       asked->idle_timeout == has->idle_timeout &&
	       asked->hard_timeout == has->hard_timeout &&
	       asked->end_on_close == has->end_on_close &&
	       asked->snapshot_interval == has->snapshot_interval &&
	       asked->snapshot_on == has->snapshot_on;
}
