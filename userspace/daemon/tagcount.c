// SPDX-License-Identifier: GPL-2.0
#include "tagcount.h"

#include <stddef.h>
#include <stdint.h>

#include "snapshot.h"

static struct tagcount *find(struct tagcounts *counts, uint32_t experiment,
			     uint32_t activity)
{
	struct tagcount *tag = counts->tags;

	for (; tag < counts->tags + counts->n; tag++) {
		if (tag->experiment == experiment && tag->activity == activity)
			return tag;
	}
	if (counts->n == TAGCOUNT_MAX)
		return &counts->others;
	counts->n++;
	tag->experiment = experiment;
	tag->activity = activity;
	return tag;
}

void tagcount_start(struct tagcounts *counts, uint32_t experiment,
		    uint32_t activity)
{
	find(counts, experiment, activity)->flows++;
}

void tagcount_add(struct tagcounts *counts, uint32_t experiment,
		  uint32_t activity, const struct snapshot *before,
		  const struct snapshot *now)
{
	static const struct snapshot none;
	struct tagcount *tag = find(counts, experiment, activity);

	if (now->flow_id != before->flow_id || now->packets < before->packets)
		before = &none;
	tag->packets += now->packets - before->packets;
	tag->bytes += now->bytes - before->bytes;
	tag->marked += now->marked - before->marked;
}
