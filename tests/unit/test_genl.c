// SPDX-License-Identifier: GPL-2.0
/*
 * Requests against a socket that is played here: what genl_sock_receive()
 * gives is a queue of datagrams that each test fills.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "flowmsg.h"
#include "genl.h"
#include "genl_sock.h"
#include "nlbuild.h"

#include <linux/genetlink.h>

#define FAMILY 40
#define CAPPED 0x100 /* NLM_F_CAPPED */
#define TLVS 0x200 /* NLM_F_ACK_TLVS */

/* The requests that were sent; the last one as octets. */
static uint8_t request[GENL_SOCK_BUF_SIZE * 2];
static unsigned int n_requests;
static uint32_t seq;

/* What is to be received: datagrams, each with its length; 0: an error. */
static struct {
	struct nlbuild octets;
	int error;
} queue[8];
static size_t n_queued, n_received;

/* The number of the family from now on, or -errno. */
static int family = FAMILY;

int genl_sock_init(struct genl_sock *gs)
{
	gs->buf = malloc(GENL_SOCK_BUF_SIZE);
	return genl_sock_resolve(gs);
}

void genl_sock_exit(struct genl_sock *gs)
{
	free(gs->buf);
}

int genl_sock_resolve(struct genl_sock *gs)
{
	if (family < 0)
		return family;
	gs->family = family;
	return 0;
}

int genl_sock_join(struct genl_sock *gs, const char *name, const char *group)
{
	(void)gs;
	(void)name;
	(void)group;
	return -EPERM;
}

void genl_sock_grow(struct genl_sock *gs, int option, int octets)
{
	(void)gs;
	(void)option;
	(void)octets;
}

int genl_sock_send(struct genl_sock *gs, struct nlmsghdr *nlh)
{
	nlh->nlmsg_type = gs->family;
	nlh->nlmsg_seq = ++seq;
	assert_in_range(nlh->nlmsg_len, 20, sizeof(request));
	memcpy(request, nlh, nlh->nlmsg_len);
	n_requests++;
	return 0;
}

int genl_sock_receive(struct genl_sock *gs)
{
	const struct nlbuild *octets = &queue[n_received].octets;

	/* A real socket would block. */
	assert_true(n_received < n_queued);
	if (queue[n_received].error)
		return queue[n_received++].error;
	memcpy(gs->buf, octets->octets, octets->len);
	n_received++;
	return octets->len;
}

static struct nlbuild *datagram(void)
{
	return &queue[n_queued++].octets;
}

/* An answer with this text, if not NULL, and offset, if not 0. */
static void answer(uint32_t to, int error, const char *text, uint32_t offset)
{
	struct nlmsghdr of = { .nlmsg_len = 20 };
	struct nlbuild *b = datagram();

	nlbuild_open(b, NLMSG_ERROR, CAPPED | (text ? TLVS : 0), to);
	nlbuild_raw(b, &error, sizeof(error));
	nlbuild_raw(b, &of, sizeof(of));
	if (text)
		nlbuild_attr(b, 1, text, strlen(text) + 1);
	if (offset)
		nlbuild_u32(b, 2, offset);
	nlbuild_close(b);
}

static void done(uint32_t to, int error, uint16_t flags)
{
	struct nlbuild *b = datagram();

	nlbuild_open(b, NLMSG_DONE, NLM_F_MULTI | flags, to);
	nlbuild_raw(b, &error, sizeof(error));
	nlbuild_close(b);
}

static void put_flow(struct nlbuild *b, uint32_t id)
{
	static const uint8_t addr[16] = { 0x20, 0x01, [15] = 1 };
	uint32_t nest;

	nest = nlbuild_nest(b, SCITAG_A_FLOW);
	nlbuild_u32(b, SCITAG_FLOW_A_ID, id);
	nlbuild_u8(b, SCITAG_FLOW_A_PROTOCOL, 6);
	nlbuild_attr(b, SCITAG_FLOW_A_SRC, addr, 16);
	nlbuild_attr(b, SCITAG_FLOW_A_DST, addr, 16);
	nlbuild_u16(b, SCITAG_FLOW_A_SPORT, 256);
	nlbuild_u16(b, SCITAG_FLOW_A_DPORT, 512);
	nlbuild_u16(b, SCITAG_FLOW_A_EXPERIMENT, 2);
	nlbuild_u8(b, SCITAG_FLOW_A_ACTIVITY, 26);
	nlbuild_end(b, nest);
}

/* A flow with this id as a message of the family. */
static void flow_reply(uint32_t to, uint16_t flags, uint32_t id)
{
	struct nlbuild *b = datagram();

	nlbuild_open_genl(b, FAMILY, flags, to, SCITAG_CMD_FLOW_GET);
	put_flow(b, id);
	nlbuild_close(b);
}

/* The same with a snapshot that has sent so many packets. */
static void snapshot_reply(uint32_t to, uint16_t flags, uint32_t id,
			   uint64_t packets)
{
	struct nlbuild *b = datagram();
	uint32_t nest;

	nlbuild_open_genl(b, FAMILY, flags, to, SCITAG_CMD_SNAPSHOT_GET);
	put_flow(b, id);
	nest = nlbuild_nest(b, SCITAG_A_SNAPSHOT);
	nlbuild_u32(b, SCITAG_SNAPSHOT_A_FLOW_ID, id);
	nlbuild_u64(b, SCITAG_SNAPSHOT_A_TIME, 5);
	nlbuild_u64(b, SCITAG_SNAPSHOT_A_PACKETS, packets);
	nlbuild_end(b, nest);
	nlbuild_close(b);
}

static struct genl *genl;

static int setup(void **state)
{
	(void)state;
	family = FAMILY;
	n_queued = 0;
	n_received = 0;
	n_requests = 0;
	seq = 0;
	return genl_new(&genl);
}

static int teardown(void **state)
{
	(void)state;
	genl_free(genl);
	genl = NULL;
	/* Nothing may be left that the next request would meet. */
	return n_received != n_queued;
}

static const struct nlmsghdr *sent(void)
{
	return (const struct nlmsghdr *)request;
}

static struct flow_spec some_spec(uint16_t sport)
{
	return (struct flow_spec){
		.key = {
			.src = { AF_INET6, { 1 } },
			.dst = { AF_INET6, { 2 } },
			.sport = sport,
			.dport = 443,
			.protocol = 6,
		},
		.mark = SCITAG_MARK_LABEL,
		.layout = FLOW_LAYOUT_DEFAULT,
		.option_type = FLOW_OPTION_TYPE_DEFAULT,
	};
}

static void test_add(void **state)
{
	struct flow_spec spec = some_spec(1);
	size_t bad = 99;

	(void)state;
	answer(1, 0, NULL, 0);
	assert_int_equal(genl_flow_add(genl, &spec, 1, &bad), 0);
	assert_int_equal(bad, 1);
	assert_string_equal(genl_error(genl), "");
	assert_string_equal(genl_warning(genl), "");
	assert_int_equal(sent()->nlmsg_flags, NLM_F_REQUEST | NLM_F_ACK);
	/* Command, version, and two octets that have to be 0. */
	assert_memory_equal(request + 16, "\1\1\0\0", 4);
}

static void test_warning(void **state)
{
	struct flow_spec spec = some_spec(1);
	size_t bad;

	(void)state;
	answer(1, 0, "careful", 0);
	answer(2, -EEXIST, "no", 0);
	assert_int_equal(genl_flow_replace(genl, &spec, 1, &bad), 0);
	assert_string_equal(genl_warning(genl), "careful");
	assert_string_equal(genl_error(genl), "");
	assert_int_equal(request[16], SCITAG_CMD_FLOW_REPLACE);
	/* The next one forgets it. */
	assert_int_equal(genl_flow_replace(genl, &spec, 1, &bad), -EEXIST);
	assert_string_equal(genl_warning(genl), "");
	assert_string_equal(genl_error(genl), "no");
}

/* The offset in a refusal leads to the flow; without one it is n. */
static void test_bad_flow(void **state)
{
	struct flow_spec specs[GENL_BATCH_MAX];
	size_t bad = 99;
	uint32_t i, size;

	(void)state;
	for (i = 0; i < GENL_BATCH_MAX; i++)
		specs[i] = some_spec(i + 1);
	answer(1, 0, NULL, 0);
	assert_int_equal(genl_flow_add(genl, specs, GENL_BATCH_MAX, &bad), 0);
	assert_int_equal(bad, GENL_BATCH_MAX);
	size = (sent()->nlmsg_len - 20) / GENL_BATCH_MAX;
	assert_int_equal(size * GENL_BATCH_MAX + 20, sent()->nlmsg_len);

	answer(2, -EEXIST, "is there", 20 + 300 * size);
	assert_int_equal(genl_flow_add(genl, specs, GENL_BATCH_MAX, &bad),
			 -EEXIST);
	assert_int_equal(bad, 300);
	assert_string_equal(genl_error(genl), "is there");

	/* Inside of a flow, e.g. its port. */
	answer(3, -EINVAL, "port", 20 + 511 * size + 52);
	assert_int_equal(genl_flow_add(genl, specs, GENL_BATCH_MAX, &bad),
			 -EINVAL);
	assert_int_equal(bad, 511);

	answer(4, -ENOSPC, "full", 0);
	assert_int_equal(genl_flow_add(genl, specs, GENL_BATCH_MAX, &bad),
			 -ENOSPC);
	assert_int_equal(bad, GENL_BATCH_MAX);
}

static void test_limits(void **state)
{
	static struct flow_spec specs[GENL_BATCH_MAX + 1];
	size_t bad;

	(void)state;
	assert_int_equal(genl_flow_add(genl, specs, GENL_BATCH_MAX + 1, &bad),
			 -E2BIG);
	assert_string_not_equal(genl_error(genl), "");
	assert_int_equal(genl_flow_add(genl, specs, 0, &bad), 0);
	assert_int_equal(n_requests, 0);
}

static void test_no_text(void **state)
{
	(void)state;
	answer(1, -EPERM, NULL, 0);
	assert_int_equal(genl_flow_flush(genl), -EPERM);
	assert_non_null(strstr(genl_error(genl), "CAP_NET_ADMIN"));
}

static void test_get(void **state)
{
	struct flow_state flow;

	(void)state;
	flow_reply(1, 0, 17);
	answer(1, 0, NULL, 0);
	assert_int_equal(genl_flow_get_id(genl, 17, &flow), 0);
	assert_int_equal(flow.id, 17);
	assert_int_equal(flow.spec.activity, 26);
}

/* An acknowledgement without the flow is no answer. */
static void test_get_nothing(void **state)
{
	struct flow_key key = some_spec(1).key;
	struct flow_state flow;

	(void)state;
	answer(1, 0, NULL, 0);
	assert_int_equal(genl_flow_get(genl, &key, &flow), -EBADMSG);
	assert_string_not_equal(genl_error(genl), "");
}

static void test_snapshot(void **state)
{
	struct flow_key key = some_spec(1).key;
	struct snapshot snapshot;
	struct flow_state flow;

	(void)state;
	snapshot_reply(1, 0, 17, 1ull << 40);
	answer(1, 0, NULL, 0);
	assert_int_equal(genl_snapshot_get_id(genl, 17, &flow, &snapshot), 0);
	assert_int_equal(flow.id, 17);
	assert_true(snapshot.packets == 1ull << 40);
	assert_int_equal(request[16], SCITAG_CMD_SNAPSHOT_GET);

	snapshot_reply(2, 0, 18, 7);
	answer(2, 0, NULL, 0);
	assert_int_equal(genl_snapshot_get(genl, &key, &flow, &snapshot), 0);
	assert_int_equal(flow.id, 18);
	assert_int_equal(snapshot.packets, 7);

	answer(3, -ENOENT, "No such flow", 20);
	assert_int_equal(genl_snapshot_get_id(genl, 17, &flow, &snapshot),
			 -ENOENT);
	assert_string_equal(genl_error(genl), "No such flow");
	/* An acknowledgement alone; a flow alone. */
	answer(4, 0, NULL, 0);
	assert_int_equal(genl_snapshot_get_id(genl, 17, &flow, &snapshot),
			 -EBADMSG);
	flow_reply(5, 0, 17);
	answer(5, 0, NULL, 0);
	assert_int_equal(genl_snapshot_get_id(genl, 17, &flow, &snapshot),
			 -EBADMSG);
}

struct seen {
	uint32_t ids[8];
	size_t n;
	int stop_with;
};

static int see(const struct flow_state *flow, void *data)
{
	struct seen *seen = data;

	seen->ids[seen->n++] = flow->id;
	return seen->stop_with;
}

static void test_dump(void **state)
{
	struct seen seen = { .n = 0 };

	(void)state;
	flow_reply(1, NLM_F_MULTI, 5);
	flow_reply(1, NLM_F_MULTI, 6);
	done(1, 0, 0);
	assert_int_equal(genl_flow_dump(genl, see, &seen), 0);
	assert_int_equal(seen.n, 2);
	assert_int_equal(seen.ids[0], 5);
	assert_int_equal(seen.ids[1], 6);
	assert_int_equal(sent()->nlmsg_flags,
			 NLM_F_REQUEST | NLM_F_ACK | NLM_F_DUMP);
}

static int see_snapshot(const struct flow_state *flow,
			const struct snapshot *snapshot, void *data)
{
	struct seen *seen = data;

	assert_int_equal(flow->id, snapshot->flow_id);
	seen->ids[seen->n++] = snapshot->packets;
	return seen->stop_with;
}

static void test_snapshot_dump(void **state)
{
	struct seen seen = { .n = 0 };

	(void)state;
	snapshot_reply(1, NLM_F_MULTI, 5, 50);
	snapshot_reply(1, NLM_F_MULTI, 6, 60);
	done(1, 0, 0);
	assert_int_equal(genl_snapshot_dump(genl, see_snapshot, &seen), 0);
	assert_int_equal(seen.n, 2);
	assert_int_equal(seen.ids[0], 50);
	assert_int_equal(seen.ids[1], 60);
	assert_int_equal(request[16], SCITAG_CMD_SNAPSHOT_GET);
	assert_int_equal(sent()->nlmsg_flags,
			 NLM_F_REQUEST | NLM_F_ACK | NLM_F_DUMP);
}

static void test_dump_empty(void **state)
{
	struct seen seen = { .n = 0 };

	(void)state;
	done(1, 0, 0);
	assert_int_equal(genl_flow_dump(genl, see, &seen), 0);
	assert_int_equal(seen.n, 0);
}

/* Whichever message says that the table changed. */
static void test_dump_interrupted(void **state)
{
	struct seen seen = { .n = 0 };

	(void)state;
	flow_reply(1, NLM_F_MULTI, 5);
	flow_reply(1, NLM_F_MULTI | NLM_F_DUMP_INTR, 6);
	done(1, 0, 0);
	assert_int_equal(genl_flow_dump(genl, see, &seen), -EINTR);
	assert_int_equal(seen.n, 2);
	done(2, 0, NLM_F_DUMP_INTR);
	assert_int_equal(genl_flow_dump(genl, see, &seen), -EINTR);
	done(3, 0, 0);
	assert_int_equal(genl_flow_dump(genl, see, &seen), 0);
}

/* The callback ends it, but the rest is read, for the next request. */
static void test_dump_stopped(void **state)
{
	struct seen seen = { .stop_with = 77 };

	(void)state;
	flow_reply(1, NLM_F_MULTI, 5);
	flow_reply(1, NLM_F_MULTI, 6);
	done(1, 0, 0);
	assert_int_equal(genl_flow_dump(genl, see, &seen), 77);
	assert_int_equal(seen.n, 1);
}

static void test_dump_error(void **state)
{
	struct seen seen = { .n = 0 };

	(void)state;
	flow_reply(1, NLM_F_MULTI, 5);
	done(1, -ENOMEM, 0);
	assert_int_equal(genl_flow_dump(genl, see, &seen), -ENOMEM);
	answer(2, -EPERM, NULL, 0);
	assert_int_equal(genl_flow_dump(genl, see, &seen), -EPERM);
}

/* What is left of an earlier answer, e.g. after an error in receiving. */
static void test_stale(void **state)
{
	struct seen seen = { .n = 0 };

	(void)state;
	queue[n_queued++].error = -ENOBUFS;
	assert_int_equal(genl_flow_dump(genl, see, &seen), -ENOBUFS);
	flow_reply(1, NLM_F_MULTI, 5);
	done(1, 0, 0);
	flow_reply(2, NLM_F_MULTI, 6);
	done(2, 0, 0);
	assert_int_equal(genl_flow_dump(genl, see, &seen), 0);
	assert_int_equal(seen.n, 1);
	assert_int_equal(seen.ids[0], 6);
	queue[0].error = 0;
}

static void test_malformed(void **state)
{
	struct seen seen = { .n = 0 };
	struct nlbuild *b = datagram();

	(void)state;
	nlbuild_open_genl(b, FAMILY, NLM_F_MULTI, 1, SCITAG_CMD_FLOW_GET);
	nlbuild_u32(b, SCITAG_A_FLOW, 1);
	nlbuild_close(b);
	done(1, 0, 0);
	assert_int_equal(genl_flow_dump(genl, see, &seen), -EBADMSG);
	assert_int_equal(seen.n, 0);

	/* A message that is longer than its datagram. */
	b = datagram();
	nlbuild_open_genl(b, FAMILY, NLM_F_MULTI, 2, SCITAG_CMD_FLOW_GET);
	nlbuild_close(b);
	b->len -= 4;
	assert_int_equal(genl_flow_dump(genl, see, &seen), -EBADMSG);
}

/* The module was loaded anew: its family has another number. */
static void test_reloaded(void **state)
{
	(void)state;
	answer(1, -ENOENT, NULL, 0);
	answer(2, 0, NULL, 0);
	family = FAMILY + 1;
	assert_int_equal(genl_flow_flush(genl), 0);
	assert_int_equal(n_requests, 2);
	assert_int_equal(sent()->nlmsg_type, FAMILY + 1);
}

static void test_unloaded(void **state)
{
	(void)state;
	answer(1, -ENOENT, NULL, 0);
	family = -ENOPROTOOPT;
	assert_int_equal(genl_flow_flush(genl), -ENOPROTOOPT);
	assert_non_null(strstr(genl_error(genl), "modprobe scitag"));
}

/* A flow that is not there is not a module that is not there. */
static void test_no_such_flow(void **state)
{
	(void)state;
	answer(1, -ENOENT, "No such flow", 20);
	assert_int_equal(genl_flow_del_id(genl, 5), -ENOENT);
	assert_string_equal(genl_error(genl), "No such flow");
	assert_int_equal(n_requests, 1);
	/* The same without a text, and the family where it was. */
	answer(2, -ENOENT, NULL, 0);
	assert_int_equal(genl_flow_del_id(genl, 5), -ENOENT);
	assert_int_equal(n_requests, 2);
}

static void test_stats(void **state)
{
	struct nlbuild *b = datagram();
	struct genl_stats stats;
	uint32_t nest;
	uint16_t i;

	(void)state;
	nlbuild_open_genl(b, FAMILY, 0, 1, SCITAG_CMD_STATS_GET);
	nest = nlbuild_nest(b, SCITAG_A_STATS);
	for (i = 1; i <= 9; i++)
		if (i != 8)
			nlbuild_u64(b, i, (uint64_t)i << 40);
	nlbuild_end(b, nest);
	nlbuild_close(b);
	answer(1, 0, NULL, 0);
	assert_int_equal(genl_stats_get(genl, &stats), 0);
	assert_true(stats.marked == 1ull << 40);
	assert_true(stats.no_room == 2ull << 40);
	assert_true(stats.too_big == 3ull << 40);
	assert_true(stats.ext_header == 4ull << 40);
	assert_true(stats.jumbo == 5ull << 40);
	assert_true(stats.offload == 6ull << 40);
	assert_true(stats.no_memory == 7ull << 40);
	assert_true(stats.refused == 9ull << 40);
}

static void status_reply(const char *version, uint16_t len)
{
	struct nlbuild *b = datagram();
	uint32_t nest;

	nlbuild_open_genl(b, FAMILY, 0, seq + 1, SCITAG_CMD_STATUS_GET);
	nest = nlbuild_nest(b, SCITAG_A_STATUS);
	nlbuild_attr(b, SCITAG_STATUS_A_VERSION, version, len);
	nlbuild_u32(b, SCITAG_STATUS_A_FLOWS, 3);
	nlbuild_u32(b, SCITAG_STATUS_A_MAX_FLOWS, 100000);
	nlbuild_u8(b, SCITAG_STATUS_A_HOOKED, 1);
	nlbuild_u32(b, 5, 7);
	nlbuild_u32(b, 6, 1024);
	nlbuild_u64(b, 7, 1ull << 41);
	nlbuild_u8(b, 8, 1);
	nlbuild_end(b, nest);
	nlbuild_close(b);
	answer(seq + 1, 0, NULL, 0);
}

static void test_status(void **state)
{
	static const char longest[33] = "1234567890123456789012345678901";
	struct genl_status status;

	(void)state;
	status_reply("0.1.0", 6);
	assert_int_equal(genl_status_get(genl, &status), 0);
	assert_string_equal(status.version, "0.1.0");
	assert_int_equal(status.flows, 3);
	assert_int_equal(status.max_flows, 100000);
	assert_true(status.hooked);
	assert_int_equal(status.rules, 7);
	assert_int_equal(status.max_rules, 1024);
	assert_true(status.untracked == 1ull << 41);
	assert_true(status.tracing);

	status_reply(longest, 32);
	assert_int_equal(genl_status_get(genl, &status), 0);
	assert_string_equal(status.version, longest);
	/* Without its NUL; with two. */
	status_reply("0.1.0", 5);
	assert_int_equal(genl_status_get(genl, &status), -EBADMSG);
	status_reply("0.1\0\0", 5);
	assert_int_equal(genl_status_get(genl, &status), -EBADMSG);
}

static void test_status_too_long(void **state)
{
	static const char version[33] = "12345678901234567890123456789012";
	struct genl_status status;

	(void)state;
	status_reply(version, 33);
	assert_int_equal(genl_status_get(genl, &status), -EBADMSG);
}

static struct rule_spec some_rule(void)
{
	return (struct rule_spec){
		.dst = { { AF_INET6, { 0x20, 0x01 } }, 16 },
		.exclude = true,
	};
}

/* All rules in one message, and the offset in a refusal leads to the rule. */
static void test_rule_set(void **state)
{
	static struct rule_spec specs[1000];
	size_t bad = 99;
	uint32_t i, size;

	(void)state;
	for (i = 0; i < 1000; i++)
		specs[i] = some_rule();
	answer(1, 0, NULL, 0);
	assert_int_equal(genl_rule_set(genl, specs, 1000, &bad), 0);
	assert_int_equal(bad, 1000);
	assert_int_equal(request[16], SCITAG_CMD_RULE_SET);
	size = (sent()->nlmsg_len - 20) / 1000;
	assert_int_equal(size * 1000 + 20, sent()->nlmsg_len);

	answer(2, -EINVAL, "no such device", 20 + 700 * size + 4);
	assert_int_equal(genl_rule_set(genl, specs, 1000, &bad), -EINVAL);
	assert_int_equal(bad, 700);
	assert_string_equal(genl_error(genl), "no such device");
}

/* No rule at all is a request, too; too many are none. */
static void test_rule_limits(void **state)
{
	struct rule_spec *specs = calloc(GENL_RULES_MAX + 1, sizeof(*specs));
	size_t bad;

	(void)state;
	assert_non_null(specs);
	answer(1, 0, NULL, 0);
	assert_int_equal(genl_rule_set(genl, NULL, 0, &bad), 0);
	assert_int_equal(sent()->nlmsg_len, 20);
	assert_int_equal(genl_rule_set(genl, specs, GENL_RULES_MAX + 1, &bad),
			 -E2BIG);
	assert_int_equal(n_requests, 1);
	free(specs);
}

static int see_rule(const struct rule_state *rule, void *data)
{
	struct seen *seen = data;

	seen->ids[seen->n++] = rule->id;
	return 0;
}

static void test_rule_dump(void **state)
{
	struct nlbuild *b = datagram();
	struct seen seen = { .n = 0 };
	uint32_t nest;

	(void)state;
	nlbuild_open_genl(b, FAMILY, NLM_F_MULTI, 1, SCITAG_CMD_RULE_GET);
	nest = nlbuild_nest(b, SCITAG_A_RULE);
	nlbuild_u32(b, SCITAG_RULE_A_ID, 12);
	nlbuild_attr(b, SCITAG_RULE_A_EXCLUDE, NULL, 0);
	nlbuild_end(b, nest);
	nlbuild_close(b);
	done(1, 0, 0);
	assert_int_equal(genl_rule_dump(genl, see_rule, &seen), 0);
	assert_int_equal(seen.n, 1);
	assert_int_equal(seen.ids[0], 12);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_add),		  TEST(test_warning),
		TEST(test_bad_flow),	  TEST(test_limits),
		TEST(test_no_text),	  TEST(test_get),
		TEST(test_get_nothing),	  TEST(test_dump),
		TEST(test_dump_empty),	  TEST(test_dump_interrupted),
		TEST(test_dump_stopped),  TEST(test_dump_error),
		TEST(test_stale),	  TEST(test_malformed),
		TEST(test_reloaded),	  TEST(test_unloaded),
		TEST(test_no_such_flow),  TEST(test_stats),
		TEST(test_status),	  TEST(test_status_too_long),
		TEST(test_rule_set),	  TEST(test_rule_limits),
		TEST(test_rule_dump),	  TEST(test_snapshot),
		TEST(test_snapshot_dump),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
