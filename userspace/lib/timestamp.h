/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Points in time as RFC 3339 text. A time is the number of microseconds since
 * the beginning of 1970 in UTC.
 */
#ifndef SCITAG_TIMESTAMP_H
#define SCITAG_TIMESTAMP_H

#include <stdint.h>

/* The last microsecond of the year 9999; nothing beyond has a text. */
#define TIMESTAMP_LATEST INT64_C(253402300799999999)

#define TIMESTAMP_TEXT_MAX 40

/*
 * With 'T' or a blank in the middle, any fraction of a second (cut at
 * microseconds), and Z or an offset or nothing (UTC) at the end. A leap
 * second is taken for the second before it; times before 1970 are refused.
 * Returns 0, or -EINVAL with *us unchanged.
 */
int timestamp_parse(int64_t *us, const char *text);

/*
 * "2026-01-02T03:04:05.678901+00:00": six digits always, UTC always. Times
 * out of range become the nearest that has a text. Returns buf.
 */
const char *timestamp_format(int64_t us, char buf[static TIMESTAMP_TEXT_MAX]);

/* Now, from the system's clock. */
int64_t timestamp_now(void);

#endif /* SCITAG_TIMESTAMP_H */
