// SPDX-License-Identifier: GPL-2.0
#include "recording.h"

#include <errno.h>
#include <json-c/json.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "json_util.h"

/* A file that is being read. */
struct reader {
	struct recording *recording;
	uint32_t flow; /* 0: all */
	unsigned long line;
	char *error;
};

static int fail(const struct reader *reader, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static int fail(const struct reader *reader, const char *format, ...)
{
	va_list args;
	int len;

	len = snprintf(reader->error, RECORDING_ERROR_MAX,
		       "%lu: ", reader->line);
	va_start(args, format);
	vsnprintf(reader->error + len, RECORDING_ERROR_MAX - len, format, args);
	va_end(args);
	return -EINVAL;
}

static int no_memory(const struct reader *reader)
{
	snprintf(reader->error, RECORDING_ERROR_MAX, "%s", strerror(ENOMEM));
	return -ENOMEM;
}

/* Room for one more element; returns the array, or NULL. */
static void *grow(void *array, size_t n, size_t *size, size_t element)
{
	size_t more = *size ? *size * 2 : 16;
	void *bigger;

	if (n < *size)
		return array;
	bigger = realloc(array, more * element);
	if (bigger)
		*size = more;
	return bigger;
}

/* The flow with this id, a new one if need be; NULL: no memory. */
static struct recorded_flow *find_flow(struct recording *recording, uint32_t id)
{
	struct recorded_flow *flows = recording->flows;
	size_t i;

	for (i = 0; i < recording->n_flows; i++)
		if (flows[i].id == id)
			return &flows[i];
	flows = grow(flows, recording->n_flows, &recording->size,
		     sizeof(*flows));
	if (!flows)
		return NULL;
	recording->flows = flows;
	flows += recording->n_flows++;
	memset(flows, 0, sizeof(*flows));
	flows->id = id;
	return flows;
}

/* A number that has to be there. */
static int get_number(const struct reader *reader, struct json_object *object,
		      const char *key, uint64_t max, uint64_t *value)
{
	struct json_object *number = NULL;

	json_object_object_get_ex(object, key, &number);
	if (!number)
		return fail(reader, "\"%s\" is missing", key);
	if (json_get_u64(number, max, value))
		return fail(reader, "\"%s\" is not a number of 0..%ju", key,
			    (uintmax_t)max);
	return 0;
}

/* One that need not be there: then *value becomes NAN. */
static int get_double(const struct reader *reader, struct json_object *object,
		      const char *key, double divisor, double *value)
{
	struct json_object *number = NULL;
	uint64_t n;
	int ret;

	*value = NAN;
	if (object)
		json_object_object_get_ex(object, key, &number);
	if (!number)
		return 0;
	ret = get_number(reader, object, key, UINT64_MAX, &n);
	if (!ret)
		*value = n / divisor;
	return ret;
}

static int get_values(const struct reader *reader, struct json_object *object,
		      double value[static SERIES_COUNT],
		      double octets[static 2])
{
	struct json_object *tcp = NULL;
	int ret;

	json_object_object_get_ex(object, "tcp-info", &tcp);
	if (tcp && !json_object_is_type(tcp, json_type_object))
		return fail(reader, "\"tcp-info\" is not an object");
	ret = get_double(reader, tcp, "rtt", 1000, &value[SERIES_RTT]);
	if (!ret)
		ret = get_double(reader, tcp, "rttvar", 1000,
				 &value[SERIES_RTTVAR]);
	if (!ret)
		ret = get_double(reader, tcp, "snd_cwnd", 1,
				 &value[SERIES_CWND]);
	if (!ret)
		ret = get_double(reader, tcp, "pmtu", 1, &value[SERIES_PMTU]);
	/* Datagrams are not acknowledged: what left is all there is. */
	if (!ret)
		ret = get_double(reader, tcp ? tcp : object,
				 tcp ? "bytes_acked" : "bytes", 1, &octets[0]);
	if (!ret)
		ret = get_double(reader, tcp, "bytes_received", 1, &octets[1]);
	return ret;
}

/* Mbit/s; a counter that fell is that of another connection. */
static double rate(double before, double now, double seconds)
{
	return now >= before ? (now - before) / 125000 / seconds : NAN;
}

/* Two of the same moment are one: an end has the last one once more. */
static int add_sample(const struct reader *reader, struct recorded_flow *flow,
		      struct json_object *object, uint64_t time_ns)
{
	double seconds = (time_ns - flow->last_ns) / 1e9;
	struct sample *sample = flow->samples;
	double octets[2];
	int ret;

	if (flow->n_samples && time_ns <= flow->last_ns)
		return 0;
	sample = grow(sample, flow->n_samples, &flow->size, sizeof(*sample));
	if (!sample)
		return no_memory(reader);
	flow->samples = sample;
	sample += flow->n_samples;
	sample->time = time_ns / 1e9;
	ret = get_values(reader, object, sample->value, octets);
	if (ret)
		return ret;
	sample->value[SERIES_SENT] = NAN;
	sample->value[SERIES_RECEIVED] = NAN;
	if (flow->n_samples++) {
		sample->value[SERIES_SENT] =
			rate(flow->octets[0], octets[0], seconds);
		sample->value[SERIES_RECEIVED] =
			rate(flow->octets[1], octets[1], seconds);
	}
	flow->last_ns = time_ns;
	memcpy(flow->octets, octets, sizeof(octets));
	return 0;
}

static int take_snapshot(const struct reader *reader,
			 struct json_object *object)
{
	struct recorded_flow *flow;
	uint64_t id, time_ns;
	int ret;

	ret = get_number(reader, object, "flow-id", UINT32_MAX, &id);
	if (!ret)
		ret = get_number(reader, object, "time", INT64_MAX, &time_ns);
	if (ret || (reader->flow && reader->flow != id))
		return ret;
	flow = find_flow(reader->recording, id);
	return flow ? add_sample(reader, flow, object, time_ns) :
		      no_memory(reader);
}

/* A text or number that has to be there, as text. */
static const char *get_text(struct json_object *object, const char *key)
{
	struct json_object *value = NULL;

	json_object_object_get_ex(object, key, &value);
	return value ? json_object_get_string(value) : NULL;
}

/* The name if there is one, and the number otherwise. */
static const char *get_name(struct json_object *object, const char *name,
			    const char *number)
{
	const char *text = get_text(object, name);

	return text ? text : get_text(object, number);
}

static int name_flow(const struct reader *reader, struct recorded_flow *flow,
		     struct json_object *object)
{
	static const char *const keys[] = {
		"protocol", "src",	  "sport",    "dst",
		"dport",    "experiment", "activity",
	};
	size_t i;

	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (!get_text(object, keys[i]))
			return fail(reader, "\"%s\" is missing", keys[i]);
	snprintf(flow->name, sizeof(flow->name),
		 "%s %s port %s to %s port %s, %s/%s",
		 get_text(object, "protocol"), get_text(object, "src"),
		 get_text(object, "sport"), get_text(object, "dst"),
		 get_text(object, "dport"),
		 get_name(object, "experiment-name", "experiment"),
		 get_name(object, "activity-name", "activity"));
	return 0;
}

static int take_flow(const struct reader *reader, struct json_object *object)
{
	struct json_object *snapshot = NULL;
	struct recorded_flow *flow;
	uint64_t id;
	int ret;

	ret = get_number(reader, object, "id", UINT32_MAX, &id);
	if (ret || (reader->flow && reader->flow != id))
		return ret;
	flow = find_flow(reader->recording, id);
	if (!flow)
		return no_memory(reader);
	ret = name_flow(reader, flow, object);
	if (ret)
		return ret;
	json_object_object_get_ex(object, "snapshot", &snapshot);
	return snapshot ? take_snapshot(reader, snapshot) : 0;
}

/* What else there is, or may be once, is of no interest here. */
static int take_object(const struct reader *reader, struct json_object *object)
{
	static const char *const flow_events[] = {
		"flow",
		"new",
		"update",
		"end",
	};
	const char *event;
	size_t i;

	if (!json_object_is_type(object, json_type_object))
		return fail(reader, "this is not an object");
	event = get_text(object, "event");
	if (!event)
		return fail(reader, "\"event\" is missing");
	if (strcmp(event, "snapshot") == 0)
		return take_snapshot(reader, object);
	for (i = 0; i < sizeof(flow_events) / sizeof(flow_events[0]); i++)
		if (strcmp(event, flow_events[i]) == 0)
			return take_flow(reader, object);
	return 0;
}

static int take_line(const struct reader *reader, char *text, size_t len)
{
	char error[JSON_ERROR_MAX];
	struct json_object *object;
	const char *reason;
	int ret;

	if (strspn(text, " \t\r\n") == len)
		return 0;
	object = json_parse(text, len, error);
	if (!object) {
		/* Its lines are those of the text, which has but one. */
		reason = strchr(error, ' ');
		reason = reason ? strchr(reason, ':') : NULL;
		return fail(reader, "%s", reason ? reason + 2 : error);
	}
	ret = take_object(reader, object);
	json_object_put(object);
	return ret;
}

/* Flows that were only named. */
static void drop_empty(struct recording *recording)
{
	size_t i, kept = 0;

	for (i = 0; i < recording->n_flows; i++)
		if (recording->flows[i].n_samples)
			recording->flows[kept++] = recording->flows[i];
		else
			free(recording->flows[i].samples);
	recording->n_flows = kept;
}

int recording_read(struct recording *recording, FILE *file, uint32_t flow,
		   char error[static RECORDING_ERROR_MAX])
{
	struct reader reader = { recording, flow, 0, error };
	size_t size = 0;
	char *text = NULL;
	ssize_t len;
	int ret = 0;

	memset(recording, 0, sizeof(*recording));
	while (!ret && (len = getline(&text, &size, file)) >= 0) {
		reader.line++;
		ret = take_line(&reader, text, len);
	}
	if (!ret && ferror(file)) {
		ret = errno ? -errno : -EIO;
		snprintf(error, RECORDING_ERROR_MAX, "%s", strerror(-ret));
	}
	free(text);
	drop_empty(recording);
	return ret;
}

void recording_exit(struct recording *recording)
{
	size_t i;

	for (i = 0; i < recording->n_flows; i++)
		free(recording->flows[i].samples);
	free(recording->flows);
}
