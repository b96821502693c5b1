// SPDX-License-Identifier: GPL-2.0
#include "flow_metrics.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "flows.h"
#include "openmetrics.h"

/* Two addresses, two ids, two ports, five names, and what is in between. */
#define LABELS_MAX 192

struct seen {
	const struct flow *flow;
	char labels[LABELS_MAX];
};

/* A number of struct tcp_info. */
static const struct metric {
	struct openmetrics_family family;
	size_t offset;
	size_t size;
} metrics[] = {
#define METRIC(name, kind, field, help)                                  \
	{                                                                \
		{ "flow_tcp_" name, OPENMETRICS_##kind, NULL, help },    \
			offsetof(struct tcp_info, tcpi_##field),         \
			sizeof(((struct tcp_info *)NULL)->tcpi_##field), \
	}
	METRIC("rtt", GAUGE, rtt, "Round-trip time [us]"),
	METRIC("rtt_var", GAUGE, rttvar, "Variation of it [us]"),
	METRIC("minrtt", GAUGE, min_rtt, "Least round-trip time [us]"),
	METRIC("rto", GAUGE, rto, "Time to wait before sending again [us]"),
	METRIC("ato", GAUGE, ato, "Time to wait before acknowledging [us]"),
	METRIC("cwnd", GAUGE, snd_cwnd, "Congestion window [segments]"),
	METRIC("ssthresh", GAUGE, snd_ssthresh,
	       "Where slow start ends [segments]"),
	METRIC("mss", GAUGE, snd_mss, "Segment size of the sender [octets]"),
	METRIC("rcvmss", GAUGE, rcv_mss,
	       "Segment size of the receiver [octets]"),
	METRIC("advmss", GAUGE, advmss, "Segment size announced [octets]"),
	METRIC("pmtu", GAUGE, pmtu, "MTU of the path [octets]"),
	METRIC("retrans", GAUGE, total_retrans, "Segments sent again so far"),
	METRIC("bytes_sent", COUNTER, bytes_sent, "Octets sent"),
	METRIC("bytes_acked", COUNTER, bytes_acked, "Octets acknowledged"),
	METRIC("bytes_received", COUNTER, bytes_received, "Octets received"),
	METRIC("bytes_retrans", COUNTER, bytes_retrans, "Octets sent again"),
	METRIC("segs_out", COUNTER, segs_out, "Segments sent"),
	METRIC("segs_in", COUNTER, segs_in, "Segments received"),
	METRIC("data_segs_out", COUNTER, data_segs_out,
	       "Segments with data sent"),
	METRIC("data_segs_in", COUNTER, data_segs_in,
	       "Segments with data received"),
	METRIC("delivered", GAUGE, delivered, "Segments delivered so far"),
	METRIC("delivery_rate", GAUGE, delivery_rate,
	       "Rate of delivery [octets per second]"),
	METRIC("pacing_rate", GAUGE, pacing_rate,
	       "Rate of sending [octets per second]"),
	METRIC("lastsnd", GAUGE, last_data_sent, "Since data was sent [ms]"),
	METRIC("lastrcv", GAUGE, last_data_recv,
	       "Since data was received [ms]"),
	METRIC("lastack", GAUGE, last_ack_recv,
	       "Since data was acknowledged [ms]"),
	METRIC("busy", GAUGE, busy_time, "Time with data to send [us]"),
	METRIC("rwnd_limited", GAUGE, rwnd_limited,
	       "Time stalled by the window of the receiver [us]"),
	METRIC("rcv_space", GAUGE, rcv_space, "Room to receive [octets]"),
	METRIC("rcv_ssthresh", GAUGE, rcv_ssthresh,
	       "Limit of the window to receive [octets]"),
	METRIC("snd_wnd", GAUGE, snd_wnd, "Window of the receiver [octets]"),
#undef METRIC
};

static uint64_t read_number(const struct metric *metric,
			    const struct tcp_info *info)
{
	const char *at = (const char *)info + metric->offset;
	uint64_t u64;
	uint32_t u32;

	if (metric->size == sizeof(u64)) {
		memcpy(&u64, at, sizeof(u64));
		return u64;
	}
	memcpy(&u32, at, sizeof(u32));
	return u32;
}

static void label_number(char labels[LABELS_MAX], const char *name,
			 uint32_t number)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", number);
	openmetrics_label(labels, LABELS_MAX, name, text);
}

/* As the socket sees it, whose numbers they are: src is this host. */
static void make_labels(char labels[LABELS_MAX], const struct flow *flow)
{
	char text[ADDR_TEXT_MAX];
	struct flow_key keys[2];

	flow_egress_keys(flow, keys);
	labels[0] = '\0';
	openmetrics_label(labels, LABELS_MAX, "src",
			  addr_format(&keys[0].src, text));
	openmetrics_label(labels, LABELS_MAX, "dst",
			  addr_format(&keys[0].dst, text));
	label_number(labels, "exp", flow->experiment);
	label_number(labels, "act", flow->activity);
	/* What tells parallel streams apart. */
	snprintf(text, sizeof(text), "%u:%u", keys[0].sport, keys[0].dport);
	openmetrics_label(labels, LABELS_MAX, "flow", text);
}

size_t flow_metrics_write(const struct openmetrics *om,
			  const struct flows *flows, size_t max)
{
	struct seen *seen = calloc(max + 1, sizeof(*seen));
	const struct flow *flow;
	size_t n = 0, left_out = 0, i, j;

	for (flow = flows_first(flows); flow; flow = TAILQ_NEXT(flow, link)) {
		if (!flow->last.has_tcp)
			continue;
		if (!seen || n == max) {
			left_out++;
			continue;
		}
		seen[n].flow = flow;
		make_labels(seen[n++].labels, flow);
	}
	for (i = 0; n && i < sizeof(metrics) / sizeof(metrics[0]); i++) {
		openmetrics_begin(om, &metrics[i].family);
		for (j = 0; j < n; j++)
			openmetrics_sample(
				om, &metrics[i].family, seen[j].labels,
				read_number(&metrics[i],
					    &seen[j].flow->last.tcp_info));
	}
	free(seen);
	return left_out;
}
