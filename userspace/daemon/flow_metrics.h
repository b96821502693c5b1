/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Metrics of single flows, in the names that flowd and flowd-go have given
 * them: flow_tcp_rtt and so on.
 */
#ifndef SCITAGD_FLOW_METRICS_H
#define SCITAGD_FLOW_METRICS_H

#include <stddef.h>

struct flows;
struct openmetrics;

/*
 * Write those of the flows with a TCP connection that was seen, as it was seen
 * last: of max flows at most, the oldest ones. Returns how many were left out.
 */
size_t flow_metrics_write(const struct openmetrics *om,
			  const struct flows *flows, size_t max);

#endif /* SCITAGD_FLOW_METRICS_H */
