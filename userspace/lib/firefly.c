// SPDX-License-Identifier: GPL-2.0
#include "firefly.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "firefly_netlink.h"
#include "timestamp.h"

/* Facility local0, severity informational: what all producers send. */
#define FIREFLY_PRI 134

/* A buffer that is being filled; full once something did not fit. */
struct text {
	char *buf;
	size_t len;
	size_t size;
	bool full;
};

static void put(struct text *t, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void put(struct text *t, const char *format, ...)
{
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(t->buf + t->len, t->size - t->len, format, ap);
	va_end(ap);

	if (n < 0 || (size_t)n >= t->size - t->len) {
		t->full = true;
		return;
	}
	t->len += n;
}

/* Octets of the UTF-8 character at p, or 0 if there is no valid one. */
static size_t utf8_char(const unsigned char *p)
{
	static const unsigned char second_min[] = { [0xe0 - 0xc2] = 0xa0,
						    [0xf0 - 0xc2] = 0x90 };
	unsigned char min = 0x80, max = 0xbf;
	size_t n, i;

	if (p[0] < 0x80)
		return 1;
	if (p[0] < 0xc2 || p[0] > 0xf4)
		return 0;
	n = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;

	/* No overlong forms, no surrogates, nothing above U+10FFFF. */
	if (p[0] == 0xe0 || p[0] == 0xf0)
		min = second_min[p[0] - 0xc2];
	if (p[0] == 0xed)
		max = 0x9f;
	if (p[0] == 0xf4)
		max = 0x8f;
	for (i = 1; i < n; i++, min = 0x80, max = 0xbf)
		if (p[i] < min || p[i] > max)
			return 0;
	return n;
}

/* A JSON string; what is not UTF-8 becomes '?'. */
static void put_string(struct text *t, const char *s)
{
	const unsigned char *p = (const unsigned char *)s;
	size_t n;

	put(t, "\"");
	for (; *p; p += n) {
		n = utf8_char(p);
		if (!n) {
			put(t, "?");
			n = 1;
		} else if (*p == '"' || *p == '\\') {
			put(t, "\\%c", *p);
		} else if (*p < 0x20 || *p == 0x7f) {
			put(t, "\\u%04x", *p);
		} else {
			put(t, "%.*s", (int)n, (const char *)p);
		}
	}
	put(t, "\"");
}

static void put_header(struct text *t, const char *hostname,
		       const char *app_name, int64_t now_us)
{
	char host[FIREFLY_HOSTNAME_MAX];
	char now[TIMESTAMP_TEXT_MAX];

	firefly_hostname(host, hostname);
	put(t, "<%d>1 %s %s %s - firefly-json - ", FIREFLY_PRI,
	    timestamp_format(now_us, now), host, app_name);
}

static void put_time(struct text *t, const char *name, int64_t us,
		     int64_t now_us)
{
	char text[TIMESTAMP_TEXT_MAX];

	put(t, ",\"%s\":\"%s\"", name,
	    timestamp_format(us == FIREFLY_UNKNOWN ? now_us : us, text));
}

static void put_lifecycle(struct text *t, const struct firefly *f,
			  int64_t now_us)
{
	static const char *const names[] = {
		[FIREFLY_START] = "start",
		[FIREFLY_ONGOING] = "ongoing",
		[FIREFLY_END] = "end",
	};

	put(t, "\"flow-lifecycle\":{\"state\":\"%s\"", names[f->state]);
	put_time(t, "current-time", f->current_us, now_us);
	put_time(t, "start-time", f->start_us, now_us);
	if (f->state == FIREFLY_END)
		put_time(t, "end-time", f->end_us, now_us);
	put(t, "}");
}

static void put_flow_id(struct text *t, const struct flow_key *key)
{
	char src[ADDR_TEXT_MAX], dst[ADDR_TEXT_MAX];

	put(t,
	    ",\"flow-id\":{\"afi\":\"%s\",\"src-ip\":\"%s\",\"dst-ip\":\"%s\","
	    "\"protocol\":\"%s\",\"src-port\":%u,\"dst-port\":%u}",
	    key->src.family == AF_INET6 ? "ipv6" : "ipv4",
	    addr_format(&key->src, src), addr_format(&key->dst, dst),
	    key->protocol == IPPROTO_TCP ? "tcp" : "udp", key->sport,
	    key->dport);
}

static void put_usage(struct text *t, const struct firefly *f)
{
	if (f->state == FIREFLY_START && f->received < 0 && f->sent < 0)
		return;
	put(t, ",\"usage\":{\"received\":%lld,\"sent\":%lld}",
	    f->received < 0 ? 0 : (long long)f->received,
	    f->sent < 0 ? 0 : (long long)f->sent);
}

/* Last, so that it can take all the room that is left. */
static void put_netlink(struct text *t, const struct firefly *f)
{
	char object[FIREFLY_MAX + 1];
	size_t room = t->size - t->len;

	/* The comma before it and the brace behind it. */
	if (t->full || room < FIREFLY_NETLINK_MIN + 2)
		t->full = true;
	else if (firefly_netlink_format(object, room - 2, f))
		put(t, ",%s", object);
}

static void put_context(struct text *t, const struct firefly *f,
			bool application)
{
	put(t, ",\"context\":{\"experiment-id\":%u,\"activity-id\":%u",
	    f->experiment, f->activity);
	if (application && f->application[0]) {
		put(t, ",\"application\":");
		put_string(t, f->application);
	}
	put(t, "}");
}

/* An IPv4 address in the clothes of IPv6 is read as what it is. */
static bool addr_is_valid(const struct addr *a)
{
	return a->family == AF_INET ||
	       (a->family == AF_INET6 &&
		addr_from_ipv6(a->octets).family == AF_INET6);
}

static bool key_is_valid(const struct flow_key *key)
{
	return addr_is_valid(&key->src) && addr_is_valid(&key->dst) &&
	       key->src.family == key->dst.family && key->sport && key->dport &&
	       (key->protocol == IPPROTO_TCP || key->protocol == IPPROTO_UDP);
}

void firefly_init(struct firefly *f, enum firefly_state state,
		  const struct flow_key *key)
{
	*f = (struct firefly){
		.state = state,
		.key = *key,
		.start_us = FIREFLY_UNKNOWN,
		.end_us = FIREFLY_UNKNOWN,
		.current_us = FIREFLY_UNKNOWN,
		.received = FIREFLY_UNKNOWN,
		.sent = FIREFLY_UNKNOWN,
		.rtt_us = FIREFLY_UNKNOWN,
	};
}

static int format(char buf[static FIREFLY_MAX + 1], const struct firefly *f,
		  const char *hostname, const char *app_name, int64_t now_us,
		  bool application)
{
	struct text t = { .buf = buf, .size = FIREFLY_MAX + 1 };

	put_header(&t, hostname, app_name, now_us);
	put(&t, "{\"version\":1,");
	put_lifecycle(&t, f, now_us);
	put_flow_id(&t, &f->key);
	put_usage(&t, f);
	put_context(&t, f, application);
	put_netlink(&t, f);
	put(&t, "}");
	return t.full ? -EMSGSIZE : (int)t.len;
}

int firefly_format(char buf[static FIREFLY_MAX + 1], const struct firefly *f,
		   const char *hostname, const char *app_name, int64_t now_us)
{
	int len;

	if (!f->has_ids || f->state > FIREFLY_END || !key_is_valid(&f->key))
		return -EINVAL;
	len = format(buf, f, hostname, app_name, now_us, true);
	if (len == -EMSGSIZE)
		len = format(buf, f, hostname, app_name, now_us, false);
	return len;
}

void firefly_hostname(char out[static FIREFLY_HOSTNAME_MAX], const char *name)
{
	static const char good[] = "abcdefghijklmnopqrstuvwxyz"
				   "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:";
	size_t i;

	for (i = 0; name[i] && i < FIREFLY_HOSTNAME_MAX - 1; i++)
		out[i] = strchr(good, name[i]) ? name[i] : '-';
	if (!i)
		out[i++] = '-';
	out[i] = '\0';
}
