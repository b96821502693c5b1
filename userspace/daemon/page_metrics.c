// SPDX-License-Identifier: GPL-2.0
#include "page_metrics.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "config.h"
#include "counters.h"
#include "flow_metrics.h"
#include "flows.h"
#include "genl.h"
#include "kernel.h"
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

static void put_counters(const struct openmetrics *om,
			 const struct pages *pages)
{
	const struct counter *counter;
	struct counters counters;
	size_t i;

	counters_read(&counters, pages);
	for (i = 0; (counter = counter_get(i)); i++) {
		openmetrics_begin(om, &counter->family);
		openmetrics_sample(om, &counter->family, "",
				   counters_value(&counters, counter));
	}
	gauge(om, "scitagd_module_up", "Was the module there?",
	      kernel_is_there(pages->kernel));
}

static void put_unmarked(const struct openmetrics *om,
			 const struct genl_stats *stats)
{
	static const struct openmetrics_family family = {
		.name = "scitagd_packets_unmarked",
		.kind = OPENMETRICS_COUNTER,
		.help = "Packets that left without headers, by reason",
	};
	size_t i;

	openmetrics_begin(om, &family);
	/* The first are those that were marked. */
	for (i = 1; genl_stats_name(i); i++) {
		char labels[LABELS_MAX] = "";

		openmetrics_label(labels, sizeof(labels), "reason",
				  genl_stats_name(i));
		openmetrics_sample(om, &family, labels,
				   genl_stats_value(stats, i));
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
	put_counters(om, pages);
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
