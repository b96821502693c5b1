// SPDX-License-Identifier: GPL-2.0
#include "daemon_json.h"

#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <json-c/json_pointer.h>
#include <stdarg.h>
#include <stdint.h>
#include <time.h>

#include "http_client.h"
#include "json_util.h"

#define MESSAGES_SHOWN 5
#define DAY_S 86400

int daemon_json_get(struct json_object **out, const char *socket_path)
{
	struct json_object *status, *health;
	int ret;

	ret = http_client_get(socket_path, "/v1/status", &status);
	if (ret)
		return ret;
	ret = http_client_get(socket_path, "/health", &health);
	if (!ret && (!json_object_is_type(status, json_type_object) ||
		     !json_object_is_type(health, json_type_object))) {
		json_object_put(health);
		ret = -EBADMSG;
	}
	if (ret) {
		json_object_put(status);
		return ret;
	}
	json_add(status, "health", health);
	*out = status;
	return 0;
}

/* A number in the object, 0 if it is not there. */
static uint64_t number(struct json_object *object, const char *pointer)
{
	struct json_object *value = NULL;
	uint64_t result = 0;

	if (json_pointer_get(object, pointer, &value) ||
	    json_get_u64(value, UINT64_MAX, &result))
		return 0;
	return result;
}

static const char *text_of(struct json_object *object, const char *pointer)
{
	struct json_object *value = NULL;

	if (json_pointer_get(object, pointer, &value) || !value)
		return "?";
	return json_object_get_string(value);
}

static bool is_there(struct json_object *object)
{
	struct json_object *daemon;

	return json_object_object_get_ex(object, "daemon", &daemon) && daemon;
}

/* "5 d 3 h", "4 min": since seconds. */
static void put_time(char *buf, size_t size, int64_t seconds)
{
	if (seconds < 0)
		seconds = 0;
	if (seconds < 120)
		snprintf(buf, size, "%" PRId64 " s", seconds);
	else if (seconds < 2 * 3600)
		snprintf(buf, size, "%" PRId64 " min", seconds / 60);
	else if (seconds < 2 * DAY_S)
		snprintf(buf, size, "%" PRId64 " h", seconds / 3600);
	else
		snprintf(buf, size, "%" PRId64 " d %" PRId64 " h",
			 seconds / DAY_S, seconds % DAY_S / 3600);
}

void daemon_text_state(char buf[static OUTPUT_TEXT_MAX],
		       struct json_object *object)
{
	struct json_object *healthy = NULL;
	char since[64];

	if (!is_there(object))
		return;
	json_pointer_get(object, "/daemon/health/healthy", &healthy);
	put_time(since, sizeof(since),
		 time(NULL) - (int64_t)number(object, "/daemon/start-time"));
	snprintf(buf, OUTPUT_TEXT_MAX, "version %s, running for %s, %s",
		 text_of(object, "/daemon/version"), since,
		 json_object_get_boolean(healthy) ? "healthy" : "not healthy");
}

void daemon_text_flows(char buf[static OUTPUT_TEXT_MAX],
		       struct json_object *object)
{
	if (!is_there(object))
		return;
	snprintf(buf, OUTPUT_TEXT_MAX,
		 "%" PRIu64 " open of at most %" PRIu64 "; %" PRIu64
		 " started (%" PRIu64 " by the kernel), %" PRIu64
		 " ended, %" PRIu64 " refused, %" PRIu64 " late, %" PRIu64
		 " not marked",
		 number(object, "/daemon/flows/open"),
		 number(object, "/daemon/flows/max"),
		 number(object, "/daemon/flows/started"),
		 number(object, "/daemon/flows/started-by-kernel"),
		 number(object, "/daemon/flows/ended"),
		 number(object, "/daemon/flows/refused"),
		 number(object, "/daemon/flows/late"),
		 number(object, "/daemon/kernel/flows-failed"));
}

static void append(char buf[static OUTPUT_TEXT_MAX], size_t *used,
		   const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* What does not fit is cut off. */
static void append(char buf[static OUTPUT_TEXT_MAX], size_t *used,
		   const char *format, ...)
{
	va_list ap;
	int len;

	va_start(ap, format);
	len = vsnprintf(buf + *used, OUTPUT_TEXT_MAX - *used, format, ap);
	va_end(ap);
	*used += len;
	if (*used >= OUTPUT_TEXT_MAX)
		*used = OUTPUT_TEXT_MAX - 1;
}

/* A line for each object of an array. */
static void put_each(char buf[static OUTPUT_TEXT_MAX],
		     struct json_object *object, const char *pointer,
		     size_t max,
		     void (*put)(char buf[static OUTPUT_TEXT_MAX], size_t *used,
				 struct json_object *item))
{
	struct json_object *array = NULL;
	size_t used = 0;
	size_t i, n;

	if (json_pointer_get(object, pointer, &array) ||
	    !json_object_is_type(array, json_type_array))
		return;
	n = json_object_array_length(array);
	for (i = 0; i < n && i < max; i++) {
		if (i)
			append(buf, &used, "\n");
		put(buf, &used, json_object_array_get_idx(array, i));
	}
}

static void put_pipe(char buf[static OUTPUT_TEXT_MAX], size_t *used,
		     struct json_object *pipe)
{
	append(buf, used, "%s: %" PRIu64 " lines, %" PRIu64 " bad",
	       text_of(pipe, "/path"), number(pipe, "/lines"),
	       number(pipe, "/bad"));
}

void daemon_text_pipes(char buf[static OUTPUT_TEXT_MAX],
		       struct json_object *object)
{
	put_each(buf, object, "/daemon/pipes", SIZE_MAX, put_pipe);
}

static void put_receiver(char buf[static OUTPUT_TEXT_MAX], size_t *used,
			 struct json_object *receiver)
{
	append(buf, used,
	       "%s: %" PRIu64 " fireflies, %" PRIu64 " bad, %" PRIu64 " lost",
	       text_of(receiver, "/listen"), number(receiver, "/received"),
	       number(receiver, "/bad"), number(receiver, "/lost"));
}

void daemon_text_receivers(char buf[static OUTPUT_TEXT_MAX],
			   struct json_object *object)
{
	put_each(buf, object, "/daemon/receivers", SIZE_MAX, put_receiver);
}

void daemon_text_fireflies(char buf[static OUTPUT_TEXT_MAX],
			   struct json_object *object)
{
	if (!is_there(object))
		return;
	snprintf(buf, OUTPUT_TEXT_MAX,
		 "%" PRIu64 " sent, %" PRIu64 " not; %" PRIu64
		 " collectors are left out",
		 number(object, "/daemon/fireflies/sent"),
		 number(object, "/daemon/fireflies/failed"),
		 number(object, "/daemon/fireflies/collectors-left-out"));
}

static void put_collector(char buf[static OUTPUT_TEXT_MAX], size_t *used,
			  struct json_object *collector)
{
	struct json_object *is_used = NULL;

	json_pointer_get(collector, "/used", &is_used);
	append(buf, used, "%s (%s)%s", text_of(collector, "/collector"),
	       text_of(collector, "/address"),
	       json_object_get_boolean(is_used) ? "" : ": left out");
}

void daemon_text_collectors(char buf[static OUTPUT_TEXT_MAX],
			    struct json_object *object)
{
	put_each(buf, object, "/daemon/collectors", SIZE_MAX, put_collector);
}

static void put_message(char buf[static OUTPUT_TEXT_MAX], size_t *used,
			struct json_object *message)
{
	time_t when = number(message, "/time");
	char text[32] = "?";
	struct tm tm;

	if (localtime_r(&when, &tm))
		strftime(text, sizeof(text), "%F %T", &tm);
	append(buf, used, "%s %s: %s", text, text_of(message, "/level"),
	       text_of(message, "/text"));
}

void daemon_text_messages(char buf[static OUTPUT_TEXT_MAX],
			  struct json_object *object)
{
	put_each(buf, object, "/daemon/messages", MESSAGES_SHOWN, put_message);
}
