// SPDX-License-Identifier: GPL-2.0
/*
 * State files. What is restored from one, written and read again is the same;
 * then the flows are resumed, and end, in fireflies that can be read.
 */
#include <stdbool.h>
#include <string.h>

#include <uapi/linux/scitag.h>

#include "config.h"
#include "firefly.h"
#include "flow.h"
#include "flows.h"
#include "fuzz.h"
#include "log.h"
#include "state_line.h"

#define BOOT_ID " 8f6e"

static void mark(void *data, const struct flow *flow)
{
	struct flow_key keys[2];
	size_t n = flow_egress_keys(flow, keys);

	(void)data;
	require(n == 1 || n == 2);
}

static void unmark(void *data, const struct flow *flow)
{
	(void)data;
	(void)flow;
}

/* The kernel has none of them. */
static void sample(void *data, const struct flow *flow,
		   struct snapshot *snapshot)
{
	(void)data;
	(void)flow;
	memset(snapshot, 0, sizeof(*snapshot));
}

static bool is_gone(void *data, const struct flow *flow)
{
	(void)data;
	(void)flow;
	return true;
}

static bool is_there(void *data)
{
	(void)data;
	return true;
}

static void report(void *data, const struct flow *flow,
		   const struct firefly *firefly)
{
	char out[FIREFLY_MAX + 1], error[FIREFLY_ERROR_MAX];
	struct firefly_sender sender;
	struct firefly again;
	int len;

	(void)data;
	(void)flow;
	len = firefly_format(out, firefly, "host", "scitagd", 0);
	require(len > 0);
	require(!firefly_parse(&again, &sender, out, len, error));
	require(flow_key_equal(&again.key, &firefly->key));
	require(again.state == firefly->state);
}

static struct flows *new_flows(void)
{
	static struct config config = {
		.marks = SCITAG_MARK_LABEL,
		.layout = FLOW_LAYOUT_DEFAULT,
		.max_flows = 1000,
	};
	static const struct flows_calls calls = {
		.mark = mark,
		.unmark = unmark,
		.sample = sample,
		.is_gone = is_gone,
		.is_there = is_there,
		.report = report,
	};
	static struct local *local;
	struct flows *flows;

	require(local || !local_new(&local, NULL, 0));
	require(!flows_new(&flows, &config, local, &calls));
	return flows;
}

/* NULL: it is no state file. */
static struct flows *read_text(const char *text, size_t len)
{
	struct flows *flows = new_flows();
	struct state_reader *reader;
	struct state_header header;
	const char *error = NULL;
	unsigned int number;
	int ret;

	require(!state_reader_new(&reader, text, len));
	ret = state_reader_run(reader, &header, &number, &error);
	if (ret) {
		require(error);
		flows_free(flows);
		flows = NULL;
	} else {
		require(strlen(header.boot_id) < STATE_BOOT_ID_MAX);
		require(!state_reader_restore(reader, flows));
	}
	state_reader_free(reader);
	return flows;
}

/* The caller's to free. */
static char *write_text(const struct flows *flows, size_t *len)
{
	const struct flow *flow = flows_first(flows);
	char line[STATE_LINE_MAX];
	char *text;
	FILE *file = open_memstream(&text, len);

	require(file);
	fputs(STATE_CURRENT BOOT_ID "\n", file);
	for (; flow; flow = TAILQ_NEXT(flow, link)) {
		fputs(state_line_open(line, flow), file);
		if (flow->end_us != FIREFLY_UNKNOWN)
			fputs(state_line_ending(line, flow), file);
		if (flow->told)
			fputs(state_line_told(line, flow), file);
	}
	fclose(file);
	return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct flows *flows, *again;
	char *text, *text_again;
	size_t len, len_again;

	log_set_level(LOG_ERR);
	flows = read_text((const char *)data, size);
	if (!flows)
		return 0;
	text = write_text(flows, &len);
	again = read_text(text, len);
	require(again);
	require(flows_count(again) == flows_count(flows));
	text_again = write_text(again, &len_again);
	require(!strcmp(text, text_again));
	flows_resume(flows);
	flows_end_all(flows);
	require(!flows_count(flows));
	flows_end_before(again, 0);
	require(!flows_count(again));
	flows_free(flows);
	flows_free(again);
	free(text);
	free(text_again);
	return 0;
}
