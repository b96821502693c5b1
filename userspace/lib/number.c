// SPDX-License-Identifier: GPL-2.0
#include "number.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* Value of a digit, or 255: larger than any base. */
static unsigned int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 255;
}

static int digits_parse(uint64_t *value, const char *text, unsigned int base,
			uint64_t max)
{
	uint64_t sum = 0;
	int ret = 0;

	if (!*text)
		return -EINVAL;
	/* On overflow go on: what follows may show that it is no number. */
	for (; *text; text++) {
		unsigned int digit = digit_value(*text);

		if (digit >= base)
			return -EINVAL;
		if (digit > max || sum > (max - digit) / base)
			ret = -ERANGE;
		else
			sum = sum * base + digit;
	}
	if (!ret)
		*value = sum;
	return ret;
}

int number_parse(uint64_t *value, const char *text, uint64_t max)
{
	if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X'))
		return digits_parse(value, text + 2, 16, max);
	return digits_parse(value, text, 10, max);
}

int decimal_parse(uint64_t *value, const char *text, uint64_t max)
{
	return digits_parse(value, text, 10, max);
}

/* The largest one first. */
static const struct {
	const char *name;
	uint64_t ms;
} units[] = {
	{ "h", 3600000 },
	{ "m", 60000 },
	{ "s", 1000 },
	{ "ms", 1 },
};

#define N_UNITS (sizeof(units) / sizeof(units[0]))

int duration_parse(uint64_t *ms, const char *text, uint64_t max)
{
	size_t len = strspn(text, "0123456789");
	char digits[DURATION_TEXT_MAX];
	uint64_t n;
	size_t i;
	int ret;

	for (i = 0; i < N_UNITS; i++)
		if (strcmp(units[i].name, text + len) == 0)
			break;
	if (i == N_UNITS)
		return -EINVAL;
	if (len >= sizeof(digits))
		return -ERANGE;
	memcpy(digits, text, len);
	digits[len] = '\0';
	ret = decimal_parse(&n, digits, max / units[i].ms);
	if (!ret)
		*ms = n * units[i].ms;
	return ret;
}

const char *duration_format(uint64_t ms, char buf[static DURATION_TEXT_MAX])
{
	size_t i = 0;

	while (units[i].ms > 1 && (!ms || ms % units[i].ms))
		i++;
	snprintf(buf, DURATION_TEXT_MAX, "%" PRIu64 "%s", ms / units[i].ms,
		 units[i].name);
	return buf;
}
