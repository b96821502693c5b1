// SPDX-License-Identifier: GPL-2.0
#include "flow_input.h"

#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "firefly.h"
#include "json_util.h"
#include "pages.h"
#include "timestamp.h"

/* The parts of a 5-tuple, and what they are called everywhere. */
enum part { PROTOCOL, SRC, SPORT, DST, DPORT, N_PARTS };
static const char *const part_names[N_PARTS] = {
	[PROTOCOL] = "protocol", [SRC] = "src",	    [SPORT] = "sport",
	[DST] = "dst",		 [DPORT] = "dport",
};

/* What else a start may have. */
static const char *const more_names[] = {
	"experiment",
	"activity",
	"application",
	"start-time",
};

#define N_MORE (sizeof(more_names) / sizeof(more_names[0]))
#define PORT_TEXT_MAX 8

static int fail(char error[static FLOW_INPUT_ERROR_MAX], const char *format,
		...) __attribute__((format(printf, 2, 3)));

/* Says what is wrong. Always -EINVAL. */
static int fail(char error[static FLOW_INPUT_ERROR_MAX], const char *format,
		...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(error, FLOW_INPUT_ERROR_MAX, format, ap);
	va_end(ap);
	return -EINVAL;
}

static int parse_key(struct flow_key *key, const char *const texts[N_PARTS],
		     char error[static FLOW_INPUT_ERROR_MAX])
{
	int i;

	memset(key, 0, sizeof(*key));
	for (i = 0; i < N_PARTS; i++)
		if (!texts[i])
			return fail(error, "%s is missing", part_names[i]);
	if (protocol_parse(&key->protocol, texts[PROTOCOL]))
		return fail(error, "\"%.16s\" is not tcp or udp",
			    texts[PROTOCOL]);
	if (addr_parse(&key->src, texts[SRC]))
		return fail(error, "\"%.64s\" is not an address", texts[SRC]);
	if (addr_parse(&key->dst, texts[DST]))
		return fail(error, "\"%.64s\" is not an address", texts[DST]);
	if (port_parse(&key->sport, texts[SPORT]))
		return fail(error, "\"%.16s\" is not a port", texts[SPORT]);
	if (port_parse(&key->dport, texts[DPORT]))
		return fail(error, "\"%.16s\" is not a port", texts[DPORT]);
	if (key->src.family != key->dst.family)
		return fail(error, "one address is IPv4, the other IPv6");
	return 0;
}

int flow_input_query(struct flow_key *key, const struct page_request *request,
		     char error[static FLOW_INPUT_ERROR_MAX])
{
	const char *texts[N_PARTS];
	bool any = false;
	int i;

	for (i = 0; i < N_PARTS; i++) {
		texts[i] = request->query(request, part_names[i]);
		any |= texts[i] != NULL;
	}
	return any ? parse_key(key, texts, error) : -ENODATA;
}

static struct json_object *member(struct json_object *object, const char *name)
{
	struct json_object *value = NULL;

	json_object_object_get_ex(object, name, &value);
	return value;
}

/* Ports are numbers in JSON, the rest of a 5-tuple is text. */
static int key_member(struct flow_key *key, struct json_object *object,
		      char error[static FLOW_INPUT_ERROR_MAX])
{
	char ports[N_PARTS][PORT_TEXT_MAX];
	const char *texts[N_PARTS];
	uint64_t port;
	int i;

	for (i = 0; i < N_PARTS; i++) {
		struct json_object *value = member(object, part_names[i]);

		texts[i] = NULL;
		if (!value)
			continue;
		if (i != SPORT && i != DPORT) {
			texts[i] = json_get_text(value);
			if (!texts[i])
				return fail(error, "%s is not a text",
					    part_names[i]);
			continue;
		}
		if (json_get_u64(value, UINT16_MAX, &port))
			return fail(error, "%s is not a port", part_names[i]);
		snprintf(ports[i], sizeof(ports[i]), "%" PRIu64, port);
		texts[i] = ports[i];
	}
	return parse_key(key, texts, error);
}

static bool is_known(const char *name, bool start)
{
	size_t i;

	for (i = 0; i < N_PARTS; i++)
		if (!strcmp(name, part_names[i]))
			return true;
	for (i = 0; start && i < N_MORE; i++)
		if (!strcmp(name, more_names[i]))
			return true;
	return false;
}

/* The body as an object with known members only. NULL: error says why. */
static struct json_object *parse_body(const struct page_request *request,
				      bool start,
				      char error[static FLOW_INPUT_ERROR_MAX])
{
	struct json_object_iterator it, end;
	char why[JSON_ERROR_MAX];
	struct json_object *object;

	object = json_parse(request->body, request->body_len, why);
	if (!object) {
		fail(error, "%s", why);
		return NULL;
	}
	if (!json_object_is_type(object, json_type_object)) {
		fail(error, "the body is not an object");
		goto bad;
	}
	end = json_object_iter_end(object);
	for (it = json_object_iter_begin(object);
	     !json_object_iter_equal(&it, &end); json_object_iter_next(&it)) {
		if (is_known(json_object_iter_peek_name(&it), start))
			continue;
		fail(error, "\"%.64s\" is not known here",
		     json_object_iter_peek_name(&it));
		goto bad;
	}
	return object;
bad:
	json_object_put(object);
	return NULL;
}

int flow_input_key(struct flow_key *key, const struct page_request *request,
		   char error[static FLOW_INPUT_ERROR_MAX])
{
	struct json_object *object = parse_body(request, false, error);
	int ret;

	if (!object)
		return -EINVAL;
	ret = key_member(key, object, error);
	json_object_put(object);
	return ret;
}

static int id_member(uint32_t *id, struct json_object *object, const char *name,
		     char error[static FLOW_INPUT_ERROR_MAX])
{
	uint64_t number;

	if (json_get_u64(member(object, name), UINT32_MAX, &number))
		return fail(error, "%s is not an id", name);
	*id = number;
	return 0;
}

static int optional_members(struct firefly *said, struct json_object *object,
			    char error[static FLOW_INPUT_ERROR_MAX])
{
	struct json_object *application = member(object, "application");
	struct json_object *time = member(object, "start-time");
	const char *text;

	if (application) {
		text = json_get_text(application);
		if (!text || strlen(text) >= sizeof(said->application))
			return fail(error,
				    "application is not a text of %zu octets "
				    "at most",
				    sizeof(said->application) - 1);
		snprintf(said->application, sizeof(said->application), "%s",
			 text);
	}
	if (time) {
		text = json_get_text(time);
		if (!text || timestamp_parse(&said->start_us, text))
			return fail(error, "start-time is not a time");
	}
	return 0;
}

int flow_input_start(struct firefly *said, const struct page_request *request,
		     char error[static FLOW_INPUT_ERROR_MAX])
{
	struct json_object *object = parse_body(request, true, error);
	struct flow_key key;
	int ret;

	if (!object)
		return -EINVAL;
	ret = key_member(&key, object, error);
	if (!ret) {
		firefly_init(said, FIREFLY_START, &key);
		said->has_ids = true;
		ret = id_member(&said->experiment, object, "experiment", error);
	}
	if (!ret)
		ret = id_member(&said->activity, object, "activity", error);
	if (!ret)
		ret = optional_members(said, object, error);
	json_object_put(object);
	return ret;
}
