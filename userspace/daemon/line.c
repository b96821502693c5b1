// SPDX-License-Identifier: GPL-2.0
#include "line.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "number.h"

enum field {
	FIELD_STATE,
	FIELD_PROTOCOL,
	FIELD_SRC,
	FIELD_SPORT,
	FIELD_DST,
	FIELD_DPORT,
	FIELD_EXPERIMENT,
	FIELD_ACTIVITY,
	FIELD_COUNT
};

static const char white[] = " \t\r\v\f";

static int fail(char error[static LINE_ERROR_MAX], const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Says what is wrong. Always -EINVAL. */
static int fail(char error[static LINE_ERROR_MAX], const char *format, ...)
{
	va_list ap;
	char *p;

	va_start(ap, format);
	vsnprintf(error, LINE_ERROR_MAX, format, ap);
	va_end(ap);
	/* It quotes what anybody may write, and goes to logs and terminals. */
	for (p = error; *p; p++)
		if (*p < 0x20 || *p > 0x7e)
			*p = '?';
	return -EINVAL;
}

/* Octets of a line, which may become too long by them. */
static void append(struct line_buffer *buf, const char *octets, size_t len)
{
	if (buf->overlong || len > sizeof(buf->octets) - buf->len) {
		buf->overlong = true;
		return;
	}
	memcpy(buf->octets + buf->len, octets, len);
	buf->len += len;
}

void line_feed(struct line_buffer *buf, const char *octets, size_t len,
	       line_cb cb, void *data)
{
	const char *end = octets + len;
	const char *newline;

	for (; octets < end; octets = newline + 1) {
		newline = memchr(octets, '\n', end - octets);
		append(buf, octets, (newline ? newline : end) - octets);
		if (!newline)
			return;
		cb(data, buf->overlong ? NULL : buf->octets, buf->len);
		buf->len = 0;
		buf->overlong = false;
	}
}

/* Cuts text into fields. Returns how many there are, FIELD_COUNT + 1 at most. */
static int split(char *text, char *fields[FIELD_COUNT])
{
	char *field, *rest;
	int n = 0;

	for (field = strtok_r(text, white, &rest); field;
	     field = strtok_r(NULL, white, &rest)) {
		if (n == FIELD_COUNT)
			return FIELD_COUNT + 1;
		fields[n++] = field;
	}
	return n;
}

static int parse_state(enum firefly_state *state, const char *text,
		       char error[static LINE_ERROR_MAX])
{
	if (!strcasecmp(text, "start"))
		*state = FIREFLY_START;
	else if (!strcasecmp(text, "end"))
		*state = FIREFLY_END;
	else
		return fail(error, "\"%.16s\" is not start or end", text);
	return 0;
}

static int parse_key(struct flow_key *key, char *const fields[],
		     char error[static LINE_ERROR_MAX])
{
	memset(key, 0, sizeof(*key));
	if (protocol_parse(&key->protocol, fields[FIELD_PROTOCOL]))
		return fail(error, "\"%.16s\" is not tcp or udp",
			    fields[FIELD_PROTOCOL]);
	if (addr_parse(&key->src, fields[FIELD_SRC]))
		return fail(error, "\"%.64s\" is not an address",
			    fields[FIELD_SRC]);
	if (addr_parse(&key->dst, fields[FIELD_DST]))
		return fail(error, "\"%.64s\" is not an address",
			    fields[FIELD_DST]);
	if (port_parse(&key->sport, fields[FIELD_SPORT]))
		return fail(error, "\"%.16s\" is not a port",
			    fields[FIELD_SPORT]);
	if (port_parse(&key->dport, fields[FIELD_DPORT]))
		return fail(error, "\"%.16s\" is not a port",
			    fields[FIELD_DPORT]);
	if (key->src.family != key->dst.family)
		return fail(error, "one address is IPv4, the other IPv6");
	return 0;
}

static int parse_id(uint32_t *id, const char *text, const char *what,
		    char error[static LINE_ERROR_MAX])
{
	uint64_t number;
	int ret;

	ret = decimal_parse(&number, text, UINT32_MAX);
	if (ret == -EINVAL)
		return fail(error, "\"%.16s\" is not an %s id", text, what);
	*id = ret ? UINT32_MAX : number;
	return 0;
}

int line_parse(struct firefly *f, const char *line, size_t len,
	       char error[static LINE_ERROR_MAX])
{
	char *fields[FIELD_COUNT];
	char text[LINE_MAX_LEN + 1];
	enum firefly_state state = FIREFLY_START;
	struct flow_key key;
	int n;

	/* Writers of C strings send the NUL along: before or behind a line. */
	for (; len && !*line; line++)
		len--;
	while (len && !line[len - 1])
		len--;
	if (len > LINE_MAX_LEN)
		return fail(error, "too long");
	if (memchr(line, '\0', len))
		return fail(error, "a NUL in the middle");
	memcpy(text, line, len);
	text[len] = '\0';

	n = split(text, fields);
	if (!n)
		return -ENODATA;
	if (n != FIELD_COUNT)
		return fail(error, "%s%d fields where %d have to be",
			    n > FIELD_COUNT ? "more than " : "",
			    n > FIELD_COUNT ? FIELD_COUNT : n, FIELD_COUNT);
	if (parse_state(&state, fields[FIELD_STATE], error) ||
	    parse_key(&key, fields, error))
		return -EINVAL;

	firefly_init(f, state, &key);
	if (state == FIREFLY_END)
		return 0;
	if (parse_id(&f->experiment, fields[FIELD_EXPERIMENT], "experiment",
		     error) ||
	    parse_id(&f->activity, fields[FIELD_ACTIVITY], "activity", error))
		return -EINVAL;
	f->has_ids = true;
	return 0;
}
