// SPDX-License-Identifier: GPL-2.0
#include "firefly.h"

#include <ctype.h>
#include <errno.h>
#include <json-c/json.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "json_util.h"
#include "timestamp.h"

/* Numbers up to here are exact in a double and fit an int64_t. */
#define NUMBER_MAX 9007199254740992.0

static int fail(char error[static FIREFLY_ERROR_MAX], const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Says what is wrong. Always -EINVAL. */
static int fail(char error[static FIREFLY_ERROR_MAX], const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(error, FIREFLY_ERROR_MAX, format, ap);
	va_end(ap);
	return -EINVAL;
}

/* One field of the header, cut to size. Returns what follows its blank. */
static const char *header_field(const char *p, const char *end, char *out,
				size_t size)
{
	const char *blank = memchr(p, ' ', end - p);
	size_t len = (blank ? blank : end) - p;

	if (out)
		snprintf(out, size, "%.*s", (int)(len < size ? len : size - 1),
			 p);
	return blank ? blank + 1 : end;
}

/*
 * PRI and version, timestamp, hostname, app-name. Fields are separated by one
 * blank, so that an empty timestamp does not shift what follows.
 */
static void parse_sender(struct firefly_sender *sender, const char *p,
			 const char *end)
{
	*sender = (struct firefly_sender){ .hostname = "" };
	if (p == end || *p != '<')
		return;
	p = header_field(p, end, NULL, 0);
	p = header_field(p, end, NULL, 0);
	p = header_field(p, end, sender->hostname, sizeof(sender->hostname));
	header_field(p, end, sender->app_name, sizeof(sender->app_name));
}

/* Behind the ']' that belongs to the '[' at p; quoted ones do not count. */
static const char *skip_brackets(const char *p, const char *end)
{
	bool quoted = false;

	for (; p < end; p++) {
		if (quoted && *p == '\\' && p + 1 < end)
			p++;
		else if (*p == '"')
			quoted = !quoted;
		else if (*p == ']' && !quoted)
			return p + 1;
	}
	return end;
}

/*
 * The '{' that the JSON begins with, or NULL. All before it is the header,
 * whose structured data may hold a '{' of its own.
 */
static const char *find_json(const char *p, const char *end)
{
	while (p < end && *p != '{')
		p = *p == '[' ? skip_brackets(p, end) : p + 1;
	return p < end ? p : NULL;
}

/* The member of an object, or NULL if it is missing, null or of another type. */
static struct json_object *member(struct json_object *object, const char *name,
				  enum json_type type)
{
	struct json_object *value;

	if (!object || !json_object_object_get_ex(object, name, &value) ||
	    !json_object_is_type(value, type))
		return NULL;
	return value;
}

static const char *string_member(struct json_object *object, const char *name)
{
	return json_get_text(member(object, name, json_type_string));
}

/* Any number, integer or not. False if there is none. */
static bool number_member(struct json_object *object, const char *name,
			  double *number)
{
	struct json_object *value = member(object, name, json_type_int);

	if (!value)
		value = member(object, name, json_type_double);
	if (!value)
		return false;
	*number = json_object_get_double(value);
	return true;
}

/* A whole number of 0..max. */
static bool id_member(struct json_object *object, const char *name, double max,
		      uint32_t *id)
{
	double number;

	if (!number_member(object, name, &number) ||
	    !(number >= 0 && number <= max) || number != (uint32_t)number)
		return false;
	*id = number;
	return true;
}

/* A measure: FIREFLY_UNKNOWN for anything but a number that makes sense. */
static int64_t measure_member(struct json_object *object, const char *name,
			      double unit)
{
	double number;

	if (!number_member(object, name, &number))
		return FIREFLY_UNKNOWN;
	number *= unit;
	if (!(number >= 0 && number <= NUMBER_MAX))
		return FIREFLY_UNKNOWN;
	return (int64_t)(unit == 1 ? number : number + 0.5);
}

static int parse_time(int64_t *us, struct json_object *lifecycle,
		      const char *name, char error[static FIREFLY_ERROR_MAX])
{
	struct json_object *value;
	const char *text;

	*us = FIREFLY_UNKNOWN;
	if (!json_object_object_get_ex(lifecycle, name, &value) || !value)
		return 0;
	text = string_member(lifecycle, name);
	if (!text || timestamp_parse(us, text))
		return fail(error, "%s is not a time", name);
	return 0;
}

static int parse_lifecycle(struct firefly *f, struct json_object *root,
			   char error[static FIREFLY_ERROR_MAX])
{
	struct json_object *lifecycle;
	const char *state;

	lifecycle = member(root, "flow-lifecycle", json_type_object);
	if (!lifecycle)
		return fail(error, "no flow-lifecycle");
	state = string_member(lifecycle, "state");
	if (!state)
		return fail(error, "no state");
	if (!strcmp(state, "start"))
		f->state = FIREFLY_START;
	else if (!strcmp(state, "ongoing"))
		f->state = FIREFLY_ONGOING;
	else if (!strcmp(state, "end"))
		f->state = FIREFLY_END;
	else
		return fail(error, "state is not start, ongoing or end");

	if (parse_time(&f->start_us, lifecycle, "start-time", error) ||
	    parse_time(&f->end_us, lifecycle, "end-time", error) ||
	    parse_time(&f->current_us, lifecycle, "current-time", error))
		return -EINVAL;
	return 0;
}

static int parse_address(struct addr *addr, struct json_object *id,
			 const char *name, char error[static FIREFLY_ERROR_MAX])
{
	const char *text = string_member(id, name);

	if (!text || addr_parse(addr, text))
		return fail(error, "%s is not an address", name);
	return 0;
}

static int parse_port(uint16_t *port, struct json_object *id, const char *name,
		      char error[static FIREFLY_ERROR_MAX])
{
	uint32_t number;

	if (!id_member(id, name, 65535, &number) || !number)
		return fail(error, "%s is not a port", name);
	*port = number;
	return 0;
}

/* afi is not looked at: the addresses say what they are. */
static int parse_flow_id(struct flow_key *key, struct json_object *root,
			 char error[static FIREFLY_ERROR_MAX])
{
	struct json_object *id = member(root, "flow-id", json_type_object);
	const char *protocol;

	memset(key, 0, sizeof(*key));
	if (!id)
		return fail(error, "no flow-id");
	protocol = string_member(id, "protocol");
	if (!protocol || protocol_parse(&key->protocol, protocol))
		return fail(error, "protocol is not tcp or udp");
	if (parse_address(&key->src, id, "src-ip", error) ||
	    parse_address(&key->dst, id, "dst-ip", error) ||
	    parse_port(&key->sport, id, "src-port", error) ||
	    parse_port(&key->dport, id, "dst-port", error))
		return -EINVAL;
	if (key->src.family != key->dst.family)
		return fail(error, "src-ip and dst-ip differ in family");
	return 0;
}

/* As much of the text as there is room for, in whole UTF-8 characters. */
static void copy_text(char *out, size_t size, const char *text)
{
	size_t len = strlen(text);

	if (len >= size) {
		len = size - 1;
		while (len && ((unsigned char)text[len] & 0xc0) == 0x80)
			len--;
	}
	memcpy(out, text, len);
	out[len] = '\0';
}

static int parse_context(struct firefly *f, struct json_object *root,
			 char error[static FIREFLY_ERROR_MAX])
{
	struct json_object *context = member(root, "context", json_type_object);
	const char *application = string_member(context, "application");

	f->has_ids =
		id_member(context, "experiment-id", UINT32_MAX,
			  &f->experiment) &&
		id_member(context, "activity-id", UINT32_MAX, &f->activity);
	if (f->state == FIREFLY_START && !f->has_ids)
		return fail(error, "no experiment-id and activity-id");
	if (application)
		copy_text(f->application, sizeof(f->application), application);
	return 0;
}

static int parse_firefly(struct firefly *f, struct json_object *root,
			 char error[static FIREFLY_ERROR_MAX])
{
	struct json_object *usage, *netlink;
	uint32_t version;
	int ret;

	if (!id_member(root, "version", UINT32_MAX, &version) || version != 1)
		return fail(error, "version is not 1");

	*f = (struct firefly){ .state = FIREFLY_START };
	ret = parse_lifecycle(f, root, error);
	if (!ret)
		ret = parse_flow_id(&f->key, root, error);
	if (!ret)
		ret = parse_context(f, root, error);
	if (ret)
		return ret;

	usage = member(root, "usage", json_type_object);
	f->received = measure_member(usage, "received", 1);
	f->sent = measure_member(usage, "sent", 1);
	netlink = member(root, "netlink", json_type_object);
	f->rtt_us = measure_member(netlink, "rtt", 1000);
	return 0;
}

/* Some producers end their datagrams as if they were lines or C strings. */
static size_t trimmed_length(const char *data, size_t len)
{
	while (len && (!data[len - 1] || isspace((unsigned char)data[len - 1])))
		len--;
	return len;
}

int firefly_parse(struct firefly *f, struct firefly_sender *sender,
		  const char *data, size_t len,
		  char error[static FIREFLY_ERROR_MAX])
{
	char json_error[JSON_ERROR_MAX];
	struct json_object *root;
	struct firefly result;
	const char *json;
	int ret;

	len = trimmed_length(data, len);
	json = find_json(data, data + len);
	if (!json)
		return fail(error, "no JSON");
	root = json_parse(json, data + len - json, json_error);
	if (!root)
		return fail(error, "bad JSON: %s", json_error);

	ret = parse_firefly(&result, root, error);
	json_object_put(root);
	if (ret)
		return ret;
	parse_sender(sender, data, json);
	*f = result;
	return 0;
}
