// SPDX-License-Identifier: GPL-2.0
#include "usage.h"

#include <netinet/in.h>

#include "firefly.h"
#include "flows.h"

/* Octets as seen from this host, or FIREFLY_UNKNOWN. */
struct octets {
	int64_t out;
	int64_t in;
};

static int64_t measure(uint64_t value)
{
	return value > INT64_MAX ? INT64_MAX : (int64_t)value;
}

/* Sent and received, which are seen from src, to or from this host's view. */
static struct octets turn(const struct flow *flow, struct octets o)
{
	if (flow->side != LOCAL_DST)
		return o;
	return (struct octets){ .out = o.in, .in = o.out };
}

/* Octets of headers in a packet of the flow. */
static uint64_t header_length(const struct flow *flow)
{
	uint64_t len = flow->key.src.family == AF_INET6 ? 40 : 20;

	if (flow->key.protocol == IPPROTO_UDP)
		return len + 8;
	return len + (flow->sample.tcp_timestamps ? 32 : 20);
}

/*
 * The payload of all packets that left. Of TCP it holds what was sent twice,
 * too, so it is no more than the next best thing to the socket's own number.
 */
static int64_t counted(const struct flow *flow, const struct flow_sample *now)
{
	const struct flow_sample *s = now->has_counters ? now : &flow->sample;
	uint64_t headers;

	if (!s->has_counters || !s->packets)
		return FIREFLY_UNKNOWN;
	headers = s->packets * header_length(flow);
	return s->bytes > headers ? measure(s->bytes - headers) : 0;
}

/* Of a socket that is gone, or of a protocol that counts nothing. */
static struct octets remembered(const struct flow *flow,
				const struct flow_sample *now)
{
	struct octets o = { FIREFLY_UNKNOWN, FIREFLY_UNKNOWN };
	int64_t packets = counted(flow, now);

	if (flow->sample.has_tcp) {
		o.out = measure(flow->sample.bytes_acked);
		o.in = measure(flow->sample.bytes_received);
	}
	if (packets > o.out)
		o.out = packets;
	return o;
}

static struct octets octets(const struct flow *flow, const struct firefly *said,
			    const struct flow_sample *now)
{
	struct octets theirs, ours;

	if (now->has_tcp)
		return (struct octets){ .out = measure(now->bytes_acked),
					.in = measure(now->bytes_received) };

	/* Sources may announce a flow and its end from different sides. */
	if (flow_key_equal(&said->key, &flow->key))
		theirs = (struct octets){ said->sent, said->received };
	else
		theirs = (struct octets){ said->received, said->sent };
	theirs = turn(flow, theirs);
	ours = remembered(flow, now);
	return (struct octets){
		.out = theirs.out >= 0 ? theirs.out : ours.out,
		.in = theirs.in >= 0 ? theirs.in : ours.in,
	};
}

void usage_fill(struct firefly *f, const struct flow *flow,
		const struct firefly *said, const struct flow_sample *now)
{
	const struct flow_sample *latest = now->has_tcp ? now : &flow->sample;
	struct octets o = turn(flow, octets(flow, said, now));

	f->sent = o.out;
	f->received = o.in;

	f->has_tcp = latest->has_tcp;
	f->tcp = latest->tcp;
	if (now->has_tcp && now->tcp.rtt_us)
		f->rtt_us = now->tcp.rtt_us;
	else if (said->rtt_us >= 0)
		f->rtt_us = said->rtt_us;
	else if (latest->has_tcp)
		f->rtt_us = latest->tcp.rtt_us;
}
