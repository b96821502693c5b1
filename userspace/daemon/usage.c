// SPDX-License-Identifier: GPL-2.0
#include "usage.h"

#include <netinet/in.h>
#include <stdint.h>

#include "firefly.h"
#include "flows.h"

/* States that follow the FIN of the other end, as in linux/tcp_states.h. */
enum {
	STATE_TIME_WAIT = 6,
	STATE_CLOSE_WAIT = 8,
	STATE_LAST_ACK = 9,
	STATE_CLOSING = 11,
};

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

/*
 * bytes_acked counts sequence numbers, of which the FIN has one and the SYN of
 * who connects, too. What was sent but not sent again counts neither; it is
 * the number as soon as all is acknowledged.
 */
static uint64_t acked(const struct tcp_info *info)
{
	uint64_t sent = info->tcpi_bytes_sent - info->tcpi_bytes_retrans;
	uint64_t more = info->tcpi_bytes_acked - sent;

	return more == 1 || more == 2 ? sent : info->tcpi_bytes_acked;
}

/* bytes_received counts the FIN of the other end in the same way. */
static uint64_t received(const struct snapshot *s)
{
	uint64_t octets = s->tcp_info.tcpi_bytes_received;

	switch (s->closed_from ? s->closed_from : s->state) {
	case STATE_TIME_WAIT:
	case STATE_CLOSE_WAIT:
	case STATE_LAST_ACK:
	case STATE_CLOSING:
		return octets ? octets - 1 : 0;
	default:
		return octets;
	}
}

/* Octets of headers in a packet of the flow. */
static uint64_t header_length(const struct flow *flow)
{
	uint64_t len = flow->key.src.family == AF_INET6 ? 40 : 20;

	if (flow->key.protocol == IPPROTO_UDP)
		return len + 8;
	return len + (flow->last.tcp_info.tcpi_options & TCPI_OPT_TIMESTAMPS ?
			      32 :
			      20);
}

/*
 * The payload of all packets that left. Of TCP it holds what was sent twice,
 * too, so it is no more than the next best thing to the socket's own number.
 */
static int64_t counted(const struct flow *flow)
{
	const struct snapshot *s = &flow->last;
	uint64_t headers;

	if (!s->packets)
		return FIREFLY_UNKNOWN;
	headers = s->packets * header_length(flow);
	return s->bytes > headers ? measure(s->bytes - headers) : 0;
}

/* What the socket said when it was seen last. */
static struct octets of_socket(const struct flow *flow)
{
	if (!flow->last.has_tcp)
		return (struct octets){ FIREFLY_UNKNOWN, FIREFLY_UNKNOWN };
	return (struct octets){ .out = measure(acked(&flow->last.tcp_info)),
				.in = measure(received(&flow->last)) };
}

/*
 * Of a socket that went unseen, or of a protocol that counts nothing. Until the
 * end the socket's word stands: what follows must not be less.
 */
static struct octets remembered(const struct flow *flow, bool is_end)
{
	struct octets o = of_socket(flow);
	int64_t packets = counted(flow);

	if (packets > o.out && (is_end || !flow->last.has_tcp))
		o.out = packets;
	return o;
}

static struct octets octets(const struct flow *flow, const struct firefly *said,
			    bool certain, bool is_end)
{
	struct octets theirs, ours;

	if (certain)
		return of_socket(flow);

	/* Sources may announce a flow and its end from different sides. */
	if (flow_key_equal(&said->key, &flow->key))
		theirs = (struct octets){ said->sent, said->received };
	else
		theirs = (struct octets){ said->received, said->sent };
	theirs = turn(flow, theirs);
	ours = remembered(flow, is_end);
	return (struct octets){
		.out = theirs.out >= 0 ? theirs.out : ours.out,
		.in = theirs.in >= 0 ? theirs.in : ours.in,
	};
}

void usage_fill(struct firefly *f, const struct flow *flow,
		const struct firefly *said, bool fresh)
{
	const struct snapshot *last = &flow->last;
	uint32_t rtt_us = last->has_tcp ? last->tcp_info.tcpi_rtt : 0;
	bool certain = fresh || (last->has_tcp &&
				 last->trigger & SCITAG_SNAPSHOT_TRIGGER_END);
	struct octets o = turn(flow, octets(flow, said, certain,
					    f->state == FIREFLY_END));

	f->sent = o.out;
	f->received = o.in;

	f->snapshot = last;
	if (certain && rtt_us)
		f->rtt_us = rtt_us;
	else if (said->rtt_us >= 0)
		f->rtt_us = said->rtt_us;
	else if (last->has_tcp)
		f->rtt_us = rtt_us;
}
