// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "nlbuild.h"
#include "snapshot.h"

/* Numbers of docs/netlink/scitag.yaml. */
#define A_SNAPSHOT 8
#define A_FLOW_ID 1
#define A_TIME 3
#define A_TCP_INFO 9
#define A_CONG 10
#define A_CONG_KIND 11
#define A_CONG_INFO 12
#define A_MEMINFO 13

static const uint32_t dctcp[4] = { 0x00010001, 512, 77, 99 };

/* A snapshot with all there is. */
static void build(struct nlbuild *b, uint16_t tcp_info_len)
{
	uint8_t tcp_info[1024];
	uint32_t meminfo[9];
	uint32_t nest;
	size_t i;

	for (i = 0; i < sizeof(tcp_info); i++)
		tcp_info[i] = i % 251 + 1;
	for (i = 0; i < 9; i++)
		meminfo[i] = 100 + i;
	b->len = 0;
	nest = nlbuild_nest(b, A_SNAPSHOT);
	nlbuild_u32(b, A_FLOW_ID, 4711);
	nlbuild_u32(b, 2, 33);
	nlbuild_u64(b, A_TIME, 1700000000123456789);
	nlbuild_u64(b, 4, 1ull << 40);
	nlbuild_u64(b, 5, 1ull << 41);
	nlbuild_u64(b, 6, 1ull << 42);
	nlbuild_u64(b, 7, 1ull << 43);
	nlbuild_u8(b, 8, 1);
	nlbuild_attr(b, A_CONG, "dctcp", 6);
	nlbuild_u32(b, A_CONG_KIND, 9);
	nlbuild_attr(b, A_CONG_INFO, dctcp, sizeof(dctcp));
	nlbuild_attr(b, A_MEMINFO, meminfo, sizeof(meminfo));
	nlbuild_attr(b, A_TCP_INFO, tcp_info, tcp_info_len);
	nlbuild_end(b, nest);
}

static void test_get(void **state)
{
	struct snapshot snapshot;
	struct nlbuild b;
	size_t i;

	(void)state;
	build(&b, 104);
	memset(&snapshot, 0xff, sizeof(snapshot));
	assert_int_equal(snapshot_get(&snapshot, (void *)b.octets), 0);
	assert_int_equal(snapshot.flow_id, 4711);
	assert_int_equal(snapshot.trigger, 33);
	assert_true(snapshot.time_ns == 1700000000123456789);
	assert_true(snapshot.age_ns == 1ull << 40);
	assert_true(snapshot.packets == 1ull << 41);
	assert_true(snapshot.bytes == 1ull << 42);
	assert_true(snapshot.marked == 1ull << 43);
	assert_true(snapshot.has_tcp);
	assert_int_equal(snapshot.state, 1);
	assert_string_equal(snapshot.cong, "dctcp");
	assert_int_equal(snapshot.cong_kind, 9);
	assert_int_equal(snapshot.cong_info.dctcp.enabled, 1);
	assert_int_equal(snapshot.cong_info.dctcp.ce_state, 1);
	assert_int_equal(snapshot.cong_info.dctcp.alpha, 512);
	assert_int_equal(snapshot.cong_info.dctcp.ab_ecn, 77);
	assert_int_equal(snapshot.cong_info.dctcp.ab_tot, 99);
	assert_int_equal(snapshot.meminfo_len, 9);
	for (i = 0; i < 9; i++)
		assert_int_equal(snapshot.meminfo[i], 100 + i);
}

/* Of a datagram flow, or one without a socket. */
static void test_get_least(void **state)
{
	struct nlbuild b = { .len = 0 };
	struct snapshot snapshot;
	uint32_t nest;

	(void)state;
	nest = nlbuild_nest(&b, A_SNAPSHOT);
	nlbuild_u32(&b, A_FLOW_ID, 3);
	nlbuild_u64(&b, A_TIME, 5);
	nlbuild_end(&b, nest);
	memset(&snapshot, 0xff, sizeof(snapshot));
	assert_int_equal(snapshot_get(&snapshot, (void *)b.octets), 0);
	assert_int_equal(snapshot.flow_id, 3);
	assert_int_equal(snapshot.trigger, 0);
	assert_int_equal(snapshot.packets, 0);
	assert_false(snapshot.has_tcp);
	assert_int_equal(snapshot.tcp_info_len, 0);
	assert_string_equal(snapshot.cong, "");
	assert_int_equal(snapshot.cong_kind, 0);
	assert_int_equal(snapshot.meminfo_len, 0);
}

/* tcp_info of older kernels is shorter, of newer ones longer than ours. */
static void test_tcp_info(void **state)
{
	static const uint16_t lens[] = { 0, 1, 104, 232, 248, 280, 1024 };
	struct snapshot snapshot;
	struct nlbuild b;
	size_t i, j;

	(void)state;
	for (i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		const uint8_t *octets = (void *)&snapshot.tcp_info;
		size_t size = sizeof(snapshot.tcp_info);

		build(&b, lens[i]);
		memset(&snapshot, 0xff, sizeof(snapshot));
		assert_int_equal(snapshot_get(&snapshot, (void *)b.octets), 0);
		assert_true(snapshot.has_tcp);
		assert_int_equal(snapshot.tcp_info_len,
				 lens[i] < size ? lens[i] : size);
		for (j = 0; j < size; j++)
			assert_int_equal(octets[j],
					 j < lens[i] ? j % 251 + 1 : 0);
	}
}

/* A snapshot whose congestion control tells these octets of itself. */
static void get_cong(struct snapshot *snapshot, uint32_t kind, const void *info,
		     uint16_t len)
{
	struct nlbuild b = { .len = 0 };
	uint32_t nest = nlbuild_nest(&b, A_SNAPSHOT);

	nlbuild_u32(&b, A_FLOW_ID, 3);
	nlbuild_u64(&b, A_TIME, 5);
	nlbuild_u32(&b, A_CONG_KIND, kind);
	if (info)
		nlbuild_attr(&b, A_CONG_INFO, info, len);
	nlbuild_end(&b, nest);
	memset(snapshot, 0xff, sizeof(*snapshot));
	assert_int_equal(snapshot_get(snapshot, (void *)b.octets), 0);
}

static void test_cong_info(void **state)
{
	static const uint32_t info[6] = { 1, 2, 3, 4, 5, 6 };
	struct snapshot snapshot;

	(void)state;
	get_cong(&snapshot, 3, info, 16);
	assert_int_equal(snapshot.cong_kind, 3);
	assert_int_equal(snapshot.cong_info.vegas.enabled, 1);
	assert_int_equal(snapshot.cong_info.vegas.rttcnt, 2);
	assert_int_equal(snapshot.cong_info.vegas.rtt_us, 3);
	assert_int_equal(snapshot.cong_info.vegas.minrtt_us, 4);

	/* With octets more than are known. */
	get_cong(&snapshot, 16, info, 24);
	assert_int_equal(snapshot.cong_kind, 16);
	assert_true(snapshot.cong_info.bbr.bw == 0x200000001);
	assert_int_equal(snapshot.cong_info.bbr.min_rtt_us, 3);
	assert_int_equal(snapshot.cong_info.bbr.pacing_gain, 4);
	assert_int_equal(snapshot.cong_info.bbr.cwnd_gain, 5);

	/* With fewer: what is missing is 0. */
	get_cong(&snapshot, 16, info, 12);
	assert_int_equal(snapshot.cong_info.bbr.min_rtt_us, 3);
	assert_int_equal(snapshot.cong_info.bbr.pacing_gain, 0);
	get_cong(&snapshot, 9, dctcp, 1);
	assert_int_equal(snapshot.cong_info.dctcp.enabled, 1);
	assert_int_equal(snapshot.cong_info.dctcp.alpha, 0);

	/* A kind of the future, and one without octets. */
	get_cong(&snapshot, 99, info, 24);
	assert_int_equal(snapshot.cong_kind, 0);
	get_cong(&snapshot, 16, NULL, 0);
	assert_int_equal(snapshot.cong_kind, 0);
}

/* More numbers than are known, fewer, and one that is cut. */
static void test_meminfo(void **state)
{
	static const uint32_t numbers[12] = { 1, 2, 3, 4,  5,  6,
					      7, 8, 9, 10, 11, 12 };
	uint16_t len;

	(void)state;
	for (len = 0; len <= sizeof(numbers); len++) {
		struct nlbuild b = { .len = 0 };
		uint32_t nest = nlbuild_nest(&b, A_SNAPSHOT);
		struct snapshot snapshot;
		int ret;

		nlbuild_u32(&b, A_FLOW_ID, 3);
		nlbuild_u64(&b, A_TIME, 5);
		nlbuild_attr(&b, A_MEMINFO, numbers, len);
		nlbuild_end(&b, nest);
		ret = snapshot_get(&snapshot, (void *)b.octets);
		assert_int_equal(ret, len % 4 ? -EBADMSG : 0);
		if (ret)
			continue;
		assert_int_equal(snapshot.meminfo_len, len < 36 ? len / 4 : 9);
		assert_int_equal(snapshot.meminfo[8], len < 36 ? 0 : 9);
	}
}

/*
 * One octet more or less for each attribute that has but one length, and each
 * one missing.
 */
static void test_wrong(void **state)
{
	struct snapshot snapshot;
	struct nlbuild b, changed;
	uint32_t at;

	(void)state;
	build(&b, 104);
	for (at = 4; at < b.len; at += (b.octets[at] + 3) & ~3) {
		uint8_t type = b.octets[at + 2];
		const struct nlattr *nest = (void *)changed.octets;
		int step;

		for (step = -1; step <= 1; step += 2) {
			if (type == A_TCP_INFO || type == A_CONG_INFO)
				continue;
			changed = b;
			changed.octets[at] += step;
			if (snapshot_get(&snapshot, nest) != -EBADMSG)
				fail_msg("attribute %u %+d", type, step);
		}
		changed = b;
		changed.octets[at + 2] = 99;
		assert_int_equal(snapshot_get(&snapshot, nest),
				 type == A_FLOW_ID || type == A_TIME ?
					 -EBADMSG :
					 0);
	}
}

/*
 * Every prefix of a snapshot, its length set right, in memory that ends with
 * it: nothing is read behind, and what is cut within an attribute is refused.
 */
static void test_truncated(void **state)
{
	struct snapshot snapshot;
	struct nlbuild b;
	uint16_t len;

	(void)state;
	build(&b, 104);
	for (len = 4; len <= b.len; len++) {
		uint16_t *cut = test_malloc(len);
		uint32_t at = 4;
		uint32_t room;

		memcpy(cut, b.octets, len);
		cut[0] = len;
		/* The start of the attribute that is cut, if one is. */
		while (at < len && at + b.octets[at] <= len)
			at += (b.octets[at] + 3) & ~3;
		room = at < len ? len - at : 0;
		if ((snapshot_get(&snapshot, (void *)cut) == 0) !=
		    (room == 0 && len >= 32))
			fail_msg("length %u", len);
		test_free(cut);
	}
}

static void test_trigger_format(void **state)
{
	static const struct {
		uint32_t trigger;
		const char *text;
	} cases[] = {
		{ 0, "none" },
		{ 1, "interval" },
		{ 2, "state" },
		{ 4, "rto" },
		{ 8, "rtt" },
		{ 16, "cwnd" },
		{ 32, "end" },
		{ 33, "interval,end" },
		{ 64, "?" },
		{ UINT32_MAX, "interval,state,rto,rtt,cwnd,end,?" },
	};
	char buf[SNAPSHOT_TRIGGER_TEXT_MAX];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(snapshot_trigger_format(cases[i].trigger,
							    buf),
				    cases[i].text);
}

/* What has to be asked for otherwise, or comes unasked, is no answer. */
static void test_trigger_parse(void **state)
{
	static const char *const invalid[] = {
		"", "interval", "end", "state,", "rto,rto", "state,end", "rt",
	};
	uint32_t trigger = 99;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(invalid) / sizeof(invalid[0]); i++)
		assert_int_equal(snapshot_trigger_parse(&trigger, invalid[i]),
				 -EINVAL);
	assert_int_equal(trigger, 99);
	assert_int_equal(snapshot_trigger_parse(&trigger, "cwnd,state,rto,rtt"),
			 0);
	assert_int_equal(trigger, 30);
	assert_int_equal(snapshot_trigger_parse(&trigger, "RTT"), 0);
	assert_int_equal(trigger, 8);
	assert_int_equal(snapshot_trigger_parse(&trigger, "none"), 0);
	assert_int_equal(trigger, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_get),
		cmocka_unit_test(test_get_least),
		cmocka_unit_test(test_tcp_info),
		cmocka_unit_test(test_cong_info),
		cmocka_unit_test(test_meminfo),
		cmocka_unit_test(test_wrong),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_trigger_format),
		cmocka_unit_test(test_trigger_parse),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
