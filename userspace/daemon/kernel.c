// SPDX-License-Identifier: GPL-2.0
#include "kernel.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "flow.h"
#include "flows.h"
#include "genl.h"
#include "limit.h"
#include "log.h"

struct kernel {
	const struct config *config;
	struct genl *genl; /* NULL: the module was not there */
	struct kernel_events *events;
	bool said_missing;
	bool said_warning;
	struct limit limit;
	uint64_t n_marked; /* flows entered, or given new ids */
	uint64_t n_failed; /* flows that the kernel did not take */
};

static void say_missing(struct kernel *kernel, int ret)
{
	if (!kernel->said_missing)
		log_err("no flow can be marked: %s",
			ret == -ENOPROTOOPT ?
				"the module scitag is not loaded (modprobe scitag)" :
				strerror(-ret));
	kernel->said_missing = true;
}

static void disconnect(struct kernel *kernel)
{
	genl_free(kernel->genl);
	kernel->genl = NULL;
}

/* A socket that has found the module, if there is one. */
static int connect_module(struct kernel *kernel)
{
	struct genl_status status;
	int ret;

	if (kernel->genl)
		return 0;
	ret = genl_new(&kernel->genl);
	if (ret) {
		kernel->genl = NULL;
		say_missing(kernel, ret);
		return ret;
	}
	ret = genl_status_get(kernel->genl, &status);
	if (ret) {
		disconnect(kernel);
		say_missing(kernel, ret);
		return ret;
	}
	log_notice("flows are marked by the module scitag %s", status.version);
	kernel->said_missing = false;
	return 0;
}

/* Text of the kernel's refusal. */
static const char *reason(const struct kernel *kernel, int ret)
{
	const char *text = genl_error(kernel->genl);

	return text[0] ? text : strerror(-ret);
}

int kernel_new(struct kernel **out, const struct config *config,
	       sd_event *event, kernel_end_cb ended, void *data)
{
	struct kernel *kernel = calloc(1, sizeof(*kernel));
	int ret;

	if (!kernel)
		return -ENOMEM;
	kernel->config = config;
	ret = kernel_events_new(&kernel->events, event, ended, data);
	if (ret) {
		kernel_free(kernel);
		return ret;
	}
	if (flow_layout_is_unsafe(0, config->marks, config->layout))
		log_warn(
			"layout %s in Destination Options stalls TCP connections behind Linux routers: leave layout out, or choose safe",
			flow_layout_name(config->layout));
	if (config->marks)
		connect_module(kernel);
	else
		log_notice("no flow is marked: marks is empty");
	*out = kernel;
	return 0;
}

void kernel_free(struct kernel *kernel)
{
	if (!kernel)
		return;
	kernel_events_free(kernel->events);
	genl_free(kernel->genl);
	free(kernel);
}

/* The module went away, or came back as another: find it anew next time. */
static bool is_lost(int ret)
{
	return ret == -ENOPROTOOPT || ret == -EOPNOTSUPP;
}

/* Once aloud: with IPv4 flows every one has the same. */
static void say_warning(struct kernel *kernel)
{
	const char *text = genl_warning(kernel->genl);

	if (!text[0])
		return;
	log_msg(kernel->said_warning ? LOG_DEBUG : LOG_NOTICE,
		"of a flow the kernel says: %s", text);
	kernel->said_warning = true;
}

/* Adds or replaces: an entry that was left from before is ours now. */
static int replace(struct kernel *kernel, const struct flow *flow)
{
	struct flow_spec specs[2];
	struct flow_key keys[2];
	size_t n, i, bad;

	n = flow_egress_keys(flow, keys);
	for (i = 0; i < n; i++)
		specs[i] = (struct flow_spec){
			.key = keys[i],
			.experiment = flow->experiment,
			.activity = flow->activity,
			.mark = kernel->config->marks,
			.layout = kernel->config->layout,
			.option_type = kernel->config->option_type,
		};
	return genl_flow_replace(kernel->genl, specs, n, &bad);
}

void kernel_mark(void *data, const struct flow *flow)
{
	struct kernel *kernel = data;
	int ret;

	if (!kernel->config->marks)
		return;
	ret = connect_module(kernel);
	if (!ret) {
		/* Before the flow is there: its end could be next. */
		kernel_events_open(kernel->events);
		ret = replace(kernel, flow);
		if (is_lost(ret)) {
			disconnect(kernel);
			ret = connect_module(kernel);
			if (!ret)
				ret = replace(kernel, flow);
		}
		if (ret && kernel->genl)
			limit_log(&kernel->limit, LOG_ERR,
				  "a flow is not marked: %s",
				  reason(kernel, ret));
	}
	if (ret) {
		kernel->n_failed++;
		return;
	}
	kernel->n_marked++;
	say_warning(kernel);
}

void kernel_unmark(void *data, const struct flow *flow)
{
	struct kernel *kernel = data;
	struct flow_key keys[2];
	size_t n, i;

	if (!kernel->genl)
		return;
	n = flow_egress_keys(flow, keys);
	for (i = 0; i < n; i++) {
		int ret = genl_flow_del(kernel->genl, &keys[i]);

		/* Not there: never taken, or deleted by hand. */
		if (ret && ret != -ENOENT && !is_lost(ret))
			limit_log(&kernel->limit, LOG_ERR,
				  "a flow stays marked: %s",
				  reason(kernel, ret));
	}
}

static void copy_tcp(struct flow_sample *sample, const struct tcp_info *info)
{
	sample->has_tcp = true;
	sample->tcp_timestamps = info->tcpi_options & TCPI_OPT_TIMESTAMPS;
	sample->bytes_acked = info->tcpi_bytes_acked;
	sample->bytes_received = info->tcpi_bytes_received;
	sample->tcp = (struct firefly_tcp){
		.retransmits = info->tcpi_retransmits,
		.snd_mss = info->tcpi_snd_mss,
		.pmtu = info->tcpi_pmtu,
		.rtt_us = info->tcpi_rtt,
		.rttvar_us = info->tcpi_rttvar,
		.snd_ssthresh = info->tcpi_snd_ssthresh,
		.snd_cwnd = info->tcpi_snd_cwnd,
		.advmss = info->tcpi_advmss,
		.min_rtt_us = info->tcpi_min_rtt,
		.delivery_rate = info->tcpi_delivery_rate,
		.bytes_sent = info->tcpi_bytes_sent,
	};
}

void kernel_sample(void *data, const struct flow *flow,
		   struct flow_sample *sample)
{
	struct kernel *kernel = data;
	struct flow_state state;
	struct flow_key keys[2];

	*sample = (struct flow_sample){ .has_tcp = false };
	if (!kernel->genl)
		return;
	/* With both ends here the first one, src, is the one to look at. */
	flow_egress_keys(flow, keys);
	if (genl_flow_get(kernel->genl, &keys[0], &state))
		return;
	sample->has_counters = true;
	sample->kernel_id = state.id;
	sample->packets = state.packets;
	sample->bytes = state.bytes;
	if (state.has_tcp_info)
		copy_tcp(sample, &state.tcp_info);
}

void kernel_log_counters(const struct kernel *kernel)
{
	log_info("kernel: %" PRIu64 " flows marked, %" PRIu64 " not",
		 kernel->n_marked, kernel->n_failed);
}
