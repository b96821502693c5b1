/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The flows of the measurement: numbered, and each as good as the other. They
 * all go from BENCH_SRC to BENCH_DST; their ports are made from the number.
 */
#ifndef SCITAG_BENCH_FLOWS_H
#define SCITAG_BENCH_FLOWS_H

#include <stdint.h>

#include "addr.h"
#include "flow.h"

#define BENCH_SRC "2001:db8::1"
#define BENCH_DST "2001:db8::2"

/* The 5-tuple of flow number i. */
struct flow_key bench_flow_key(uint8_t protocol, unsigned int i);

/* The same as a request, with ids that fit into a label. */
struct flow_spec bench_flow_spec(uint8_t protocol, unsigned int i,
				 uint32_t mark, int layout);

#endif /* SCITAG_BENCH_FLOWS_H */
