// SPDX-License-Identifier: GPL-2.0
#include "timestamp.h"

#include <errno.h>
#include <stdbool.h>
#include <time.h>

#define US_PER_S 1000000

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Exactly n digits at *p, which moves behind them. -1 if they are not there. */
static int digits(const char **p, int n)
{
	int value = 0;

	for (; n; n--, (*p)++) {
		if (!is_digit(**p))
			return -1;
		value = value * 10 + (**p - '0');
	}
	return value;
}

/* The character c at *p, which moves behind it. */
static bool skip(const char **p, char c)
{
	if (**p != c)
		return false;
	(*p)++;
	return true;
}

static int days_in_month(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30,
				    31, 31, 30, 31, 30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap);
}

static int parse_date(const char **p, struct tm *tm)
{
	int year, month, day;

	year = digits(p, 4);
	if (year < 1970 || !skip(p, '-'))
		return -EINVAL;
	month = digits(p, 2);
	if (month < 1 || month > 12 || !skip(p, '-'))
		return -EINVAL;
	day = digits(p, 2);
	if (day < 1 || day > days_in_month(year, month))
		return -EINVAL;

	tm->tm_year = year - 1900;
	tm->tm_mon = month - 1;
	tm->tm_mday = day;
	return 0;
}

static int parse_clock(const char **p, struct tm *tm)
{
	tm->tm_hour = digits(p, 2);
	if (tm->tm_hour < 0 || tm->tm_hour > 23 || !skip(p, ':'))
		return -EINVAL;
	tm->tm_min = digits(p, 2);
	if (tm->tm_min < 0 || tm->tm_min > 59 || !skip(p, ':'))
		return -EINVAL;
	tm->tm_sec = digits(p, 2);
	if (tm->tm_sec < 0 || tm->tm_sec > 60)
		return -EINVAL;
	if (tm->tm_sec == 60)
		tm->tm_sec = 59;
	return 0;
}

static int parse_fraction(const char **p, int64_t *us)
{
	int64_t unit = US_PER_S / 10;

	*us = 0;
	if (!skip(p, '.') && !skip(p, ','))
		return 0;
	if (!is_digit(**p))
		return -EINVAL;
	for (; is_digit(**p); (*p)++) {
		*us += (**p - '0') * unit;
		unit /= 10;
	}
	return 0;
}

/* Z, +01:00, +0100 or nothing; the seconds to take away from the time. */
static int parse_offset(const char **p, int64_t *seconds)
{
	int sign, hours, minutes;

	*seconds = 0;
	if (!**p || skip(p, 'Z') || skip(p, 'z'))
		return 0;
	if (**p != '+' && **p != '-')
		return -EINVAL;
	sign = *(*p)++ == '-' ? -1 : 1;
	hours = digits(p, 2);
	skip(p, ':');
	minutes = digits(p, 2);
	if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59)
		return -EINVAL;
	*seconds = sign * (hours * 3600 + minutes * 60);
	return 0;
}

int timestamp_parse(int64_t *us, const char *text)
{
	struct tm tm = { .tm_isdst = 0 };
	int64_t offset, fraction, result;
	const char *p = text;

	if (parse_date(&p, &tm))
		return -EINVAL;
	if (!skip(&p, 'T') && !skip(&p, 't') && !skip(&p, ' '))
		return -EINVAL;
	if (parse_clock(&p, &tm) || parse_fraction(&p, &fraction) ||
	    parse_offset(&p, &offset) || *p)
		return -EINVAL;

	result = ((int64_t)timegm(&tm) - offset) * US_PER_S + fraction;
	if (result < 0 || result > TIMESTAMP_LATEST)
		return -EINVAL;
	*us = result;
	return 0;
}

/* n digits, and the character behind them. Returns what is behind that. */
static char *put(char *p, unsigned int value, int n, char behind)
{
	int i;

	for (i = n - 1; i >= 0; i--, value /= 10)
		p[i] = (char)('0' + value % 10);
	p[n] = behind;
	return p + n + 1;
}

/* Not with printf(): that was nearly half of what a firefly costs. */
const char *timestamp_format(int64_t us, char buf[static TIMESTAMP_TEXT_MAX])
{
	struct tm tm;
	char *p = buf;
	time_t s;

	if (us < 0)
		us = 0;
	if (us > TIMESTAMP_LATEST)
		us = TIMESTAMP_LATEST;
	s = us / US_PER_S;
	gmtime_r(&s, &tm);
	p = put(p, tm.tm_year + 1900, 4, '-');
	p = put(p, tm.tm_mon + 1, 2, '-');
	p = put(p, tm.tm_mday, 2, 'T');
	p = put(p, tm.tm_hour, 2, ':');
	p = put(p, tm.tm_min, 2, ':');
	p = put(p, tm.tm_sec, 2, '.');
	p = put(p, us % US_PER_S, 6, '+');
	p = put(p, 0, 2, ':');
	put(p, 0, 2, '\0');
	return buf;
}

int64_t timestamp_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * US_PER_S + now.tv_nsec / 1000;
}
