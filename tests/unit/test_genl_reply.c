// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "genl_reply.h"
#include "nlbuild.h"

/* Numbers of docs/netlink/scitag.yaml. */
#define A_FLOW 1
#define A_EVENT_SEQ 4
#define A_END_REASON 5
#define NEW_NTF 8
#define UPDATE_NTF 9
#define END_NTF 10
#define A_STATUS 3
#define A_SNAPSHOT 8
#define A_SNAPSHOT_SEQ 9
#define SNAPSHOT_GET 13
#define SNAPSHOT_NTF 14
#define STATUS_NTF 15

static void put_flow(struct nlbuild *b, uint32_t id)
{
	static const uint8_t addr[4] = { 192, 0, 2, 1 };
	uint32_t nest = nlbuild_nest(b, A_FLOW);

	nlbuild_u32(b, 1, id);
	nlbuild_u8(b, 2, 17);
	nlbuild_attr(b, 3, addr, 4);
	nlbuild_attr(b, 4, addr, 4);
	nlbuild_u16(b, 5, 256);
	nlbuild_u16(b, 6, 512);
	nlbuild_u16(b, 7, 2);
	nlbuild_u8(b, 8, 26);
	nlbuild_end(b, nest);
}

static const struct nlmsghdr *event_message(struct nlbuild *b, uint8_t cmd,
					    int reason)
{
	nlbuild_open_genl(b, 40, 0, 0, cmd);
	nlbuild_u64(b, A_EVENT_SEQ, 0x100000001);
	put_flow(b, 17);
	if (reason)
		nlbuild_u8(b, A_END_REASON, reason);
	return nlbuild_close(b);
}

static void test_event(void **state)
{
	struct genl_event event;
	struct nlbuild b;

	(void)state;
	assert_int_equal(genl_reply_event(&event,
					  event_message(&b, NEW_NTF, 0)),
			 0);
	assert_int_equal(event.type, GENL_FLOW_NEW);
	assert_true(event.seq == 0x100000001);
	assert_int_equal(event.end_reason, 0);
	assert_int_equal(event.flow.id, 17);
	assert_int_equal(event.flow.spec.activity, 26);
	assert_int_equal(genl_reply_event(&event,
					  event_message(&b, UPDATE_NTF, 0)),
			 0);
	assert_int_equal(event.type, GENL_FLOW_UPDATE);
	assert_int_equal(genl_reply_event(&event,
					  event_message(&b, END_NTF, 2)),
			 0);
	assert_int_equal(event.type, GENL_FLOW_END);
	assert_int_equal(event.end_reason, SCITAG_END_REASON_FLUSHED);
}

static void test_event_incomplete(void **state)
{
	struct genl_event event;
	struct nlbuild b;

	(void)state;
	nlbuild_open_genl(&b, 40, 0, 0, NEW_NTF);
	nlbuild_u64(&b, A_EVENT_SEQ, 1);
	assert_int_equal(genl_reply_event(&event, nlbuild_close(&b)), -EBADMSG);
	nlbuild_open_genl(&b, 40, 0, 0, NEW_NTF);
	put_flow(&b, 17);
	assert_int_equal(genl_reply_event(&event, nlbuild_close(&b)), -EBADMSG);
	nlbuild_open_genl(&b, 40, 0, 0, NEW_NTF);
	nlbuild_u32(&b, A_EVENT_SEQ, 1);
	put_flow(&b, 17);
	assert_int_equal(genl_reply_event(&event, nlbuild_close(&b)), -EBADMSG);
	/* Not a notification: the reply to flow-get. */
	assert_int_equal(genl_reply_event(&event, event_message(&b, 4, 0)),
			 -EBADMSG);
}

/* Every prefix of an end, its length set right. The reason may be missing. */
static void test_event_truncated(void **state)
{
	struct genl_event event;
	struct nlbuild b;
	uint32_t len, without_reason;

	(void)state;
	event_message(&b, END_NTF, 1);
	without_reason = b.len - 8;
	for (len = 16; len <= b.len; len++) {
		bool whole = len == without_reason || len > b.len - 4;
		uint32_t *cut = test_malloc(len);

		memcpy(cut, b.octets, len);
		cut[0] = len;
		if ((genl_reply_event(&event, (void *)cut) == 0) != whole)
			fail_msg("length %u", len);
		test_free(cut);
	}
}

static void put_snapshot(struct nlbuild *b, uint32_t id)
{
	uint32_t nest = nlbuild_nest(b, A_SNAPSHOT);

	nlbuild_u32(b, 1, id);
	nlbuild_u64(b, 3, 1700000000000000000);
	nlbuild_end(b, nest);
}

/* An end with the snapshot that was taken then. */
static void test_event_snapshot(void **state)
{
	struct genl_event event;
	struct nlbuild b;

	(void)state;
	event_message(&b, END_NTF, 3);
	put_snapshot(&b, 17);
	assert_int_equal(genl_reply_event(&event, nlbuild_close(&b)), 0);
	assert_true(event.has_snapshot);
	assert_int_equal(event.snapshot.flow_id, 17);
	assert_true(event.snapshot.time_ns == 1700000000000000000);
	assert_int_equal(genl_reply_event(&event,
					  event_message(&b, END_NTF, 3)),
			 0);
	assert_false(event.has_snapshot);
	/* One that tells of nothing. */
	nlbuild_end(&b, nlbuild_nest(&b, A_SNAPSHOT));
	assert_int_equal(genl_reply_event(&event, nlbuild_close(&b)), -EBADMSG);
}

static const struct nlmsghdr *status_message(struct nlbuild *b)
{
	uint32_t nest;

	nlbuild_open_genl(b, 40, 0, 0, STATUS_NTF);
	nlbuild_u64(b, A_EVENT_SEQ, 5);
	nest = nlbuild_nest(b, A_STATUS);
	nlbuild_attr(b, 1, "1.2", 4);
	nlbuild_u32(b, 2, 100);
	nlbuild_u32(b, 3, 200);
	nlbuild_u8(b, 4, 1);
	nlbuild_u32(b, 5, 7);
	nlbuild_end(b, nest);
	return nlbuild_close(b);
}

static void test_event_status(void **state)
{
	struct genl_event event;
	struct nlbuild b;

	(void)state;
	assert_int_equal(genl_reply_event(&event, status_message(&b)), 0);
	assert_int_equal(event.type, GENL_STATUS);
	assert_int_equal(event.seq, 5);
	assert_string_equal(event.status.version, "1.2");
	assert_int_equal(event.status.flows, 100);
	assert_int_equal(event.status.max_flows, 200);
	assert_true(event.status.hooked);
	assert_int_equal(event.status.rules, 7);
	assert_false(event.has_snapshot);
	/* One octet of the number of rules less; no status. */
	b.octets[b.len - 8]--;
	assert_int_equal(genl_reply_event(&event, nlbuild_close(&b)), -EBADMSG);
	nlbuild_open_genl(&b, 40, 0, 0, STATUS_NTF);
	nlbuild_u64(&b, A_EVENT_SEQ, 5);
	assert_int_equal(genl_reply_event(&event, nlbuild_close(&b)), -EBADMSG);
}

static void test_snapshot(void **state)
{
	struct snapshot snapshot;
	struct flow_state flow;
	struct nlbuild b;

	(void)state;
	nlbuild_open_genl(&b, 40, 0, 0, SNAPSHOT_GET);
	put_flow(&b, 9);
	put_snapshot(&b, 9);
	assert_int_equal(genl_reply_snapshot(&flow, &snapshot,
					     nlbuild_close(&b)),
			 0);
	assert_int_equal(flow.id, 9);
	assert_int_equal(snapshot.flow_id, 9);
	/* One of the two; another command. */
	nlbuild_open_genl(&b, 40, 0, 0, SNAPSHOT_GET);
	put_flow(&b, 9);
	assert_int_equal(genl_reply_snapshot(&flow, &snapshot,
					     nlbuild_close(&b)),
			 -EBADMSG);
	nlbuild_open_genl(&b, 40, 0, 0, SNAPSHOT_GET);
	put_snapshot(&b, 9);
	assert_int_equal(genl_reply_snapshot(&flow, &snapshot,
					     nlbuild_close(&b)),
			 -EBADMSG);
	nlbuild_open_genl(&b, 40, 0, 0, SNAPSHOT_NTF);
	put_flow(&b, 9);
	put_snapshot(&b, 9);
	assert_int_equal(genl_reply_snapshot(&flow, &snapshot,
					     nlbuild_close(&b)),
			 -EBADMSG);
}

struct seen {
	uint64_t seqs[8];
	uint32_t ids[8];
	size_t n;
	size_t stop_at;
};

static int see(uint64_t seq, const struct snapshot *snapshot, void *data)
{
	struct seen *seen = data;

	seen->seqs[seen->n] = seq;
	seen->ids[seen->n++] = snapshot->flow_id;
	return seen->n == seen->stop_at ? 77 : 0;
}

static const struct nlmsghdr *snapshots_message(struct nlbuild *b)
{
	nlbuild_open_genl(b, 40, 0, 0, SNAPSHOT_NTF);
	nlbuild_u64(b, A_SNAPSHOT_SEQ, 0x1ffffffff);
	put_snapshot(b, 3);
	nlbuild_u32(b, 99, 0); /* something that is not known */
	put_snapshot(b, 5);
	put_snapshot(b, 4);
	return nlbuild_close(b);
}

/* Many in one message, numbered from the first one on. */
static void test_snapshots(void **state)
{
	struct seen seen = { .n = 0 };
	struct nlbuild b;

	(void)state;
	assert_int_equal(genl_reply_snapshots(snapshots_message(&b), see,
					      &seen),
			 0);
	assert_int_equal(seen.n, 3);
	assert_true(seen.seqs[0] == 0x1ffffffff);
	assert_true(seen.seqs[1] == 0x200000000);
	assert_true(seen.seqs[2] == 0x200000001);
	assert_int_equal(seen.ids[0], 3);
	assert_int_equal(seen.ids[1], 5);
	assert_int_equal(seen.ids[2], 4);

	seen = (struct seen){ .stop_at = 2 };
	assert_int_equal(genl_reply_snapshots(snapshots_message(&b), see,
					      &seen),
			 77);
	assert_int_equal(seen.n, 2);

	/* No number; another command. */
	nlbuild_open_genl(&b, 40, 0, 0, SNAPSHOT_NTF);
	put_snapshot(&b, 3);
	assert_int_equal(genl_reply_snapshots(nlbuild_close(&b), see, &seen),
			 -EBADMSG);
	snapshots_message(&b);
	b.octets[16] = SNAPSHOT_GET;
	assert_int_equal(genl_reply_snapshots((void *)b.octets, see, &seen),
			 -EBADMSG);
	assert_int_equal(seen.n, 2);
}

/* Every prefix, its length set right: what is whole by then, or nothing. */
static void test_snapshots_truncated(void **state)
{
	struct nlbuild b;
	uint32_t len;

	(void)state;
	snapshots_message(&b);
	/* Header 20, number 12, snapshots of 24, and 8 that are not known. */
	assert_int_equal(b.len, 112);
	for (len = 16; len <= b.len; len++) {
		struct seen seen = { .n = 0 };
		bool whole = len == 32 || len == 56 || len == 64 || len == 88 ||
			     len == 112;
		uint32_t *cut = test_malloc(len);
		int ret;

		memcpy(cut, b.octets, len);
		cut[0] = len;
		ret = genl_reply_snapshots((void *)cut, see, &seen);
		if (ret != (whole ? 0 : -EBADMSG))
			fail_msg("length %u", len);
		if (!whole)
			assert_int_equal(seen.n, 0);
		test_free(cut);
	}
}

/* A reply to another command is none. */
static void test_wrong_command(void **state)
{
	struct genl_status status;
	struct genl_stats stats;
	struct flow_state flow;
	struct nlbuild b;

	(void)state;
	event_message(&b, NEW_NTF, 0);
	assert_int_equal(genl_reply_flow(&flow, (void *)b.octets), -EBADMSG);
	assert_int_equal(genl_reply_stats(&stats, (void *)b.octets), -EBADMSG);
	assert_int_equal(genl_reply_status(&status, (void *)b.octets),
			 -EBADMSG);
	nlbuild_open_genl(&b, 40, 0, 0, 4);
	put_flow(&b, 9);
	assert_int_equal(genl_reply_flow(&flow, nlbuild_close(&b)), 0);
	assert_int_equal(flow.id, 9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_event),
		cmocka_unit_test(test_event_incomplete),
		cmocka_unit_test(test_event_truncated),
		cmocka_unit_test(test_event_snapshot),
		cmocka_unit_test(test_event_status),
		cmocka_unit_test(test_snapshot),
		cmocka_unit_test(test_snapshots),
		cmocka_unit_test(test_snapshots_truncated),
		cmocka_unit_test(test_wrong_command),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
