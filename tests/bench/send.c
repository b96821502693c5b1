// SPDX-License-Identifier: GPL-2.0
#include "bench.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "clock.h"
#include "flows.h"
#include "genl.h"
#include "raw.h"
#include "sockets.h"

#define ANY_LABEL 0x12345

static const uint8_t payload[65536];

/* What sends the packets of one flow. */
struct sender {
	int fd;
	const uint8_t *data;
	uint8_t raw[RAW_SEGMENT_LEN];
};

/* Without the module, nothing is marked. */
static int marked_so_far(uint64_t *marked)
{
	struct genl_stats stats;
	struct genl *genl;
	int ret;

	*marked = 0;
	ret = genl_new(&genl);
	if (ret)
		return ret == -ENOPROTOOPT ? 0 : ret;
	ret = genl_stats_get(genl, &stats);
	if (!ret)
		*marked = stats.marked;
	genl_free(genl);
	return ret;
}

static uint32_t label_of(const struct kind *kind, unsigned int i)
{
	struct flow_key key = bench_flow_key(kind->protocol, i);
	uint32_t label = ANY_LABEL;
	struct flow_state state;
	struct genl *genl;

	if (genl_new(&genl))
		return label;
	if (!genl_flow_get(genl, &key, &state))
		label = state.label;
	genl_free(genl);
	return label;
}

/* Send packets through all sockets in turn. Returns 0 or -1. */
static int send_packets(const struct send_job *job,
			const struct sender *senders, unsigned int packets)
{
	size_t len = job->kind->payload;
	unsigned int i, j;

	for (i = 0, j = 0; i < packets; i++) {
		if (send(senders[j].fd, senders[j].data, len, 0) !=
		    (ssize_t)len) {
			perror("scitag-bench: send");
			return -1;
		}
		if (++j == job->sockets)
			j = 0;
	}
	return 0;
}

static int check_marked(const struct send_job *job, uint64_t marked)
{
	uint64_t expected = 0;

	if (job->marked)
		expected = (uint64_t)job->packets * kind_segments(job->kind);
	if (marked == expected)
		return 0;
	fprintf(stderr,
		"scitag-bench: %" PRIu64 " packets were marked, not %" PRIu64
		"\n",
		marked, expected);
	return -1;
}

/*
 * One round with sockets that are connected already. A first packet of each
 * has the route looked up and, with TCP, room made for headers.
 */
static int send_measured(const struct send_job *job,
			 const struct sender *senders, double *value)
{
	uint64_t before, after, start, end;

	if (send_packets(job, senders, job->sockets))
		return -1;
	clock_settle();
	if (marked_so_far(&before))
		return -1;
	start = clock_now();
	if (send_packets(job, senders, job->packets))
		return -1;
	end = clock_now();
	if (marked_so_far(&after))
		return -1;
	*value = (double)(end - start) / job->packets;
	return check_marked(job, after - before);
}

static int sender_init(struct sender *sender, const struct send_job *job,
		       unsigned int i)
{
	uint32_t label = job->label ? label_of(job->kind, i) : 0;

	sender->fd = socket_open(job->kind, i, label);
	if (sender->fd < 0)
		return -1;
	sender->data = payload;
	if (job->kind->raw) {
		raw_segment(sender->raw, i);
		sender->data = sender->raw;
	}
	return 0;
}

/* New sockets each time: those of TCP keep all that they sent. */
static int send_round(const struct send_job *job, double *value)
{
	struct sender senders[BENCH_SOCKETS_MAX] = { 0 };
	unsigned int n;
	int ret = -1;

	for (n = 0; n < job->sockets; n++)
		if (sender_init(&senders[n], job, job->first + n))
			break;
	if (n == job->sockets)
		ret = send_measured(job, senders, value);
	while (n--)
		socket_close(job->kind, senders[n].fd);
	return ret;
}

int bench_send(const struct send_job *job)
{
	double values[BENCH_ROUNDS_MAX];
	unsigned int i;

	/* The first round finds the kernel's caches empty. */
	if (send_round(job, &values[0]))
		return 1;
	for (i = 0; i < job->rounds; i++)
		if (send_round(job, &values[i]))
			return 1;
	clock_print(values, job->rounds);
	putchar('\n');
	return 0;
}
