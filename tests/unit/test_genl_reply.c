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
		cmocka_unit_test(test_wrong_command),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
