// SPDX-License-Identifier: GPL-2.0
#include "bench.h"

#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <uapi/linux/scitag.h>

#include "clock.h"
#include "flowmsg.h"
#include "flows.h"
#include "genl_sock.h"

/* As many flows as one message of bench_add() holds. */
#define ADD_BATCH 512

/* Messages that are made before the clock runs. */
struct messages {
	struct nl_msg **msgs;
	unsigned int n;
};

static void messages_free(struct messages *m)
{
	while (m->n)
		nlmsg_free(m->msgs[--m->n]);
	free(m->msgs);
	m->msgs = NULL;
}

static int put_flow(struct nl_msg *msg, int cmd, const struct flow_spec *spec)
{
	return cmd == SCITAG_CMD_FLOW_ADD ? flowmsg_put_spec(msg, spec) :
					    flowmsg_put_key(msg, &spec->key);
}

/* One request of cmd with flows from first on. NULL when out of memory. */
static struct nl_msg *message_new(int cmd, const struct flow_spec *like,
				  unsigned int first, unsigned int count)
{
	struct nl_msg *msg =
		nlmsg_alloc_size(64 + (size_t)count * FLOWMSG_SIZE);
	struct flow_spec spec = *like;
	unsigned int i;

	if (!msg)
		return NULL;
	if (!genlmsg_put(msg, 0, 0, 0, 0, NLM_F_REQUEST | NLM_F_ACK, cmd,
			 SCITAG_FAMILY_VERSION))
		goto err_free;
	for (i = first; i < first + count; i++) {
		spec.key = bench_flow_key(like->key.protocol, i);
		if (put_flow(msg, cmd, &spec))
			goto err_free;
	}
	return msg;

err_free:
	nlmsg_free(msg);
	return NULL;
}

static int messages_init(struct messages *m, int cmd,
			 const struct flow_spec *like, unsigned int first,
			 unsigned int count, unsigned int batch)
{
	unsigned int n;

	m->n = 0;
	m->msgs = calloc(count / batch + 1, sizeof(*m->msgs));
	if (!m->msgs)
		return -1;
	for (; count; first += n, count -= n) {
		n = count < batch ? count : batch;
		m->msgs[m->n] = message_new(cmd, like, first, n);
		if (!m->msgs[m->n]) {
			messages_free(m);
			return -1;
		}
		m->n++;
	}
	return 0;
}

/* The kernel's answer to a request: 0 or -errno. */
static int acked(struct genl_sock *gs)
{
	const struct nlmsghdr *nlh = (const struct nlmsghdr *)gs->buf;
	int len = genl_sock_receive(gs);

	if (len < 0)
		return len;
	if (!nlmsg_ok(nlh, len) || nlh->nlmsg_type != NLMSG_ERROR)
		return -1;
	return ((const struct nlmsgerr *)nlmsg_data(nlh))->error;
}

static int messages_send(struct genl_sock *gs, const struct messages *m)
{
	unsigned int i;
	int ret;

	for (i = 0; i < m->n; i++) {
		ret = genl_sock_send(gs, nlmsg_hdr(m->msgs[i]));
		if (!ret)
			ret = acked(gs);
		if (ret) {
			fprintf(stderr, "scitag-bench: netlink: error %d\n",
				-ret);
			return ret;
		}
	}
	return 0;
}

/* Instructions for each of count flows, or a negative number. */
static double measure(struct genl_sock *gs, const struct messages *m,
		      unsigned int count)
{
	uint64_t start;

	clock_settle();
	start = clock_now();
	if (messages_send(gs, m))
		return -1;
	return (double)(clock_now() - start) / count;
}

/* Flows in one datagram of a dump; *done after the last one. */
static unsigned int count_flows(struct genl_sock *gs, int len, bool *done)
{
	struct nlmsghdr *nlh = (struct nlmsghdr *)gs->buf;
	unsigned int n = 0;

	for (; nlmsg_ok(nlh, len); nlh = nlmsg_next(nlh, &len)) {
		if (nlh->nlmsg_type == gs->family)
			n++;
		else
			*done = true;
	}
	return n;
}

static double measure_dump(struct genl_sock *gs, unsigned int count)
{
	struct {
		struct nlmsghdr nlh;
		struct genlmsghdr genl;
	} request = {
		.nlh.nlmsg_len = sizeof(request),
		.nlh.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
		.genl.cmd = SCITAG_CMD_FLOW_GET,
		.genl.version = SCITAG_FAMILY_VERSION,
	};
	unsigned int n = 0;
	bool done = false;
	uint64_t start;
	int len;

	clock_settle();
	start = clock_now();
	if (genl_sock_send(gs, &request.nlh))
		return -1;
	while (!done) {
		len = genl_sock_receive(gs);
		if (len < 0)
			return -1;
		n += count_flows(gs, len, &done);
	}
	return n == count ? (double)(clock_now() - start) / count : -1;
}

static void print_line(const char *what, double *values, unsigned int rounds)
{
	printf("%s\t", what);
	clock_print(values, rounds);
	putchar('\n');
}

static int netlink_rounds(struct genl_sock *gs, const struct messages *adds,
			  const struct messages *dels, unsigned int count,
			  unsigned int rounds)
{
	double add[BENCH_ROUNDS_MAX], dump[BENCH_ROUNDS_MAX];
	double del[BENCH_ROUNDS_MAX];
	unsigned int i;

	for (i = 0; i < rounds; i++) {
		add[i] = measure(gs, adds, count);
		dump[i] = measure_dump(gs, count);
		del[i] = measure(gs, dels, count);
		if (add[i] < 0 || dump[i] < 0 || del[i] < 0)
			return 1;
	}
	print_line("add", add, rounds);
	print_line("dump", dump, rounds);
	print_line("delete", del, rounds);
	return 0;
}

int bench_netlink(unsigned int count, unsigned int batch, unsigned int rounds)
{
	struct flow_spec like = bench_flow_spec(IPPROTO_UDP, 0,
						SCITAG_MARK_LABEL,
						FLOW_LAYOUT_DEFAULT);
	struct messages adds = { 0 }, dels = { 0 };
	struct genl_sock gs;
	int status = 1;

	if (genl_sock_init(&gs)) {
		fprintf(stderr, "scitag-bench: no netlink\n");
		goto out;
	}
	genl_sock_grow(&gs, SO_SNDBUF, 1 << 20);
	if (messages_init(&adds, SCITAG_CMD_FLOW_ADD, &like, 0, count, batch) ||
	    messages_init(&dels, SCITAG_CMD_FLOW_DEL, &like, 0, count, batch))
		goto out;
	status = netlink_rounds(&gs, &adds, &dels, count, rounds);
out:
	messages_free(&adds);
	messages_free(&dels);
	genl_sock_exit(&gs);
	return status;
}

int bench_add(const struct flow_spec *like, unsigned int first,
	      unsigned int count)
{
	struct messages adds = { 0 };
	struct genl_sock gs;
	unsigned int n;
	int status = 1;

	if (genl_sock_init(&gs)) {
		fprintf(stderr, "scitag-bench: no netlink\n");
		goto out;
	}
	genl_sock_grow(&gs, SO_SNDBUF, 1 << 20);
	/* One message at a time: a million flows are many megabytes of them. */
	for (; count; first += n, count -= n) {
		n = count < ADD_BATCH ? count : ADD_BATCH;
		if (messages_init(&adds, SCITAG_CMD_FLOW_ADD, like, first, n,
				  n) ||
		    messages_send(&gs, &adds))
			goto out;
		messages_free(&adds);
	}
	status = 0;
out:
	messages_free(&adds);
	genl_sock_exit(&gs);
	return status;
}
