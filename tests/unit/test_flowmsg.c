// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "flowmsg.h"
#include "nlbuild.h"

#include <netlink/genl/genl.h>
#include <netlink/msg.h>

static const uint8_t src[16] = { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 };
static const uint8_t dst[16] = { 0x20, 0x01, 0x0d, 0xb8, [15] = 2 };
static const uint8_t dport[2] = { 443 >> 8, 443 & 0xff };
static const uint8_t sport[2] = { 40000 >> 8, 40000 & 0xff };

static struct flow_spec spec_ipv6(void)
{
	struct flow_spec spec = {
		.key = {
			.src.family = AF_INET6,
			.dst.family = AF_INET6,
			.sport = 40000,
			.dport = 443,
			.protocol = 6,
		},
		.experiment = 3,
		.activity = 14,
		.mark = 5,
		.layout = FLOW_LAYOUT_DEFAULT,
		.option_type = FLOW_OPTION_TYPE_DEFAULT,
	};

	memcpy(spec.key.src.octets, src, 16);
	memcpy(spec.key.dst.octets, dst, 16);
	return spec;
}

/* The octets of a request are those that the spec says. Little endian host. */
static void test_put_spec(void **state)
{
	struct flow_spec spec = spec_ipv6();
	struct nlbuild want = { .len = 0 };
	struct nl_msg *msg = nlmsg_alloc_size(16 + FLOWMSG_SIZE);
	uint32_t nest;

	(void)state;
	spec.layout = 0;
	spec.option_type = 0x1e;
	nest = nlbuild_nest(&want, 1);
	nlbuild_u8(&want, 2, 6);
	nlbuild_attr(&want, 3, src, 16);
	nlbuild_attr(&want, 4, dst, 16);
	nlbuild_attr(&want, 5, sport, 2);
	nlbuild_attr(&want, 6, dport, 2);
	nlbuild_u16(&want, 7, 3);
	nlbuild_u8(&want, 8, 14);
	nlbuild_u32(&want, 9, 5);
	nlbuild_u8(&want, 10, 0);
	nlbuild_u8(&want, 11, 0x1e);
	nlbuild_end(&want, nest);

	assert_int_equal(flowmsg_put_spec(msg, &spec), 0);
	assert_int_equal(nlmsg_hdr(msg)->nlmsg_len, 16 + want.len);
	assert_memory_equal(nlmsg_data(nlmsg_hdr(msg)), want.octets, want.len);
	assert_in_range(want.len, 1, FLOWMSG_SIZE);
	nlmsg_free(msg);
}

/* Entropy, timeouts, snapshots ..., where they are not the default. */
static void test_put_rest(void **state)
{
	struct flow_spec spec = spec_ipv6();
	struct nlbuild want = { .len = 0 };
	struct nl_msg *msg = nlmsg_alloc_size(16 + FLOWMSG_SIZE);
	uint32_t nest;

	(void)state;
	spec.layout = 3;
	spec.option_type = 0x1f;
	spec.entropy = 2;
	spec.oversize = 1;
	spec.idle_timeout = 60;
	spec.hard_timeout = 86400;
	spec.snapshot_interval = 86400000;
	spec.snapshot_on = 2 | 16;
	spec.snapshot_factor = 110;
	spec.end_on_close = true;
	nest = nlbuild_nest(&want, 1);
	nlbuild_u8(&want, 2, 6);
	nlbuild_attr(&want, 3, src, 16);
	nlbuild_attr(&want, 4, dst, 16);
	nlbuild_attr(&want, 5, sport, 2);
	nlbuild_attr(&want, 6, dport, 2);
	nlbuild_u16(&want, 7, 3);
	nlbuild_u8(&want, 8, 14);
	nlbuild_u32(&want, 9, 5);
	nlbuild_u8(&want, 10, 3);
	nlbuild_u8(&want, 11, 0x1f);
	nlbuild_u8(&want, 18, 2);
	nlbuild_u8(&want, 19, 1);
	nlbuild_u32(&want, 20, 60);
	nlbuild_u32(&want, 21, 86400);
	nlbuild_u32(&want, 26, 86400000);
	nlbuild_u32(&want, 27, 18);
	nlbuild_u32(&want, 28, 110);
	nlbuild_u8(&want, 22, 1);
	nlbuild_end(&want, nest);

	assert_int_equal(flowmsg_put_spec(msg, &spec), 0);
	assert_int_equal(nlmsg_hdr(msg)->nlmsg_len, 16 + want.len);
	assert_memory_equal(nlmsg_data(nlmsg_hdr(msg)), want.octets, want.len);
	assert_in_range(want.len, 1, FLOWMSG_SIZE);
	nlmsg_free(msg);
}

/* What a rule says has no key; its flows age by the module's time or theirs. */
static void test_template(void **state)
{
	struct flow_spec spec = { .mark = 7, .layout = -1, .option_type = -1 };
	struct nlbuild want = { .len = 0 };
	struct nl_msg *msg = nlmsg_alloc_size(16 + FLOWMSG_SIZE);
	struct flow_spec got;
	uint32_t nest;

	(void)state;
	spec.experiment = 3;
	spec.activity = 14;
	spec.idle_timeout = 60;
	spec.snapshot_interval = 10;
	spec.end_on_close = true;
	nest = nlbuild_nest(&want, 21);
	nlbuild_u16(&want, 7, 3);
	nlbuild_u8(&want, 8, 14);
	nlbuild_u32(&want, 9, 7);
	nlbuild_u32(&want, 20, 60);
	nlbuild_u32(&want, 26, 10);
	nlbuild_end(&want, nest);
	assert_int_equal(flowmsg_put_template(msg, 21, &spec), 0);
	assert_int_equal(nlmsg_hdr(msg)->nlmsg_len, 16 + want.len);
	assert_memory_equal(nlmsg_data(nlmsg_hdr(msg)), want.octets, want.len);
	assert_int_equal(flowmsg_get_template(&got, (void *)want.octets), 0);
	assert_int_equal(got.experiment, 3);
	assert_int_equal(got.activity, 14);
	assert_int_equal(got.mark, 7);
	assert_int_equal(got.idle_timeout, 60);
	assert_int_equal(got.snapshot_interval, 10);
	assert_int_equal(got.snapshot_on, 0);

	/* 0, none at all, and without the activity. */
	want.octets[32] = 0;
	assert_int_equal(flowmsg_get_template(&got, (void *)want.octets), 0);
	assert_int_equal(got.idle_timeout, FLOW_TIMEOUT_DEFAULT);
	want.len -= 16;
	nlbuild_end(&want, 0);
	assert_int_equal(flowmsg_get_template(&got, (void *)want.octets), 0);
	assert_int_equal(got.idle_timeout, FLOW_TIMEOUT_DEFAULT);
	want.octets[14] = 99;
	assert_int_equal(flowmsg_get_template(&got, (void *)want.octets),
			 -EBADMSG);
	nlmsg_free(msg);
}

/* IPv4 in four octets; defaults are left to the kernel. */
static void test_put_ipv4(void **state)
{
	static const uint8_t a[4] = { 192, 0, 2, 1 }, b[4] = { 192, 0, 2, 2 };
	struct flow_spec spec = spec_ipv6();
	struct nlbuild want = { .len = 0 };
	struct nl_msg *msg = nlmsg_alloc_size(16 + FLOWMSG_SIZE);
	uint32_t nest;

	(void)state;
	assert_int_equal(addr_parse(&spec.key.src, "192.0.2.1"), 0);
	assert_int_equal(addr_parse(&spec.key.dst, "192.0.2.2"), 0);
	spec.key.protocol = 17;
	nest = nlbuild_nest(&want, 1);
	nlbuild_u8(&want, 2, 17);
	nlbuild_attr(&want, 3, a, 4);
	nlbuild_attr(&want, 4, b, 4);
	nlbuild_attr(&want, 5, sport, 2);
	nlbuild_attr(&want, 6, dport, 2);
	nlbuild_u16(&want, 7, 3);
	nlbuild_u8(&want, 8, 14);
	nlbuild_u32(&want, 9, 5);
	nlbuild_end(&want, nest);

	assert_int_equal(flowmsg_put_spec(msg, &spec), 0);
	assert_int_equal(nlmsg_hdr(msg)->nlmsg_len, 16 + want.len);
	assert_memory_equal(nlmsg_data(nlmsg_hdr(msg)), want.octets, want.len);
	nlmsg_free(msg);
}

static void test_put_names(void **state)
{
	struct flow_spec spec = spec_ipv6();
	struct nlbuild want = { .len = 0 };
	struct nl_msg *msg = nlmsg_alloc_size(16 + 2 * FLOWMSG_SIZE);
	uint32_t nest;

	(void)state;
	nest = nlbuild_nest(&want, 1);
	nlbuild_u8(&want, 2, 6);
	nlbuild_attr(&want, 3, src, 16);
	nlbuild_attr(&want, 4, dst, 16);
	nlbuild_attr(&want, 5, sport, 2);
	nlbuild_attr(&want, 6, dport, 2);
	nlbuild_end(&want, nest);
	nest = nlbuild_nest(&want, 1);
	nlbuild_u32(&want, 1, 4711);
	nlbuild_end(&want, nest);

	assert_int_equal(flowmsg_put_key(msg, &spec.key), 0);
	assert_int_equal(flowmsg_put_id(msg, 4711), 0);
	assert_int_equal(nlmsg_hdr(msg)->nlmsg_len, 16 + want.len);
	assert_memory_equal(nlmsg_data(nlmsg_hdr(msg)), want.octets, want.len);
	nlmsg_free(msg);
}

static void test_put_no_room(void **state)
{
	struct flow_spec spec = spec_ipv6();
	size_t room;

	(void)state;
	for (room = 16; room < 16 + 92; room += 4) {
		struct nl_msg *msg = nlmsg_alloc_size(room);

		assert_non_null(msg);
		assert_int_equal(flowmsg_put_spec(msg, &spec), -EMSGSIZE);
		nlmsg_free(msg);
	}
}

/* A flow as the kernel sends it, with all there is, into b at 0. */
static void build_state(struct nlbuild *b, size_t tcp_info_len)
{
	uint8_t tcp_info[1024];
	uint32_t nest;
	size_t i;

	for (i = 0; i < sizeof(tcp_info); i++)
		tcp_info[i] = i % 251 + 1;
	b->len = 0;
	nest = nlbuild_nest(b, 1);
	nlbuild_u32(b, 1, 4711);
	nlbuild_u8(b, 2, 6);
	nlbuild_attr(b, 3, src, 16);
	nlbuild_attr(b, 4, dst, 16);
	nlbuild_attr(b, 5, sport, 2);
	nlbuild_attr(b, 6, dport, 2);
	nlbuild_u16(b, 7, 3);
	nlbuild_u8(b, 8, 14);
	nlbuild_u32(b, 9, 7);
	nlbuild_u8(b, 10, 3);
	nlbuild_u8(b, 11, 0x1e);
	nlbuild_u32(b, 12, 0x70039);
	nlbuild_attr(b, 17, NULL, 0);
	nlbuild_u64(b, 13, 0x1122334455667788);
	nlbuild_u64(b, 14, UINT64_MAX);
	nlbuild_u64(b, 15, 1);
	nlbuild_u8(b, 18, 1);
	nlbuild_u8(b, 19, 2);
	nlbuild_u32(b, 20, 61);
	nlbuild_u32(b, 21, 3601);
	nlbuild_u8(b, 22, 1);
	nlbuild_u32(b, 23, 9);
	nlbuild_u64(b, 24, 1ull << 33);
	nlbuild_u64(b, 25, 1ull << 34);
	nlbuild_u32(b, 26, 1000);
	nlbuild_u32(b, 27, 30);
	nlbuild_u32(b, 28, 150);
	if (tcp_info_len)
		nlbuild_attr(b, 16, tcp_info, tcp_info_len);
	nlbuild_end(b, nest);
}

static void test_get(void **state)
{
	struct flow_state flow;
	struct nlbuild b;

	(void)state;
	build_state(&b, 0);
	assert_int_equal(flowmsg_get_state(&flow, (void *)b.octets), 0);
	assert_int_equal(flow.id, 4711);
	assert_int_equal(flow.spec.key.protocol, 6);
	assert_int_equal(flow.spec.key.src.family, AF_INET6);
	assert_memory_equal(flow.spec.key.src.octets, src, 16);
	assert_memory_equal(flow.spec.key.dst.octets, dst, 16);
	assert_int_equal(flow.spec.key.sport, 40000);
	assert_int_equal(flow.spec.key.dport, 443);
	assert_int_equal(flow.spec.experiment, 3);
	assert_int_equal(flow.spec.activity, 14);
	assert_int_equal(flow.spec.mark, 7);
	assert_int_equal(flow.spec.layout, SCITAG_LAYOUT_SAFE);
	assert_int_equal(flow.spec.option_type, 0x1e);
	assert_int_equal(flow.label, 0x70039);
	assert_true(flow.packets == 0x1122334455667788);
	assert_int_equal(flow.spec.entropy, SCITAG_ENTROPY_NONE);
	assert_int_equal(flow.spec.oversize, SCITAG_OVERSIZE_EMSGSIZE);
	assert_int_equal(flow.spec.idle_timeout, 61);
	assert_int_equal(flow.spec.hard_timeout, 3601);
	assert_true(flow.spec.end_on_close);
	assert_int_equal(flow.rule, 9);
	assert_true(flow.age_ms == 1ull << 33);
	assert_true(flow.idle_ms == 1ull << 34);
	assert_int_equal(flow.spec.snapshot_interval, 1000);
	assert_int_equal(flow.spec.snapshot_on, 2 | 4 | 8 | 16);
	assert_int_equal(flow.spec.snapshot_factor, 150);
	assert_true(flow.bytes == UINT64_MAX);
	assert_int_equal(flow.marked, 1);
	assert_false(flow.has_tcp_info);
}

/* tcp_info of older kernels is shorter, of newer ones longer than ours. */
static void test_get_tcp_info(void **state)
{
	static const size_t lens[] = { 1, 104, 232, 248, 280, 1024 };
	struct flow_state flow;
	struct nlbuild b;
	size_t i, j;

	(void)state;
	for (i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		const uint8_t *octets = (void *)&flow.tcp_info;

		build_state(&b, lens[i]);
		memset(&flow, 0xff, sizeof(flow));
		assert_int_equal(flowmsg_get_state(&flow, (void *)b.octets), 0);
		assert_true(flow.has_tcp_info);
		assert_in_range(flow.tcp_info_len, 1, sizeof(flow.tcp_info));
		assert_true(flow.tcp_info_len == lens[i] ||
			    flow.tcp_info_len == sizeof(flow.tcp_info));
		for (j = 0; j < sizeof(flow.tcp_info); j++)
			assert_int_equal(octets[j],
					 j < lens[i] ? j % 251 + 1 : 0);
	}
}

static void test_get_ipv4(void **state)
{
	static const uint8_t a[4] = { 192, 0, 2, 1 }, c[4] = { 192, 0, 2, 2 };
	struct nlbuild b = { .len = 0 };
	struct flow_state flow;
	uint32_t nest;

	(void)state;
	nest = nlbuild_nest(&b, 1);
	nlbuild_u32(&b, 1, 1);
	nlbuild_u8(&b, 2, 17);
	nlbuild_attr(&b, 3, a, 4);
	nlbuild_attr(&b, 4, c, 4);
	nlbuild_attr(&b, 5, sport, 2);
	nlbuild_attr(&b, 6, dport, 2);
	nlbuild_u16(&b, 7, 3);
	nlbuild_u8(&b, 8, 14);
	nlbuild_end(&b, nest);
	memset(&flow, 0xff, sizeof(flow));
	assert_int_equal(flowmsg_get_state(&flow, (void *)b.octets), 0);
	assert_int_equal(flow.spec.key.src.family, AF_INET);
	assert_memory_equal(flow.spec.key.src.octets, a, 4);
	assert_int_equal(flow.spec.key.src.octets[4], 0);
	/* What was not sent has its default. */
	assert_int_equal(flow.spec.entropy, SCITAG_ENTROPY_CONSTANT);
	assert_int_equal(flow.spec.oversize, SCITAG_OVERSIZE_SKIP);
	assert_int_equal(flow.spec.idle_timeout, 0);
	assert_int_equal(flow.spec.hard_timeout, 0);
	assert_false(flow.spec.end_on_close);
	assert_int_equal(flow.spec.snapshot_interval, 0);
	assert_int_equal(flow.spec.snapshot_on, 0);
	assert_int_equal(flow.spec.snapshot_factor, 0);
	assert_int_equal(flow.rule, 0);
	assert_int_equal(flow.spec.mark, 0);
	assert_int_equal(flow.spec.layout, FLOW_LAYOUT_DEFAULT);
	assert_int_equal(flow.spec.option_type, FLOW_OPTION_TYPE_DEFAULT);
	assert_int_equal(flow.label, 0);
	assert_true(flow.packets == 0);
}

/*
 * Every prefix of a nest, with its length set right, is refused as long as
 * one of the attributes is cut or one that every flow has is missing. The
 * memory ends with the prefix, so that a sanitizer sees what is read behind.
 */
static void test_get_truncated(void **state)
{
	/*
	 * Where an attribute ends with or without its padding, from the last
	 * of the required ones on: activity, mark, layout, option type, label,
	 * pad, three counters, entropy, oversize, two timeouts, end on close,
	 * rule, age, idle, three of snapshots.
	 */
	static const struct {
		uint16_t from, to;
	} whole[] = {
		{ 89, 92 },   { 100, 100 }, { 105, 108 }, { 113, 116 },
		{ 124, 124 }, { 128, 128 }, { 140, 140 }, { 152, 152 },
		{ 164, 164 }, { 169, 172 }, { 177, 180 }, { 188, 188 },
		{ 196, 196 }, { 201, 204 }, { 212, 212 }, { 224, 224 },
		{ 236, 236 }, { 244, 244 }, { 252, 252 }, { 260, 260 },
	};
	struct flow_state flow;
	struct nlbuild b;
	uint16_t len;

	(void)state;
	build_state(&b, 0);
	assert_int_equal(b.len, 260);
	for (len = 4; len <= b.len; len++) {
		uint16_t *cut = test_malloc(len);
		int want = -EBADMSG;
		size_t i;

		memcpy(cut, b.octets, len);
		cut[0] = len;
		for (i = 0; i < sizeof(whole) / sizeof(whole[0]); i++)
			if (len >= whole[i].from && len <= whole[i].to)
				want = 0;
		if (flowmsg_get_state(&flow, (void *)cut) != want)
			fail_msg("length %u", len);
		test_free(cut);
	}
}

/* The wrong length for each attribute, one after the other. */
static void test_get_wrong_length(void **state)
{
	struct flow_state flow;
	struct nlbuild b, changed;
	uint32_t at, type;

	(void)state;
	build_state(&b, 0);
	for (at = 4; at < b.len; at += (b.octets[at] + 3) & ~3) {
		type = b.octets[at + 2];
		if (type == 17)
			continue;
		/* One octet less: takes it away from the padded length, too. */
		changed = b;
		changed.octets[at]--;
		if (flowmsg_get_state(&flow, (void *)changed.octets) !=
		    -EBADMSG)
			fail_msg("attribute %u one octet shorter", type);
		changed = b;
		changed.octets[at]++;
		if (flowmsg_get_state(&flow, (void *)changed.octets) !=
		    -EBADMSG)
			fail_msg("attribute %u one octet longer", type);
	}
}

/* Each of the first eight has to be there. */
static void test_get_missing(void **state)
{
	struct flow_state flow;
	struct nlbuild b;
	uint32_t at, type;

	(void)state;
	build_state(&b, 0);
	for (at = 4; at < b.len; at += (b.octets[at] + 3) & ~3) {
		type = b.octets[at + 2];
		b.octets[at + 2] = 99; /* not known: left out */
		assert_int_equal(flowmsg_get_state(&flow, (void *)b.octets),
				 type <= 8 ? -EBADMSG : 0);
		b.octets[at + 2] = type;
	}
}

/* Rules are counted in the same way. */
static void test_index_rules(void **state)
{
	struct flow_spec spec = spec_ipv6();
	struct nl_msg *msg = nlmsg_alloc_size(1000);
	uint32_t second;

	(void)state;
	assert_non_null(genlmsg_put(msg, 0, 0, 40, 0, 0, 1, 1));
	assert_int_equal(flowmsg_put_template(msg, 7, &spec), 0);
	second = nlmsg_hdr(msg)->nlmsg_len;
	assert_int_equal(flowmsg_put_template(msg, 7, &spec), 0);
	assert_int_equal(flowmsg_index(nlmsg_hdr(msg), second - 1), 0);
	assert_int_equal(flowmsg_index(nlmsg_hdr(msg), second + 8), 1);
	assert_int_equal(flowmsg_index(nlmsg_hdr(msg), 0), 2);
	nlmsg_free(msg);
}

/* Offsets in a request of three flows, and outside of them. */
static void test_index(void **state)
{
	struct flow_spec spec = spec_ipv6();
	struct nl_msg *msg = nlmsg_alloc_size(1000);
	uint32_t start[4];
	int i;

	(void)state;
	assert_non_null(genlmsg_put(msg, 0, 0, 40, 0, 0, 1, 1));
	for (i = 0; i < 3; i++) {
		start[i] = nlmsg_hdr(msg)->nlmsg_len;
		assert_int_equal(flowmsg_put_spec(msg, &spec), 0);
	}
	start[3] = nlmsg_hdr(msg)->nlmsg_len;
	assert_int_equal(start[0], 20);
	for (i = 0; i < 3; i++) {
		const struct nlmsghdr *nlh = nlmsg_hdr(msg);

		assert_int_equal(flowmsg_index(nlh, start[i]), i);
		assert_int_equal(flowmsg_index(nlh, start[i] + 4), i);
		assert_int_equal(flowmsg_index(nlh, start[i + 1] - 1), i);
	}
	assert_int_equal(flowmsg_index(nlmsg_hdr(msg), 0), 3);
	assert_int_equal(flowmsg_index(nlmsg_hdr(msg), 19), 3);
	assert_int_equal(flowmsg_index(nlmsg_hdr(msg), start[3]), 3);
	assert_int_equal(flowmsg_index(nlmsg_hdr(msg), UINT32_MAX), 3);
	nlmsg_free(msg);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_put_spec),
		cmocka_unit_test(test_put_rest),
		cmocka_unit_test(test_template),
		cmocka_unit_test(test_put_ipv4),
		cmocka_unit_test(test_put_names),
		cmocka_unit_test(test_put_no_room),
		cmocka_unit_test(test_get),
		cmocka_unit_test(test_get_tcp_info),
		cmocka_unit_test(test_get_ipv4),
		cmocka_unit_test(test_get_truncated),
		cmocka_unit_test(test_get_wrong_length),
		cmocka_unit_test(test_get_missing),
		cmocka_unit_test(test_index),
		cmocka_unit_test(test_index_rules),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
