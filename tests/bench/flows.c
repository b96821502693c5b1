// SPDX-License-Identifier: GPL-2.0
#include "flows.h"

#define SPORT_FIRST 10000
#define SPORTS 50000
#define DPORT_FIRST 1000

struct flow_key bench_flow_key(uint8_t protocol, unsigned int i)
{
	struct flow_key key = {
		.protocol = protocol,
		.sport = SPORT_FIRST + i % SPORTS,
		.dport = DPORT_FIRST + i / SPORTS,
	};

	addr_parse(&key.src, BENCH_SRC);
	addr_parse(&key.dst, BENCH_DST);
	return key;
}

struct flow_spec bench_flow_spec(uint8_t protocol, unsigned int i,
				 uint32_t mark, int layout)
{
	return (struct flow_spec){
		.key = bench_flow_key(protocol, i),
		.experiment = 16,
		.activity = 15,
		.mark = mark,
		.layout = layout,
		.option_type = FLOW_OPTION_TYPE_DEFAULT,
	};
}
