// SPDX-License-Identifier: GPL-2.0
/* The responses are the test vectors of RFC 5769, sections 2.2 and 2.3. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "stun.h"

#define UNTOUCHED 4711

static const uint8_t id[STUN_ID_LEN] = { 0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34,
					 0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae };

/* clang-format off */
static const uint8_t ipv4[] = {
	0x01, 0x01, 0x00, 0x3c, 0x21, 0x12, 0xa4, 0x42, 0xb7, 0xe7, 0xa7, 0x01,
	0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae, 0x80, 0x22, 0x00, 0x0b,
	0x74, 0x65, 0x73, 0x74, 0x20, 0x76, 0x65, 0x63, 0x74, 0x6f, 0x72, 0x20,
	0x00, 0x20, 0x00, 0x08, 0x00, 0x01, 0xa1, 0x47, 0xe1, 0x12, 0xa6, 0x43,
	0x00, 0x08, 0x00, 0x14, 0x2b, 0x91, 0xf5, 0x99, 0xfd, 0x9e, 0x90, 0xc3,
	0x8c, 0x74, 0x89, 0xf9, 0x2a, 0xf9, 0xba, 0x53, 0xf0, 0x6b, 0xe7, 0xd7,
	0x80, 0x28, 0x00, 0x04, 0xc0, 0x7d, 0x4c, 0x96,
};

static const uint8_t ipv6[] = {
	0x01, 0x01, 0x00, 0x48, 0x21, 0x12, 0xa4, 0x42, 0xb7, 0xe7, 0xa7, 0x01,
	0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae, 0x80, 0x22, 0x00, 0x0b,
	0x74, 0x65, 0x73, 0x74, 0x20, 0x76, 0x65, 0x63, 0x74, 0x6f, 0x72, 0x20,
	0x00, 0x20, 0x00, 0x14, 0x00, 0x02, 0xa1, 0x47, 0x01, 0x13, 0xa9, 0xfa,
	0xa5, 0xd3, 0xf1, 0x79, 0xbc, 0x25, 0xf4, 0xb5, 0xbe, 0xd2, 0xb9, 0xd9,
	0x00, 0x08, 0x00, 0x14, 0xa3, 0x82, 0x95, 0x4e, 0x4b, 0xe6, 0x7b, 0xf1,
	0x17, 0x84, 0xc9, 0x7c, 0x82, 0x92, 0xc2, 0x75, 0xbf, 0xe3, 0xed, 0x41,
	0x80, 0x28, 0x00, 0x04, 0xc8, 0xfb, 0x0b, 0x4c,
};
/* clang-format on */

static int read_it(const uint8_t *data, size_t len, char *text)
{
	struct addr addr = { .family = UNTOUCHED };
	uint16_t port = UNTOUCHED;
	int ret = stun_response(&addr, &port, data, len, id);

	if (ret) {
		assert_int_equal(addr.family, UNTOUCHED);
		assert_int_equal(port, UNTOUCHED);
		return ret;
	}
	addr_format(&addr, text);
	return port;
}

static void test_vectors(void **state)
{
	char text[ADDR_TEXT_MAX];

	(void)state;
	assert_int_equal(read_it(ipv4, sizeof(ipv4), text), 32853);
	assert_string_equal(text, "192.0.2.1");
	assert_int_equal(read_it(ipv6, sizeof(ipv6), text), 32853);
	assert_string_equal(text, "2001:db8:1234:5678:11:2233:4455:6677");
}

/* The first 20 octets of section 2.1, of a request without attributes. */
static void test_request(void **state)
{
	static const uint8_t header[] = { 0x00, 0x01, 0x00, 0x00,
					  0x21, 0x12, 0xa4, 0x42 };
	uint8_t buf[STUN_REQUEST_LEN];

	(void)state;
	stun_request(buf, id);
	assert_memory_equal(buf, header, sizeof(header));
	assert_memory_equal(buf + 8, id, sizeof(id));
}

/* Whatever bit is wrong, no other address comes of it than the right one. */
static void test_every_bit(void **state)
{
	char text[ADDR_TEXT_MAX];
	uint8_t data[sizeof(ipv6)];
	size_t bit, refused = 0;

	(void)state;
	for (bit = 0; bit < 8 * sizeof(ipv6); bit++) {
		int ret;

		memcpy(data, ipv6, sizeof(data));
		data[bit / 8] ^= 1 << bit % 8;
		ret = read_it(data, sizeof(data), text);
		if (ret < 0) {
			refused++;
			continue;
		}
		assert_int_equal(ret, 32853);
		assert_string_equal(text,
				    "2001:db8:1234:5678:11:2233:4455:6677");
	}
	/* All but those by which the fingerprint is none any more. */
	assert_in_range(8 * sizeof(ipv6) - refused, 0, 17);
}

static void test_cut(void **state)
{
	char text[ADDR_TEXT_MAX];
	uint8_t data[sizeof(ipv4)];
	size_t len;

	(void)state;
	for (len = 0; len < sizeof(ipv4); len++) {
		assert_int_equal(read_it(ipv4, len, text), -EBADMSG);
		/* With a length that says so. */
		memcpy(data, ipv4, sizeof(data));
		if (len < 20)
			continue;
		data[3] = len - 20;
		assert_true(read_it(data, len, text) < 0 || len >= 48);
	}
}

/* A response with these attributes; what is made of it. */
static int attributes(const char *octets, size_t n)
{
	uint8_t data[128] = { 0x01, 0x01, 0, 0, 0x21, 0x12, 0xa4, 0x42 };
	char text[ADDR_TEXT_MAX];

	data[3] = n;
	memcpy(data + 8, id, sizeof(id));
	memcpy(data + 20, octets, n);
	return read_it(data, 20 + n, text);
}

#define ADDRESS "\x00\x20\x00\x08\x00\x01\xa1\x47\xe1\x12\xa6\x43"

static void test_attributes(void **state)
{
	(void)state;
	assert_int_equal(attributes(ADDRESS, 12), 32853);
	assert_int_equal(attributes("", 0), -EPROTO);
	/* Optional and not known; known and of no use; to be understood. */
	assert_int_equal(attributes("\x80\x99\x00\x01x\0\0\0" ADDRESS, 20),
			 32853);
	assert_int_equal(attributes("\x00\x06\x00\x01x\0\0\0" ADDRESS, 20),
			 32853);
	assert_int_equal(attributes(ADDRESS "\x00\x99\x00\x00", 16), -EPROTO);
	/* Longer than the message. */
	assert_int_equal(attributes("\x80\x99\x00\x05x\0\0\0", 8), -EBADMSG);
	assert_int_equal(attributes(ADDRESS "\x80\x99\xff\xff", 16), -EBADMSG);
	/* Of no family, and too short for its family. */
	assert_int_equal(attributes("\x00\x20\x00\x08\x00\x03"
				    "123456",
				    12),
			 -EPROTO);
	assert_int_equal(attributes("\x00\x20\x00\x08\x00\x02"
				    "123456",
				    12),
			 -EPROTO);
	assert_int_equal(attributes("\x00\x20\x00\x02\x00\x01\0\0", 8),
			 -EPROTO);
}

static void test_kinds(void **state)
{
	char text[ADDR_TEXT_MAX];
	uint8_t data[20] = { 0x01, 0x11, 0, 0, 0x21, 0x12, 0xa4, 0x42 };

	(void)state;
	memcpy(data + 8, id, sizeof(id));
	assert_int_equal(read_it(data, sizeof(data), text), -EPROTO);
	data[0] = 0;
	data[1] = 1; /* our own request, sent back */
	assert_int_equal(read_it(data, sizeof(data), text), -EBADMSG);
	data[0] = 1;
	data[1] = 0x11;
	data[19] ^= 1; /* an error of somebody else's request */
	assert_int_equal(read_it(data, sizeof(data), text), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_request),
		cmocka_unit_test(test_every_bit),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_attributes),
		cmocka_unit_test(test_kinds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
