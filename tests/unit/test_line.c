// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "line.h"

/* A flow as the good lines below name it. */
#define FLOW "tcp 2001:db8::1 1094 2001:db8::2 40000"

static int parse(struct firefly *f, const char *line, size_t len, char *error)
{
	char *copy = malloc(len ? len : 1);
	int ret;

	/* A copy of its own, so that a sanitizer sees a step too far. */
	assert_non_null(copy);
	memcpy(copy, line, len);
	error[0] = '\0';
	ret = line_parse(f, copy, len, error);
	free(copy);
	return ret;
}

static void check_flow(const struct firefly *f, enum firefly_state state)
{
	char text[ADDR_TEXT_MAX];

	assert_int_equal(f->state, state);
	assert_int_equal(f->key.protocol, IPPROTO_TCP);
	assert_string_equal(addr_format(&f->key.src, text), "2001:db8::1");
	assert_string_equal(addr_format(&f->key.dst, text), "2001:db8::2");
	assert_int_equal(f->key.sport, 1094);
	assert_int_equal(f->key.dport, 40000);
	assert_int_equal(f->start_us, FIREFLY_UNKNOWN);
	assert_int_equal(f->sent, FIREFLY_UNKNOWN);
}

static void test_start(void **state)
{
	static const char *const lines[] = {
		"start " FLOW " 3 14",
		"START TCP 2001:db8::1 1094 2001:db8::2 40000 3 14",
		"Start Tcp 2001:DB8::1 1094 2001:DB8::2 40000 3 14",
		"  start\ttcp\v2001:db8::1\f1094 \t 2001:db8::2 40000 3 14 \r",
		"start tcp 2001:0db8:0000:0000:0000:0000:0000:0001 1094 "
		"2001:0db8:0000:0000:0000:0000:0000:0002 40000 3 14",
		"start tcp 2001:db8:0:0:0:0:0:1 1094 2001:db8:0:0:0:0:0:2 "
		"40000 3 14",
		"start tcp 2001:db8::1%eth0 1094 2001:db8::2%0 40000 3 14",
		"start tcp [2001:db8::1] 1094 [2001:db8::2] 40000 3 14",
		"start tcp [2001:db8::1%eth0] 1094 [2001:db8::2] 40000 3 14",
		"start tcp 2001:db8::1 01094 2001:db8::2 40000 03 014",
	};
	char error[LINE_ERROR_MAX];
	struct firefly f;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		if (parse(&f, lines[i], strlen(lines[i]), error))
			fail_msg("%s: %s", lines[i], error);
		check_flow(&f, FIREFLY_START);
		assert_true(f.has_ids);
		assert_int_equal(f.experiment, 3);
		assert_int_equal(f.activity, 14);
	}
}

/* Swapped, out of range or nonsense: ids of an end say nothing. */
static void test_end(void **state)
{
	static const char *const lines[] = {
		"end " FLOW " 3 14",
		"END " FLOW " 14 3",
		"end " FLOW " 513 99999999999999999999",
		"end " FLOW " - $scitag",
	};
	char error[LINE_ERROR_MAX];
	struct firefly f;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		if (parse(&f, lines[i], strlen(lines[i]), error))
			fail_msg("%s: %s", lines[i], error);
		check_flow(&f, FIREFLY_END);
		assert_false(f.has_ids);
	}
}

static void test_ipv4(void **state)
{
	static const char line[] =
		"start udp ::ffff:192.0.2.1 65535 192.0.2.2 1 70000 256";
	char error[LINE_ERROR_MAX], text[ADDR_TEXT_MAX];
	struct firefly f;

	(void)state;
	assert_int_equal(parse(&f, line, sizeof(line) - 1, error), 0);
	assert_int_equal(f.key.protocol, IPPROTO_UDP);
	assert_string_equal(addr_format(&f.key.src, text), "192.0.2.1");
	assert_string_equal(addr_format(&f.key.dst, text), "192.0.2.2");
	assert_int_equal(f.key.sport, 65535);
	assert_int_equal(f.key.dport, 1);

	/* Not cut to fit: it is for the table of flows to refuse them. */
	assert_int_equal(f.experiment, 70000);
	assert_int_equal(f.activity, 256);
}

static void test_bad(void **state)
{
	static const struct {
		const char *line, *why;
	} bad[] = {
		{ "start", "1 fields" },
		{ "start " FLOW, "6 fields" },
		{ "end " FLOW, "6 fields" },
		{ "end " FLOW " 3", "7 fields" },
		{ "start " FLOW " 3 14 x", "more than 8" },
		{ "begin " FLOW " 3 14", "\"begin\" is not start or end" },
		{ "start sctp 2001:db8::1 1 2001:db8::2 2 3 14", "sctp" },
		{ "start tcp host 1 2001:db8::2 2 3 14", "\"host\"" },
		{ "start tcp 2001:db8::1 1 2001:db8::2:: 2 3 14", "address" },
		{ "start tcp [2001:db8::1 1 2001:db8::2 2 3 14", "address" },
		{ "start tcp 192.0.2.1 1 2001:db8::2 2 3 14", "IPv4" },
		{ "start tcp 2001:db8::1 0 2001:db8::2 2 3 14", "\"0\"" },
		{ "start tcp 2001:db8::1 1 2001:db8::2 65536 3 14", "65536" },
		{ "start tcp 2001:db8::1 1 2001:db8::2 -2 3 14", "\"-2\"" },
		{ "start " FLOW " atlas 14", "\"atlas\" is not an experiment" },
		{ "start " FLOW " -3 14", "experiment" },
		{ "start " FLOW " 3 0x0e", "activity" },
		{ "start " FLOW " 3 14.0", "activity" },
		{ "start\xc2\xa0" FLOW " 3 14", "fields" },
		/* Nothing that a terminal would obey. */
		{ "start tcp \x1b[31m 1 2001:db8::2 2 3 14", "\"?[31m\"" },
		{ "start \xff\x7f 2001:db8::1 1 2001:db8::2 2 3 14", "\"??\"" },
	};
	char error[LINE_ERROR_MAX];
	struct firefly f;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		int ret = parse(&f, bad[i].line, strlen(bad[i].line), error);

		if (ret != -EINVAL || !strstr(error, bad[i].why))
			fail_msg("%s: %d \"%s\"", bad[i].line, ret, error);
	}
	assert_int_equal(parse(&f, "", 0, error), -ENODATA);
	assert_int_equal(parse(&f, " \t\r", 3, error), -ENODATA);
	assert_int_equal(parse(&f, "\0\0", 2, error), -ENODATA);
}

static void test_nul(void **state)
{
	static const char outside[] = "\0\0start " FLOW " 3 14\0";
	static const char inside[] = "start " FLOW " 3 14\0x";
	char error[LINE_ERROR_MAX];
	struct firefly f;

	(void)state;
	assert_int_equal(parse(&f, outside, sizeof(outside), error), 0);
	check_flow(&f, FIREFLY_START);
	assert_int_equal(parse(&f, inside, sizeof(inside) - 1, error), -EINVAL);
}

/* Long fields in messages are cut; the longest line goes in and out whole. */
static void test_longest(void **state)
{
	char line[LINE_MAX_LEN + 1], error[LINE_ERROR_MAX];
	struct firefly f;
	size_t len;

	(void)state;
	len = snprintf(line, sizeof(line), "start tcp ");
	memset(line + len, 'a', sizeof(line) - len);
	assert_int_equal(parse(&f, line, LINE_MAX_LEN, error), -EINVAL);
	strcpy(line + 400, " 1 ::1 2 3 4");
	assert_int_equal(parse(&f, line, strlen(line), error), -EINVAL);
	assert_non_null(strstr(error, "aaaa"));
	assert_int_equal(parse(&f, line, LINE_MAX_LEN + 1, error), -EINVAL);
}

/* Lines as they come out of line_feed(), each in <>, a long one as <!>. */
struct lines {
	char text[8192];
};

static void collect(void *data, const char *line, size_t len)
{
	struct lines *lines = data;
	size_t used = strlen(lines->text);

	snprintf(lines->text + used, sizeof(lines->text) - used, "<%.*s>",
		 line ? (int)len : 1, line ? line : "!");
}

static void test_feed_pieces(void **state)
{
	static const char in[] = "start one\nend two\r\n\n\nstart three\n";
	static const char out[] = "<start one><end two\r><><><start three>";
	size_t first, second, len = sizeof(in) - 1;

	(void)state;
	/* Cut at every place and, independently, at another behind it. */
	for (first = 0; first <= len; first++) {
		for (second = first; second <= len; second++) {
			struct line_buffer buf = { .len = 0 };
			struct lines lines = { "" };

			line_feed(&buf, in, first, collect, &lines);
			line_feed(&buf, in + first, second - first, collect,
				  &lines);
			line_feed(&buf, in + second, len - second, collect,
				  &lines);
			assert_string_equal(lines.text, out);
		}
	}
}

static void test_feed_octets(void **state)
{
	static const char in[] = "start one\nend two\nrest";
	struct line_buffer buf = { .len = 0 };
	struct lines lines = { "" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(in) - 1; i++)
		line_feed(&buf, in + i, 1, collect, &lines);
	assert_string_equal(lines.text, "<start one><end two>");
	line_feed(&buf, "\n", 1, collect, &lines);
	assert_string_equal(lines.text, "<start one><end two><rest>");
}

/* In one piece or in pieces of any size, the next line is read again. */
static void test_feed_long(void **state)
{
	size_t piece, i, len;
	char in[4 * LINE_MAX_LEN];

	(void)state;
	memset(in, 'x', sizeof(in));
	in[LINE_MAX_LEN] = '\n'; /* as long as may be */
	in[2 * LINE_MAX_LEN + 2] = '\n'; /* one octet more */
	memcpy(in + 2 * LINE_MAX_LEN + 3, "end\n", 4);
	in[sizeof(in) - 4] = '\n'; /* the rest: too long */
	memcpy(in + sizeof(in) - 3, "ok\n", 3);
	for (piece = 1; piece < sizeof(in); piece += 7) {
		struct line_buffer buf = { .len = 0 };
		struct lines lines = { "" };

		for (i = 0; i < sizeof(in); i += len) {
			len = piece < sizeof(in) - i ? piece : sizeof(in) - i;
			line_feed(&buf, in + i, len, collect, &lines);
		}
		assert_int_equal(strlen(lines.text), LINE_MAX_LEN + 2 + 15);
		assert_string_equal(lines.text + LINE_MAX_LEN + 2,
				    "<!><end><!><ok>");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_start),
		cmocka_unit_test(test_end),
		cmocka_unit_test(test_ipv4),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_nul),
		cmocka_unit_test(test_longest),
		cmocka_unit_test(test_feed_pieces),
		cmocka_unit_test(test_feed_octets),
		cmocka_unit_test(test_feed_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
