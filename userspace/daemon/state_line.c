// SPDX-License-Identifier: GPL-2.0
#include "state_line.h"

#include <errno.h>
#include <inttypes.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "number.h"

/* Words of a line of "open", less the application. */
#define WORDS_MAX 13

static const char *const origins[] = {
	[FLOW_ANNOUNCED] = "announced",
	[FLOW_OF_RULE] = "rule",
	[FLOW_OF_HAND] = "hand",
};

static const char *const sides[] = {
	[LOCAL_NONE] = "none",
	[LOCAL_SRC] = "src",
	[LOCAL_DST] = "dst",
	[LOCAL_BOTH] = "both",
};

#define COUNT(names) (sizeof(names) / sizeof(names[0]))

/* What would end the line becomes a blank. */
static void add_application(char buf[static STATE_LINE_MAX],
			    const char *application)
{
	size_t used = strlen(buf);
	char *c;

	snprintf(buf + used, STATE_LINE_MAX - used, " %s", application);
	for (c = buf + used; *c; c++)
		if (*c == '\n')
			*c = ' ';
}

const char *state_line_open(char buf[static STATE_LINE_MAX],
			    const struct flow *flow)
{
	char src[ADDR_TEXT_MAX], dst[ADDR_TEXT_MAX];
	const struct flow_key *key = &flow->key;

	/* The newline needs a place behind the longest application. */
	snprintf(buf, STATE_LINE_MAX - 1,
		 "open %" PRIu64 " %s %s %s %s %u %s %u %u %u %" PRId64 " %u",
		 flow->number, origins[flow->origin], sides[flow->side],
		 protocol_name(key->protocol), addr_format(&key->src, src),
		 key->sport, addr_format(&key->dst, dst), key->dport,
		 flow->experiment, flow->activity, flow->start_us,
		 flow->kernel_id);
	if (flow->application)
		add_application(buf, flow->application);
	return strcat(buf, "\n");
}

const char *state_line_ending(char buf[static STATE_LINE_MAX],
			      const struct flow *flow)
{
	snprintf(buf, STATE_LINE_MAX, "ending %" PRIu64 " %" PRId64 "\n",
		 flow->number, flow->end_us);
	return buf;
}

const char *state_line_told(char buf[static STATE_LINE_MAX],
			    const struct flow *flow)
{
	snprintf(buf, STATE_LINE_MAX, "told %" PRIu64 "\n", flow->number);
	return buf;
}

const char *state_line_format(char buf[static STATE_LINE_MAX],
			      const struct flow *flow, enum flow_note what)
{
	switch (what) {
	case FLOW_NOTE_OPENED:
		return state_line_open(buf, flow);
	case FLOW_NOTE_ENDING:
		return state_line_ending(buf, flow);
	case FLOW_NOTE_TOLD:
		return state_line_told(buf, flow);
	case FLOW_NOTE_CLOSED:
		break;
	}
	snprintf(buf, STATE_LINE_MAX, "closed %" PRIu64 "\n", flow->number);
	return buf;
}

struct state_reader {
	const char *text;
	size_t len;
	void *by_number; /* as in table.h */
	struct flow_list list; /* in the order of the file */
};

static int compare(const void *a, const void *b)
{
	const struct flow *flow_a = a, *flow_b = b;

	return (flow_a->number > flow_b->number) -
	       (flow_a->number < flow_b->number);
}

int state_reader_new(struct state_reader **out, const char *text, size_t len)
{
	struct state_reader *reader = calloc(1, sizeof(*reader));

	if (!reader)
		return -ENOMEM;
	reader->text = text;
	reader->len = len;
	TAILQ_INIT(&reader->list);
	*out = reader;
	return 0;
}

static void remove_flow(struct state_reader *reader, struct flow *flow)
{
	tdelete(flow, &reader->by_number, compare);
	TAILQ_REMOVE(&reader->list, flow, link);
	free(flow->application);
	free(flow);
}

void state_reader_free(struct state_reader *reader)
{
	if (!reader)
		return;
	while (!TAILQ_EMPTY(&reader->list))
		remove_flow(reader, TAILQ_FIRST(&reader->list));
	free(reader);
}

static int parse_name(const char *const *names, size_t n, const char *text)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!strcmp(text, names[i]))
			return i;
	return -1;
}

static bool parse_number(uint64_t *value, const char *text, uint64_t max)
{
	return !decimal_parse(value, text, max);
}

static bool parse_key(struct flow_key *key, char *const words[])
{
	return !protocol_parse(&key->protocol, words[0]) &&
	       !addr_parse(&key->src, words[1]) &&
	       !port_parse(&key->sport, words[2]) &&
	       !addr_parse(&key->dst, words[3]) &&
	       !port_parse(&key->dport, words[4]) &&
	       key->src.family == key->dst.family;
}

/* Words from ORIGIN on. */
static bool parse_flow(struct flow *flow, char *const words[])
{
	int origin = parse_name(origins, COUNT(origins), words[0]);
	int side = parse_name(sides, COUNT(sides), words[1]);
	uint64_t experiment, activity, start_us, kernel_id;

	if (origin < 0 || side < 0 || !parse_key(&flow->key, words + 2) ||
	    !parse_number(&experiment, words[7], UINT32_MAX) ||
	    !parse_number(&activity, words[8], UINT32_MAX) ||
	    !parse_number(&start_us, words[9], INT64_MAX) ||
	    !parse_number(&kernel_id, words[10], UINT32_MAX))
		return false;
	flow->origin = origin;
	flow->side = side;
	flow->experiment = experiment;
	flow->activity = activity;
	flow->start_us = start_us;
	flow->end_us = FIREFLY_UNKNOWN;
	flow->kernel_id = kernel_id;
	flow->told = false;
	return true;
}

static struct flow *find(const struct state_reader *reader, uint64_t number)
{
	const struct flow wanted = { .number = number };
	void *node = tfind(&wanted, &reader->by_number, compare);

	return node ? *(struct flow **)node : NULL;
}

static struct flow *add(struct state_reader *reader, uint64_t number)
{
	struct flow *flow = calloc(1, sizeof(*flow));

	if (!flow)
		return NULL;
	flow->number = number;
	if (!tsearch(flow, &reader->by_number, compare)) {
		free(flow);
		return NULL;
	}
	TAILQ_INSERT_TAIL(&reader->list, flow, link);
	return flow;
}

/* A second "open" of a flow says what it is from then on. */
static int read_open(struct state_reader *reader, uint64_t number,
		     char *const words[], size_t n, const char *application)
{
	struct flow *flow;

	if (n != WORDS_MAX)
		return -EINVAL;
	flow = find(reader, number);
	if (!flow)
		flow = add(reader, number);
	if (!flow)
		return -ENOMEM;
	if (!parse_flow(flow, words + 2))
		return -EINVAL;
	free(flow->application);
	flow->application = NULL;
	if (!application)
		return 0;
	flow->application = strdup(application);
	return flow->application ? 0 : -ENOMEM;
}

/* What happened to a flow that is open. */
static int read_other(struct state_reader *reader, uint64_t number,
		      char *const words[], size_t n)
{
	struct flow *flow = find(reader, number);
	uint64_t end_us;

	if (!flow)
		return -EINVAL;
	if (!strcmp(words[0], "told") && n == 2) {
		flow->told = true;
	} else if (!strcmp(words[0], "closed") && n == 2) {
		remove_flow(reader, flow);
	} else if (!strcmp(words[0], "ending") && n == 3 &&
		   parse_number(&end_us, words[2], INT64_MAX)) {
		flow->end_us = end_us;
		flow->told = false;
	} else {
		return -EINVAL;
	}
	return 0;
}

static int read_line(struct state_reader *reader, char *line)
{
	char *words[WORDS_MAX];
	uint64_t number;
	char *rest = line;
	size_t n = 0;

	while (rest && n < WORDS_MAX)
		words[n++] = strsep(&rest, " ");
	if (n < 2 || !parse_number(&number, words[1], UINT64_MAX))
		return -EINVAL;
	if (!strcmp(words[0], "open"))
		return read_open(reader, number, words, n, rest);
	return rest ? -EINVAL : read_other(reader, number, words, n);
}

static int read_header(struct state_header *header, const char *line)
{
	size_t len = strlen(STATE_CURRENT);

	header->is_old = !strncmp(line, STATE_OLD, len);
	if (!header->is_old && strncmp(line, STATE_CURRENT, len))
		return -EINVAL;
	if (line[len] != ' ' ||
	    strlen(line + len + 1) >= sizeof(header->boot_id))
		return -EINVAL;
	strcpy(header->boot_id, line + len + 1);
	return 0;
}

int state_reader_run(struct state_reader *reader, struct state_header *header,
		     unsigned int *number, const char **error)
{
	const char *text = reader->text, *end = text + reader->len;
	char line[STATE_LINE_MAX];
	const char *newline;
	int ret = 0;

	*number = 0;
	for (; !ret && (newline = memchr(text, '\n', end - text));
	     text = newline + 1) {
		size_t len = newline - text;

		++*number;
		if (len >= sizeof(line) || memchr(text, '\0', len)) {
			*error = "not a line of a state file";
			return -EINVAL;
		}
		memcpy(line, text, len);
		line[len] = '\0';
		ret = *number == 1 ? read_header(header, line) :
				     read_line(reader, line);
	}
	if (!ret && !*number)
		ret = -EINVAL;
	if (ret == -EINVAL)
		*error = *number > 1 ? "not understood" :
				       "not a state file of this version";
	return ret;
}

int state_reader_restore(struct state_reader *reader, struct flows *flows)
{
	const struct flow *flow;
	int ret = 0;

	TAILQ_FOREACH(flow, &reader->list, link)
	{
		ret = flows_restore(flows, flow);
		/* Of two that are one the older is. */
		if (ret == -ENOMEM)
			return ret;
	}
	return 0;
}
