// SPDX-License-Identifier: GPL-2.0
#include "number.h"

#include <errno.h>

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
