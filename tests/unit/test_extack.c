// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "extack.h"
#include "nlbuild.h"

/* Numbers of the kernel's uapi header. */
#define MSG 1 /* NLMSGERR_ATTR_MSG */
#define OFFS 2 /* NLMSGERR_ATTR_OFFS */
#define CAPPED 0x100 /* NLM_F_CAPPED */
#define TLVS 0x200 /* NLM_F_ACK_TLVS */

/* Begin an answer to a request of len octets. */
static void open_error(struct nlbuild *b, uint16_t flags, int error,
		       uint32_t len)
{
	struct nlmsghdr request = { .nlmsg_len = len, .nlmsg_type = 40 };

	nlbuild_open(b, NLMSG_ERROR, flags, 1);
	nlbuild_raw(b, &error, sizeof(error));
	nlbuild_raw(b, &request, sizeof(request));
}

static void test_plain(void **state)
{
	struct extack extack;
	struct nlbuild b;

	(void)state;
	open_error(&b, CAPPED, 0, 100);
	assert_int_equal(extack_parse(&extack, nlbuild_close(&b)), 0);
	assert_int_equal(extack.error, 0);
	assert_string_equal(extack.text, "");
	assert_false(extack.has_offset);

	open_error(&b, CAPPED, -EEXIST, 100);
	assert_int_equal(extack_parse(&extack, nlbuild_close(&b)), 0);
	assert_int_equal(extack.error, -EEXIST);
}

static void test_refusal(void **state)
{
	struct extack extack;
	struct nlbuild b;

	(void)state;
	open_error(&b, CAPPED | TLVS, -EEXIST, 100);
	nlbuild_attr(&b, MSG, "Flow is there", 14);
	nlbuild_u32(&b, OFFS, 124);
	assert_int_equal(extack_parse(&extack, nlbuild_close(&b)), 0);
	assert_int_equal(extack.error, -EEXIST);
	assert_string_equal(extack.text, "Flow is there");
	assert_true(extack.has_offset);
	assert_int_equal(extack.offset, 124);
}

/* Without NETLINK_CAP_ACK the request stands before the attributes. */
static void test_not_capped(void **state)
{
	static const uint8_t payload[23];
	struct extack extack;
	struct nlbuild b;

	(void)state;
	open_error(&b, TLVS, -EINVAL, 16 + sizeof(payload));
	nlbuild_raw(&b, payload, sizeof(payload));
	nlbuild_attr(&b, MSG, "no", 3);
	assert_int_equal(extack_parse(&extack, nlbuild_close(&b)), 0);
	assert_string_equal(extack.text, "no");
	assert_false(extack.has_offset);
}

static void test_warning(void **state)
{
	struct extack extack;
	struct nlbuild b;

	(void)state;
	open_error(&b, CAPPED | TLVS, 0, 100);
	nlbuild_attr(&b, MSG, "careful", 8);
	assert_int_equal(extack_parse(&extack, nlbuild_close(&b)), 0);
	assert_int_equal(extack.error, 0);
	assert_string_equal(extack.text, "careful");
}

static void test_done(void **state)
{
	struct extack extack;
	struct nlbuild b;
	int error = -ENOMEM;

	(void)state;
	nlbuild_open(&b, NLMSG_DONE, NLM_F_MULTI | TLVS, 1);
	nlbuild_raw(&b, &error, sizeof(error));
	nlbuild_attr(&b, MSG, "dump failed", 12);
	assert_int_equal(extack_parse(&extack, nlbuild_close(&b)), 0);
	assert_int_equal(extack.error, -ENOMEM);
	assert_string_equal(extack.text, "dump failed");
}

/* Attributes that newer kernels add, and a text without a NUL. */
static void test_odd(void **state)
{
	struct extack extack;
	struct nlbuild b;
	char text[1000];

	(void)state;
	memset(text, 'x', sizeof(text));
	open_error(&b, CAPPED | TLVS, -EINVAL, 100);
	nlbuild_u32(&b, 77, 1);
	nlbuild_attr(&b, MSG, "abc", 3);
	assert_int_equal(extack_parse(&extack, nlbuild_close(&b)), 0);
	assert_string_equal(extack.text, "abc");

	open_error(&b, CAPPED | TLVS, -EINVAL, 100);
	nlbuild_attr(&b, MSG, text, sizeof(text));
	assert_int_equal(extack_parse(&extack, nlbuild_close(&b)), 0);
	assert_int_equal(strlen(extack.text), EXTACK_TEXT_MAX - 1);
}

static void test_malformed(void **state)
{
	struct extack extack;
	struct nlbuild b;
	uint32_t len;

	(void)state;
	open_error(&b, CAPPED | TLVS, -EEXIST, 100);
	nlbuild_attr(&b, MSG, "Flow is there", 14);
	nlbuild_u32(&b, OFFS, 124);
	/* 36: no attribute; 56: the text alone, its padding included. */
	for (len = 16; len < b.len; len++) {
		struct nlbuild cut = { .len = len };

		if (len == 36 || (len >= 54 && len <= 56))
			continue;
		memcpy(cut.octets, b.octets, len);
		assert_int_equal(extack_parse(&extack, nlbuild_close(&cut)),
				 -EBADMSG);
	}

	open_error(&b, CAPPED, 1, 100);
	assert_int_equal(extack_parse(&extack, nlbuild_close(&b)), -EBADMSG);
	open_error(&b, CAPPED, INT_MIN, 100);
	assert_int_equal(extack_parse(&extack, nlbuild_close(&b)), -EBADMSG);
	open_error(&b, CAPPED, -4096, 100);
	assert_int_equal(extack_parse(&extack, nlbuild_close(&b)), -EBADMSG);
	open_error(&b, CAPPED, -4095, 100);
	assert_int_equal(extack_parse(&extack, nlbuild_close(&b)), 0);
	/* The repeated request is said to be longer than all of it. */
	open_error(&b, TLVS, -EINVAL, 0xfffffff0);
	assert_int_equal(extack_parse(&extack, nlbuild_close(&b)), -EBADMSG);
	open_error(&b, CAPPED | TLVS, -EINVAL, 100);
	nlbuild_u16(&b, OFFS, 124);
	assert_int_equal(extack_parse(&extack, nlbuild_close(&b)), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_refusal),
		cmocka_unit_test(test_not_capped),
		cmocka_unit_test(test_warning),
		cmocka_unit_test(test_done),
		cmocka_unit_test(test_odd),
		cmocka_unit_test(test_malformed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
