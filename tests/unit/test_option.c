// SPDX-License-Identifier: GPL-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <scitag/label.h>
#include <scitag/option.h>

/* Experiment 3, activity 14: octets as on the wire. */
static const struct scitag_option cms = {
	.layout = SCITAG_LAYOUT_IDS,
	.type = SCITAG_OPTION_TYPE,
	.experiment = 3,
	.activity = 14,
	.label = 0x30038,
};

/* Hop-by-Hop, then Destination Options, then TCP: 16 octets. */
static void test_both_headers(void **state)
{
	static const uint8_t want[16] = {
		0x3c, 0x00, 0x1e, 0x03, 0x00, 0x03, 0x0e, 0x00,
		0x06, 0x00, 0x1e, 0x03, 0x00, 0x03, 0x0e, 0x00,
	};
	uint8_t headers[2 * SCITAG_OPTION_HEADER_MAX];

	(void)state;
	assert_int_equal(scitag_option_header(headers, 60, &cms), 8);
	assert_int_equal(scitag_option_header(headers + 8, 6, &cms), 8);
	assert_memory_equal(headers, want, sizeof(want));
}

static void test_safe(void **state)
{
	static const uint8_t want[16] = {
		0x06, 0x01, 0x1e, 0x03, 0x00, 0x03, 0x0e, 0x3e,
		0x07, 0x00, 0x00, 0x00, 0x80, 0x00, 0x00, 0x00,
	};
	struct scitag_option safe = cms;
	uint8_t header[SCITAG_OPTION_HEADER_MAX];

	(void)state;
	safe.layout = SCITAG_LAYOUT_SAFE;
	assert_int_equal(scitag_option_header(header, 6, &safe), 16);
	assert_memory_equal(header, want, sizeof(want));
}

/* Layouts of older peers carry the label, with its entropy. */
static void test_label_layouts(void **state)
{
	static const uint8_t label[8] = {
		0x11, 0x00, 0x1e, 0x03, 0x07, 0x00, 0x39, 0x00,
	};
	static const uint8_t label4[8] = {
		0x11, 0x00, 0x1f, 0x04, 0x07, 0x00, 0x39, 0x00,
	};
	struct scitag_option opt = cms;
	uint8_t header[SCITAG_OPTION_HEADER_MAX];

	(void)state;
	opt.label = scitag_label_encode(3, 14, 0x40001);
	opt.layout = SCITAG_LAYOUT_LABEL;
	assert_int_equal(scitag_option_header(header, 17, &opt), 8);
	assert_memory_equal(header, label, sizeof(label));
	opt.layout = SCITAG_LAYOUT_LABEL4;
	opt.type = scitag_option_default_type(opt.layout);
	assert_int_equal(scitag_option_header(header, 17, &opt), 8);
	assert_memory_equal(header, label4, sizeof(label4));
}

static void test_label_fits(void **state)
{
	(void)state;
	assert_true(scitag_label_fits(0, 0));
	assert_true(scitag_label_fits(511, 63));
	assert_false(scitag_label_fits(512, 0));
	assert_false(scitag_label_fits(513, 1));
	assert_false(scitag_label_fits(0, 64));
	assert_false(scitag_label_fits(65535, 255));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_both_headers),
		cmocka_unit_test(test_safe),
		cmocka_unit_test(test_label_layouts),
		cmocka_unit_test(test_label_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
