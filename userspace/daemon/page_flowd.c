// SPDX-License-Identifier: GPL-2.0
#include "page_flowd.h"

#include <errno.h>
#include <json-c/json.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "answer.h"
#include "firefly.h"
#include "flows.h"
#include "json_util.h"
#include "pages.h"
#include "timestamp.h"

/* The numbers of flowd-go. */
enum { STATE_START = 2, STATE_END = 3, STATE_ONGOING = 4 };
enum { PROTOCOL_TCP = 0, PROTOCOL_UDP = 1 };
enum { FAMILY_IPV4 = 2, FAMILY_IPV6 = 10 };

/* "[address]:port" with all that addr_parse() takes. */
#define ENDPOINT_TEXT_MAX 128

static int fail(char error[static FLOWS_ERROR_MAX], const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Says what is wrong. Always -EINVAL. */
static int fail(char error[static FLOWS_ERROR_MAX], const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(error, FLOWS_ERROR_MAX, format, ap);
	va_end(ap);
	return -EINVAL;
}

static struct json_object *member(struct json_object *object, const char *name)
{
	struct json_object *value = NULL;

	json_object_object_get_ex(object, name, &value);
	return value;
}

static int number(uint64_t *value, struct json_object *object, const char *name,
		  char error[static FLOWS_ERROR_MAX])
{
	if (json_get_u64(member(object, name), UINT32_MAX, value))
		return fail(error, "%s is not a number of 0..%u", name,
			    UINT32_MAX);
	return 0;
}

static int parse_text(struct addr *addr, uint16_t *port, const char *text)
{
	char copy[ENDPOINT_TEXT_MAX];
	char *colon;

	if (!text || strlen(text) >= sizeof(copy))
		return -EINVAL;
	strcpy(copy, text);
	colon = strrchr(copy, ':');
	if (!colon)
		return -EINVAL;
	*colon = '\0';
	/* Without brackets the last ':' of IPv6 may be any. */
	if (copy[0] != '[' && strchr(copy, ':'))
		return -EINVAL;
	return addr_parse(addr, copy) || port_parse(port, colon + 1) ? -EINVAL :
								       0;
}

/* "[2001:db8::1]:40000", or {"IP": "2001:db8::1", "Port": 40000} of old. */
static int parse_end(struct addr *addr, uint16_t *port,
		     struct json_object *object, const char *name,
		     char error[static FLOWS_ERROR_MAX])
{
	struct json_object *value = member(object, name);
	const char *text;
	uint64_t n;

	if (json_object_is_type(value, json_type_object)) {
		text = json_get_text(member(value, "IP"));
		if (!text || addr_parse(addr, text) ||
		    json_get_u64(member(value, "Port"), UINT16_MAX, &n) || !n)
			return fail(error, "%s has no IP and Port", name);
		*port = n;
		return 0;
	}
	if (parse_text(addr, port, json_get_text(value)))
		return fail(error, "%s is not an address with its port", name);
	return 0;
}

static int parse_key(struct flow_key *key, struct json_object *object,
		     char error[static FLOWS_ERROR_MAX])
{
	uint64_t protocol, family;

	memset(key, 0, sizeof(*key));
	if (number(&protocol, object, "Protocol", error) ||
	    number(&family, object, "Family", error) ||
	    parse_end(&key->src, &key->sport, object, "Src", error) ||
	    parse_end(&key->dst, &key->dport, object, "Dst", error))
		return -EINVAL;
	if (protocol != PROTOCOL_TCP && protocol != PROTOCOL_UDP)
		return fail(error, "Protocol is not %d (TCP) or %d (UDP)",
			    PROTOCOL_TCP, PROTOCOL_UDP);
	key->protocol = protocol == PROTOCOL_TCP ? IPPROTO_TCP : IPPROTO_UDP;
	if (key->src.family != key->dst.family)
		return fail(error, "one address is IPv4, the other IPv6");
	/* An IPv4 address may come as one of IPv6, but not the reverse. */
	if (family != FAMILY_IPV6 &&
	    (family != FAMILY_IPV4 || key->src.family != AF_INET))
		return fail(error,
			    "Family is not %d (IPv4) or %d (IPv6), or not that "
			    "of the addresses",
			    FAMILY_IPV4, FAMILY_IPV6);
	return 0;
}

/* A time that is missing or before 1970, as Go's zero is, is not known. */
static void parse_time(int64_t *us, struct json_object *object,
		       const char *name)
{
	const char *text = json_get_text(member(object, name));

	if (text)
		timestamp_parse(us, text);
}

static int parse(struct firefly *said, struct json_object *object,
		 char error[static FLOWS_ERROR_MAX])
{
	uint64_t state, experiment, activity;
	struct flow_key key;

	if (!json_object_is_type(object, json_type_object))
		return fail(error, "the body is not an object");
	if (number(&state, object, "State", error) ||
	    parse_key(&key, object, error))
		return -EINVAL;
	if (state != STATE_START && state != STATE_END &&
	    state != STATE_ONGOING)
		return fail(error,
			    "State is not %d (start), %d (end) or %d "
			    "(ongoing)",
			    STATE_START, STATE_END, STATE_ONGOING);
	firefly_init(said,
		     state == STATE_START ? FIREFLY_START :
		     state == STATE_END	  ? FIREFLY_END :
					    FIREFLY_ONGOING,
		     &key);
	parse_time(&said->start_us, object, "StartTs");
	parse_time(&said->end_us, object, "EndTs");
	if (said->state != FIREFLY_START)
		return 0;
	if (number(&experiment, object, "Experiment", error) ||
	    number(&activity, object, "Activity", error))
		return -EINVAL;
	said->has_ids = true;
	said->experiment = experiment;
	said->activity = activity;
	return 0;
}

/* That a flow goes on says nothing new; the kernel tells how it does. */
static int take(struct flows *flows, const struct firefly *said,
		char error[static FLOWS_ERROR_MAX])
{
	char text[FLOW_KEY_TEXT_MAX];

	switch (said->state) {
	case FIREFLY_START:
		return flows_start(flows, said, error);
	case FIREFLY_END:
		return flows_end(flows, said, error);
	default:
		if (flows_find(flows, &said->key))
			return 0;
		snprintf(error, FLOWS_ERROR_MAX, "%s is not open",
			 flow_key_text(&said->key, text));
		return -ENOENT;
	}
}

void page_flowd_post(const struct pages *pages,
		     const struct page_request *request, struct answer *answer)
{
	char error[FLOWS_ERROR_MAX], why[JSON_ERROR_MAX];
	struct json_object *object;
	struct firefly said;
	int ret;

	object = json_parse(request->body, request->body_len, why);
	if (!object) {
		answer_refusal(answer, -EINVAL, why);
		return;
	}
	ret = parse(&said, object, error);
	if (!ret)
		ret = take(pages->flows, &said, error);
	if (ret) {
		answer_refusal(answer, ret, error);
		json_object_put(object);
	} else {
		answer_json(answer, ANSWER_OK, object);
	}
}
