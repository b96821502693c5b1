// SPDX-License-Identifier: GPL-2.0
/*
 * A module that is made up, for a scitagd that has metrics of traffic where no
 * module can be loaded: these stand between the daemon and what it would ask
 * the kernel (the linker's --wrap). Each open flow has a connection that sends
 * 1000 packets in a second, of which one in 50 leaves without its mark and one
 * in 100 is sent again; looking at the status moves it on.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "flows.h"
#include "genl.h"
#include "kernel.h"
#include "snapshot.h"
#include "timestamp.h"

#define MSS 1428

static struct flows *flows;
static struct genl_stats stats;

void __real_kernel_attach(struct kernel *kernel, struct flows *attached);
void __wrap_kernel_attach(struct kernel *kernel, struct flows *attached);
void __wrap_kernel_sample(void *data, const struct flow *flow,
			  struct snapshot *snapshot);
bool __wrap_kernel_is_there(const struct kernel *kernel);
int __wrap_kernel_get_status(struct kernel *kernel, struct genl_status *status,
			     struct genl_stats *out);

void __wrap_kernel_attach(struct kernel *kernel, struct flows *attached)
{
	flows = attached;
	__real_kernel_attach(kernel, attached);
}

bool __wrap_kernel_is_there(const struct kernel *kernel)
{
	(void)kernel;
	return true;
}

void __wrap_kernel_sample(void *data, const struct flow *flow,
			  struct snapshot *s)
{
	int64_t age_us = timestamp_now() - flow->start_us;

	(void)data;
	memset(s, 0, sizeof(*s));
	s->flow_id = flow->key.sport;
	s->age_ns = age_us * 1000;
	s->packets = age_us / 1000;
	s->bytes = s->packets * (MSS + 72);
	s->marked = s->packets - s->packets / 50;
	s->has_tcp = true;
	s->tcp_info.tcpi_rtt = 20000 + flow->activity * 1000;
	s->tcp_info.tcpi_bytes_sent = s->packets * MSS;
	s->tcp_info.tcpi_bytes_retrans = s->packets / 100 * MSS;
	s->tcp_info.tcpi_total_retrans = s->packets / 100;
	s->tcp_info.tcpi_delivery_rate = 1000 * MSS;
}

int __wrap_kernel_get_status(struct kernel *kernel, struct genl_status *status,
			     struct genl_stats *out)
{
	const struct flow *flow;
	struct snapshot now;

	memset(status, 0, sizeof(*status));
	snprintf(status->version, sizeof(status->version), "made up");
	status->flows = flows_count(flows);
	for (flow = flows_first(flows); flow; flow = TAILQ_NEXT(flow, link)) {
		__wrap_kernel_sample(kernel, flow, &now);
		stats.marked += now.marked - flow->last.marked;
		stats.no_room += now.packets - flow->last.packets -
				 (now.marked - flow->last.marked);
		flows_snapshot(flows, &now);
	}
	*out = stats;
	return 0;
}
