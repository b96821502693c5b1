// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "nlbuild.h"
#include "rulemsg.h"

#include <netlink/msg.h>

static const uint8_t net[16] = { 0x20, 0x01, 0x0d, 0xb8 };
static const uint8_t net4[4] = { 192, 0, 2, 0 };

/* A rule with all conditions there are, as the attributes 3 to 19 and 21. */
static struct rule_spec full_spec(void)
{
	struct rule_spec spec = {
		.priority = 10,
		.protocol = 6,
		.src = { { AF_INET, { 192, 0, 2 } }, 24 },
		.dst = { { AF_INET6, { 0x20, 0x01, 0x0d, 0xb8 } }, 32 },
		.sport = { 1094, 1094 },
		.dport = { 1, 65535 },
		.port = { 5201, 5210 },
		.has_uid = true,
		.uid_min = 0,
		.uid_max = 999,
		.has_fwmark = true,
		.fwmark = 0x10,
		.fwmask = 0xff,
		.cgroup = "/system.slice",
		.oif = "eth0",
		.flow = {
			.experiment = 3,
			.activity = 14,
			.mark = 5,
			.layout = FLOW_LAYOUT_DEFAULT,
			.option_type = FLOW_OPTION_TYPE_DEFAULT,
			.idle_timeout = FLOW_TIMEOUT_DEFAULT,
		},
	};

	return spec;
}

static void build_conditions(struct nlbuild *b)
{
	nlbuild_u8(b, 3, 6);
	nlbuild_attr(b, 4, net4, 4);
	nlbuild_u8(b, 5, 24);
	nlbuild_attr(b, 6, net, 16);
	nlbuild_u8(b, 7, 32);
	nlbuild_u16(b, 8, 1094);
	nlbuild_u16(b, 9, 1094);
	nlbuild_u16(b, 10, 1);
	nlbuild_u16(b, 11, 65535);
	nlbuild_u16(b, 12, 5201);
	nlbuild_u16(b, 13, 5210);
	nlbuild_u32(b, 14, 0);
	nlbuild_u32(b, 15, 999);
	nlbuild_attr(b, 16, "/system.slice", 14);
	nlbuild_u32(b, 17, 0x10);
	nlbuild_u32(b, 18, 0xff);
	nlbuild_attr(b, 19, "eth0", 5);
	nlbuild_u32(b, 2, 10);
}

static void build_flow(struct nlbuild *b)
{
	uint32_t nest = nlbuild_nest(b, 21);

	nlbuild_u16(b, 7, 3);
	nlbuild_u8(b, 8, 14);
	nlbuild_u32(b, 9, 5);
	nlbuild_end(b, nest);
}

/* As the kernel sends it, with id and flows. */
static void build_state(struct nlbuild *b)
{
	uint16_t len;

	b->len = 0;
	nlbuild_nest(b, 7);
	nlbuild_u32(b, 1, 17);
	build_conditions(b);
	nlbuild_attr(b, 23, NULL, 0);
	nlbuild_u64(b, 22, 1ull << 40);
	build_flow(b);
	len = b->len;
	memcpy(b->octets, &len, sizeof(len));
}

static void check_put(const struct rule_spec *spec, const struct nlbuild *want)
{
	struct nl_msg *msg = nlmsg_alloc_size(16 + RULEMSG_SIZE);

	assert_int_equal(rulemsg_put(msg, spec), 0);
	assert_int_equal(nlmsg_hdr(msg)->nlmsg_len, 16 + want->len);
	assert_memory_equal(nlmsg_data(nlmsg_hdr(msg)), want->octets,
			    want->len);
	nlmsg_free(msg);
}

static void test_put(void **state)
{
	struct rule_spec spec = full_spec();
	struct nlbuild want = { .len = 0 };
	uint32_t nest = nlbuild_nest(&want, 7);

	(void)state;
	build_conditions(&want);
	build_flow(&want);
	nlbuild_end(&want, nest);
	check_put(&spec, &want);
}

/* Everything that leaves; nothing that does. */
static void test_put_least(void **state)
{
	struct rule_spec spec = { .flow = full_spec().flow };
	struct nlbuild want = { .len = 0 };
	uint32_t nest = nlbuild_nest(&want, 7);

	(void)state;
	build_flow(&want);
	nlbuild_end(&want, nest);
	check_put(&spec, &want);

	want.len = 0;
	nest = nlbuild_nest(&want, 7);
	nlbuild_attr(&want, 20, NULL, 0);
	nlbuild_end(&want, nest);
	spec.exclude = true;
	check_put(&spec, &want);
}

/* The longest there can be has room; with less there is none. */
static void test_put_room(void **state)
{
	struct rule_spec spec = full_spec();
	struct nl_msg *msg = nlmsg_alloc_size(16 + RULEMSG_SIZE);
	size_t room, len;

	(void)state;
	memset(spec.cgroup, 'c', sizeof(spec.cgroup) - 1);
	memset(spec.oif, 'i', sizeof(spec.oif) - 1);
	spec.src = spec.dst;
	spec.flow.layout = 3;
	spec.flow.option_type = 0x1e;
	spec.flow.entropy = 1;
	spec.flow.oversize = 1;
	spec.flow.idle_timeout = 1;
	spec.flow.hard_timeout = 1;
	assert_int_equal(rulemsg_put(msg, &spec), 0);
	len = nlmsg_hdr(msg)->nlmsg_len;
	nlmsg_free(msg);
	for (room = 16; room < len; room += 4) {
		msg = nlmsg_alloc_size(room);
		assert_int_equal(rulemsg_put(msg, &spec), -EMSGSIZE);
		nlmsg_free(msg);
	}
}

static void test_get(void **state)
{
	struct rule_spec spec = full_spec();
	struct rule_state rule;
	struct nlbuild b;

	(void)state;
	build_state(&b);
	assert_int_equal(rulemsg_get(&rule, (void *)b.octets), 0);
	assert_int_equal(rule.id, 17);
	assert_true(rule.flows == 1ull << 40);
	assert_int_equal(rule.spec.priority, 10);
	assert_int_equal(rule.spec.protocol, 6);
	assert_memory_equal(&rule.spec.src, &spec.src, sizeof(spec.src));
	assert_memory_equal(&rule.spec.dst, &spec.dst, sizeof(spec.dst));
	assert_memory_equal(&rule.spec.sport, &spec.sport, 4);
	assert_memory_equal(&rule.spec.dport, &spec.dport, 4);
	assert_memory_equal(&rule.spec.port, &spec.port, 4);
	assert_true(rule.spec.has_uid);
	assert_int_equal(rule.spec.uid_min, 0);
	assert_int_equal(rule.spec.uid_max, 999);
	assert_true(rule.spec.has_fwmark);
	assert_int_equal(rule.spec.fwmark, 0x10);
	assert_int_equal(rule.spec.fwmask, 0xff);
	assert_string_equal(rule.spec.cgroup, "/system.slice");
	assert_string_equal(rule.spec.oif, "eth0");
	assert_false(rule.spec.exclude);
	assert_int_equal(rule.spec.flow.experiment, 3);
	assert_int_equal(rule.spec.flow.mark, 5);
	assert_int_equal(rule.spec.flow.idle_timeout, FLOW_TIMEOUT_DEFAULT);
}

/* What is not sent has its default: whole addresses, one port, all bits. */
static void test_get_defaults(void **state)
{
	struct nlbuild b = { .len = 0 };
	struct rule_state rule;
	uint32_t nest;

	(void)state;
	nest = nlbuild_nest(&b, 7);
	nlbuild_u32(&b, 1, 1);
	nlbuild_attr(&b, 4, net4, 4);
	nlbuild_attr(&b, 6, net, 16);
	nlbuild_u16(&b, 12, 443);
	nlbuild_u32(&b, 14, 1000);
	nlbuild_u32(&b, 17, 7);
	nlbuild_attr(&b, 20, NULL, 0);
	nlbuild_end(&b, nest);
	assert_int_equal(rulemsg_get(&rule, (void *)b.octets), 0);
	assert_true(rule.spec.exclude);
	assert_int_equal(rule.spec.src.len, 32);
	assert_int_equal(rule.spec.dst.len, 128);
	assert_int_equal(rule.spec.port.max, 443);
	assert_int_equal(rule.spec.uid_max, 1000);
	assert_int_equal(rule.spec.fwmask, 0xffffffff);
	assert_int_equal(rule.spec.sport.max, 0);
}

/* Cut anywhere, it is refused or ends where an attribute does. */
static void test_get_truncated(void **state)
{
	struct rule_state rule;
	struct nlbuild b;
	uint16_t len, n_ok = 0;

	(void)state;
	build_state(&b);
	for (len = 4; len < b.len; len++) {
		uint8_t *cut = test_malloc(len);

		memcpy(cut, b.octets, len);
		memcpy(cut, &len, sizeof(len));
		n_ok += rulemsg_get(&rule, (void *)cut) == 0;
		test_free(cut);
	}
	/* The flow comes last, and without it there is no rule. */
	assert_int_equal(n_ok, 0);
}

/* The wrong length for each attribute but the pad, one after the other. */
static void test_get_wrong_length(void **state)
{
	struct rule_state rule;
	struct nlbuild b, changed;
	uint32_t at, type;

	(void)state;
	build_state(&b);
	for (at = 4; at < b.len; at += (b.octets[at] + 3) & ~3) {
		type = b.octets[at + 2];
		if (type == 23)
			continue;
		changed = b;
		changed.octets[at]--;
		if (rulemsg_get(&rule, (void *)changed.octets) != -EBADMSG)
			fail_msg("attribute %u one octet shorter", type);
	}
}

static void test_get_bad_values(void **state)
{
	struct rule_state rule;
	struct nlbuild b;
	uint32_t at;

	(void)state;
	build_state(&b);
	for (at = 4; at < b.len; at += (b.octets[at] + 3) & ~3) {
		struct nlbuild changed = b;
		uint8_t type = b.octets[at + 2];

		/* Longer than the address; a rule without id or flow. */
		if (type == 5)
			changed.octets[at + 4] = 33;
		else if (type == 7)
			changed.octets[at + 4] = 129;
		else if (type == 1 || type == 21)
			changed.octets[at + 2] = 99;
		else
			continue;
		assert_int_equal(rulemsg_get(&rule, (void *)changed.octets),
				 -EBADMSG);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_put),
		cmocka_unit_test(test_put_least),
		cmocka_unit_test(test_put_room),
		cmocka_unit_test(test_get),
		cmocka_unit_test(test_get_defaults),
		cmocka_unit_test(test_get_truncated),
		cmocka_unit_test(test_get_wrong_length),
		cmocka_unit_test(test_get_bad_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
