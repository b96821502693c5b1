// SPDX-License-Identifier: GPL-2.0
#include "page_metrics.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "config.h"
#include "emitter.h"
#include "flow_metrics.h"
#include "flows.h"
#include "genl.h"
#include "kernel.h"
#include "kernel_events.h"
#include "openmetrics.h"
#include "pages.h"
#include "pipe.h"
#include "receiver.h"
#include "sources.h"
#include "tag_metrics.h"

#define LABELS_MAX 1024

/* A family of one number without labels. */
static void number(const struct openmetrics *om, enum openmetrics_kind kind,
		   const char *name, const char *help, uint64_t value)
{
	const struct openmetrics_family family = {
		.name = name,
		.kind = kind,
		.help = help,
	};

	openmetrics_begin(om, &family);
	openmetrics_sample(om, &family, "", value);
}

static void counter(const struct openmetrics *om, const char *name,
		    const char *help, uint64_t value)
{
	number(om, OPENMETRICS_COUNTER, name, help, value);
}

static void gauge(const struct openmetrics *om, const char *name,
		  const char *help, uint64_t value)
{
	number(om, OPENMETRICS_GAUGE, name, help, value);
}

static void info(const struct openmetrics *om, const char *name,
		 const char *help, const char *version)
{
	const struct openmetrics_family family = {
		.name = name,
		.kind = OPENMETRICS_INFO,
		.help = help,
	};
	char labels[LABELS_MAX] = "";

	openmetrics_label(labels, sizeof(labels), "version", version);
	openmetrics_begin(om, &family);
	openmetrics_sample(om, &family, labels, 1);
}

static void put_daemon(const struct openmetrics *om, const struct pages *pages)
{
	static const struct openmetrics_family start = {
		.name = "scitagd_start_time_seconds",
		.unit = "seconds",
		.help = "When the daemon started, since 1970",
	};

	info(om, "scitagd_build", "The daemon", SCITAG_VERSION);
	openmetrics_begin(om, &start);
	openmetrics_sample(om, &start, "", pages->start_s);
}

static void put_flows(const struct openmetrics *om, const struct pages *pages)
{
	const struct flows_counters *c = flows_counters(pages->flows);

	gauge(om, "scitagd_flows_open", "Flows that are open",
	      flows_count(pages->flows));
	gauge(om, "scitagd_flows_max", "Flows that may be open (max-flows)",
	      pages->config->max_flows);
	counter(om, "scitagd_flows_started", "Flows that started", c->started);
	counter(om, "scitagd_flows_retagged",
		"Starts of open flows with other ids", c->retagged);
	counter(om, "scitagd_flows_repeated",
		"Starts of open flows with the same ids", c->repeated);
	counter(om, "scitagd_flows_ended", "Flows that ended", c->ended);
	counter(om, "scitagd_flows_ended_by_kernel",
		"Of these, those that the kernel ended", c->kernel_ended);
	counter(om, "scitagd_flows_ended_unheard",
		"Of these, those whose end was lost", c->missed);
	counter(om, "scitagd_flows_unknown_ends",
		"Ends of flows that were not open", c->unknown);
	counter(om, "scitagd_flows_refused", "Starts that were refused",
		c->refused);
}

static void put_fireflies(const struct openmetrics *om,
			  const struct pages *pages)
{
	struct emitter_counters c = emitter_counters(pages->emitter);

	counter(om, "scitagd_fireflies_sent", "Datagrams sent", c.sent);
	counter(om, "scitagd_fireflies_failed",
		"Datagrams that could not be sent", c.failed);
	counter(om, "scitagd_fireflies_unresolved",
		"Fireflies for collectors without address", c.unresolved);
	counter(om, "scitagd_fireflies_limited",
		"Datagrams beyond fireflies.rate", c.limited);
	counter(om, "scitagd_fireflies_limited_ongoing",
		"Of these, those of flows that go on", c.limited_ongoing);
	counter(om, "scitagd_fireflies_excluded",
		"Fireflies not for a remote address (fireflies.exclude)",
		c.excluded);
	counter(om, "scitagd_fireflies_filtered",
		"Fireflies that a collector did not want", c.filtered);
	counter(om, "scitagd_fireflies_unfit",
		"Fireflies that could not be written", c.unfit);
	counter(om, "scitagd_fireflies_ongoing",
		"Ongoing fireflies, sent to one or many",
		flows_counters(pages->flows)->ongoing);
	gauge(om, "scitagd_collectors_left_out", "Collectors without address",
	      emitter_unresolved(pages->emitter));
}

static void put_kernel(const struct openmetrics *om, const struct pages *pages)
{
	struct kernel_counters c = kernel_counters(pages->kernel);

	gauge(om, "scitagd_module_up", "Was the module there?",
	      kernel_is_there(pages->kernel));
	counter(om, "scitagd_module_flows_taken",
		"Flows that the module took, or gave new ids to", c.marked);
	counter(om, "scitagd_module_flows_failed",
		"Flows that the module did not take", c.failed);
	counter(om, "scitagd_snapshots_read", "Snapshots that were read",
		c.events->snapshots);
	counter(om, "scitagd_snapshots_lost", "Snapshots that were lost",
		c.events->snapshots_lost);
	counter(om, "scitagd_events_lost", "Times that events were lost",
		c.events->missed);
}

static void put_unmarked(const struct openmetrics *om,
			 const struct genl_stats *stats)
{
	static const struct openmetrics_family family = {
		.name = "scitagd_packets_unmarked",
		.kind = OPENMETRICS_COUNTER,
		.help = "Packets that left without headers, by reason",
	};
	const struct {
		const char *reason;
		uint64_t value;
	} reasons[] = {
		{ "no-room", stats->no_room },
		{ "too-big", stats->too_big },
		{ "ext-header", stats->ext_header },
		{ "jumbo", stats->jumbo },
		{ "offload", stats->offload },
		{ "no-memory", stats->no_memory },
		{ "refused", stats->refused },
	};
	size_t i;

	openmetrics_begin(om, &family);
	for (i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		char labels[LABELS_MAX] = "";

		openmetrics_label(labels, sizeof(labels), "reason",
				  reasons[i].reason);
		openmetrics_sample(om, &family, labels, reasons[i].value);
	}
}

/* What the module counts; nothing without it. */
static void put_module(const struct openmetrics *om, const struct pages *pages)
{
	struct genl_status status;
	struct genl_stats stats;

	if (kernel_get_status(pages->kernel, &status, &stats))
		return;
	info(om, "scitagd_module", "The module", status.version);
	gauge(om, "scitagd_module_flows", "Flows in the table of the module",
	      status.flows);
	counter(om, "scitagd_packets_marked", "Packets that left with marks",
		stats.marked);
	put_unmarked(om, &stats);
	counter(om, "scitagd_packets_untracked",
		"Packets of rules for which there was no flow",
		status.untracked);
}

static void put_pipes(const struct openmetrics *om, const struct pages *pages,
		      const struct openmetrics_family *family, bool bad)
{
	size_t i;

	openmetrics_begin(om, family);
	for (i = 0; i < sources_n_pipes(pages->sources); i++) {
		const struct pipe *pipe = sources_pipe(pages->sources, i);
		const struct pipe_counters *c = pipe_counters(pipe);
		char labels[LABELS_MAX] = "";

		openmetrics_label(labels, sizeof(labels), "pipe",
				  pipe_path(pipe));
		openmetrics_sample(om, family, labels, bad ? c->bad : c->lines);
	}
}

static void put_receiver(const struct openmetrics *om,
			 const struct openmetrics_family *family,
			 const struct receiver *receiver, const char *result,
			 uint64_t value)
{
	char labels[LABELS_MAX] = "";

	openmetrics_label(labels, sizeof(labels), "receiver",
			  receiver_name(receiver));
	openmetrics_label(labels, sizeof(labels), "result", result);
	openmetrics_sample(om, family, labels, value);
}

static void put_sources(const struct openmetrics *om, const struct pages *pages)
{
	static const struct openmetrics_family lines = {
		.name = "scitagd_pipe_lines",
		.kind = OPENMETRICS_COUNTER,
		.help = "Lines that were read",
	}, bad = {
		.name = "scitagd_pipe_lines_bad",
		.kind = OPENMETRICS_COUNTER,
		.help = "Of these, those that were not understood",
	}, datagrams = {
		.name = "scitagd_receiver_datagrams",
		.kind = OPENMETRICS_COUNTER,
		.help = "Fireflies that came in, by what became of them",
	};
	size_t i;

	put_pipes(om, pages, &lines, false);
	put_pipes(om, pages, &bad, true);
	openmetrics_begin(om, &datagrams);
	for (i = 0; i < sources_n_receivers(pages->sources); i++) {
		const struct receiver *r = sources_receiver(pages->sources, i);
		const struct receiver_counters *c = receiver_counters(r);

		put_receiver(om, &datagrams, r, "taken",
			     c->received - c->bad - c->own - c->foreign -
				     c->ongoing - c->relayed);
		put_receiver(om, &datagrams, r, "relayed", c->relayed);
		put_receiver(om, &datagrams, r, "bad", c->bad);
		put_receiver(om, &datagrams, r, "own", c->own);
		put_receiver(om, &datagrams, r, "foreign", c->foreign);
		put_receiver(om, &datagrams, r, "ongoing", c->ongoing);
		put_receiver(om, &datagrams, r, "lost", c->lost);
	}
}

static void put_all(const struct openmetrics *om, const struct pages *pages)
{
	size_t left_out;

	put_daemon(om, pages);
	put_flows(om, pages);
	put_fireflies(om, pages);
	put_kernel(om, pages);
	put_module(om, pages);
	put_sources(om, pages);
	tag_metrics_write(om, flows_tags(pages->flows));
	left_out = flow_metrics_write(om, pages->flows,
				      pages->config->metrics_max_flows);
	gauge(om, "scitagd_flow_metrics_left_out",
	      "Flows without metrics of their own (metrics.max-flows)",
	      left_out);
	openmetrics_end(om);
}

/* Is it only the older format that can be read? */
static bool wants_old(const char *accept)
{
	return accept && strstr(accept, "text/plain") &&
	       !strstr(accept, "openmetrics");
}

void page_metrics(const struct pages *pages, const struct page_request *request,
		  struct answer *answer)
{
	struct openmetrics om = { .old = wants_old(request->accept) };
	char *text = NULL;
	size_t len;

	om.file = open_memstream(&text, &len);
	if (!om.file)
		return;
	put_all(&om, pages);
	if (fclose(om.file)) {
		free(text);
		return;
	}
	answer->status = ANSWER_OK;
	answer->type = om.old ? OPENMETRICS_OLD_TYPE : OPENMETRICS_TYPE;
	answer->text = text;
	answer->len = len;
}
