// SPDX-License-Identifier: GPL-2.0
#include "flows.h"

#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <scitag/label.h>
#include <uapi/linux/scitag.h>

#include "config.h"
#include "log.h"
#include "timestamp.h"
#include "usage.h"

/* Ids of the layouts ids and safe: 16 and 8 bits. */
#define OPTION_EXPERIMENT_MAX 65535
#define OPTION_ACTIVITY_MAX 255

struct flows {
	const struct config *config;
	struct local *local;
	struct flows_calls calls;

	/* A balanced tree (tsearch): no input can make lookups slow. */
	void *tree;
	TAILQ_HEAD(, flow) list; /* in the order of their start */
	size_t count;
	struct {
		uint64_t started;
		uint64_t retagged;
		uint64_t repeated; /* starts that changed nothing */
		uint64_t ended;
		uint64_t kernel_ended; /* of these, by the kernel */
		uint64_t unknown; /* ends without a start */
		uint64_t refused; /* starts */
	} counters;
};

#define FLOW_TEXT_MAX (2 * ADDR_TEXT_MAX + 32)

/* For messages: "tcp [2001:db8::1]:1094 > [2001:db8::2]:40000". */
static const char *key_format(const struct flow_key *key,
			      char buf[static FLOW_TEXT_MAX])
{
	char src[ADDR_TEXT_MAX], dst[ADDR_TEXT_MAX];
	bool v6 = key->src.family == AF_INET6;

	snprintf(buf, FLOW_TEXT_MAX, "%s %s%s%s:%u > %s%s%s:%u",
		 protocol_name(key->protocol), v6 ? "[" : "",
		 addr_format(&key->src, src), v6 ? "]" : "", key->sport,
		 v6 ? "[" : "", addr_format(&key->dst, dst), v6 ? "]" : "",
		 key->dport);
	return buf;
}

/* Both orientations of a connection have the same place in the tree. */
static struct flow_key canonical(const struct flow_key *key)
{
	struct flow_key reverse = flow_key_reverse(key);

	return memcmp(key, &reverse, sizeof(reverse)) < 0 ? *key : reverse;
}

static int compare(const void *a, const void *b)
{
	const struct flow *flow_a = a, *flow_b = b;
	struct flow_key key_a = canonical(&flow_a->key);
	struct flow_key key_b = canonical(&flow_b->key);

	return memcmp(&key_a, &key_b, sizeof(key_a));
}

static struct flow *find(struct flows *flows, const struct flow_key *key)
{
	const struct flow wanted = { .key = *key };
	void *node = tfind(&wanted, &flows->tree, compare);

	return node ? *(struct flow **)node : NULL;
}

static void flow_free(struct flow *flow)
{
	free(flow->application);
	free(flow);
}

static int insert(struct flows *flows, struct flow *flow)
{
	if (!tsearch(flow, &flows->tree, compare))
		return -ENOMEM;
	TAILQ_INSERT_TAIL(&flows->list, flow, link);
	flows->count++;
	return 0;
}

static void remove_and_free(struct flows *flows, struct flow *flow)
{
	tdelete(flow, &flows->tree, compare);
	TAILQ_REMOVE(&flows->list, flow, link);
	flows->count--;
	flow_free(flow);
}

int flows_new(struct flows **out, const struct config *config,
	      struct local *local, const struct flows_calls *calls)
{
	struct flows *flows = calloc(1, sizeof(*flows));

	if (!flows)
		return -ENOMEM;
	flows->config = config;
	flows->local = local;
	flows->calls = *calls;
	TAILQ_INIT(&flows->list);
	*out = flows;
	return 0;
}

void flows_free(struct flows *flows)
{
	if (!flows)
		return;
	while (!TAILQ_EMPTY(&flows->list))
		remove_and_free(flows, TAILQ_FIRST(&flows->list));
	free(flows);
}

/* Does anything that is configured put the ids into 20 bits? */
static bool needs_label(const struct config *config)
{
	if (config->marks & SCITAG_MARK_LABEL)
		return true;
	return config->marks && (config->layout == SCITAG_LAYOUT_LABEL ||
				 config->layout == SCITAG_LAYOUT_LABEL4);
}

static int check_ids(const struct flows *flows, const struct firefly *said,
		     char error[static FLOWS_ERROR_MAX])
{
	bool label = needs_label(flows->config);
	uint32_t experiment_max = label ? SCITAG_LABEL_EXPERIMENT_MAX :
					  OPTION_EXPERIMENT_MAX;
	uint32_t activity_max = label ? SCITAG_LABEL_ACTIVITY_MAX :
					OPTION_ACTIVITY_MAX;

	if (said->experiment <= experiment_max &&
	    said->activity <= activity_max)
		return 0;
	snprintf(error, FLOWS_ERROR_MAX,
		 "experiment %u, activity %u: not within 0..%u and 0..%u, "
		 "which is what %s can carry",
		 said->experiment, said->activity, experiment_max, activity_max,
		 label ? "a flow label" : "the option");
	return -ERANGE;
}

static int check_address(const struct addr *addr,
			 char error[static FLOWS_ERROR_MAX])
{
	char text[ADDR_TEXT_MAX];

	if (!addr_is_multicast(addr) && !addr_is_unspecified(addr))
		return 0;
	snprintf(error, FLOWS_ERROR_MAX, "%s is no host's address",
		 addr_format(addr, text));
	return -EINVAL;
}

/* May this 5-tuple be a flow of this host? Sets its side. */
static int check_key(struct flows *flows, const struct flow_key *key,
		     enum local_side *side, char error[static FLOWS_ERROR_MAX])
{
	struct flow_key reverse = flow_key_reverse(key);
	char text[FLOW_TEXT_MAX];

	if (check_address(&key->src, error) || check_address(&key->dst, error))
		return -EINVAL;
	if (flow_key_equal(key, &reverse)) {
		snprintf(error, FLOWS_ERROR_MAX, "both ends are the same");
		return -EINVAL;
	}
	*side = local_side(flows->local, key);
	if (*side == LOCAL_NONE) {
		snprintf(error, FLOWS_ERROR_MAX,
			 "%s: neither address is this host's",
			 key_format(key, text));
		return -EADDRNOTAVAIL;
	}
	return 0;
}

static int64_t time_or(int64_t us, int64_t otherwise_us)
{
	return us == FIREFLY_UNKNOWN ? otherwise_us : us;
}

/* The firefly that a flow has at a moment, with all that is known of it. */
static void describe(struct firefly *f, const struct flow *flow,
		     enum firefly_state state, const struct firefly *said,
		     const struct flow_sample *now, int64_t now_us)
{
	firefly_init(f, state, &flow->key);
	f->has_ids = true;
	f->experiment = flow->experiment;
	f->activity = flow->activity;
	f->start_us = flow->start_us;
	f->current_us = time_or(said->current_us, now_us);
	if (state == FIREFLY_END) {
		f->end_us = time_or(said->end_us, f->current_us);
		/* Clocks are set back at times. */
		if (f->end_us < f->start_us)
			f->end_us = f->start_us;
	}
	if (flow->application)
		snprintf(f->application, sizeof(f->application), "%s",
			 flow->application);
	usage_fill(f, flow, said, now);
}

/* What was seen now takes the place of what was seen before. */
static void keep(struct flow_sample *kept, const struct flow_sample *now)
{
	struct flow_sample before = *kept;

	*kept = *now;
	if (!now->has_counters) {
		kept->has_counters = before.has_counters;
		kept->kernel_id = before.kernel_id;
		kept->packets = before.packets;
		kept->bytes = before.bytes;
	}
	if (!now->has_tcp) {
		kept->has_tcp = before.has_tcp;
		kept->tcp_timestamps = before.tcp_timestamps;
		kept->bytes_acked = before.bytes_acked;
		kept->bytes_received = before.bytes_received;
		kept->tcp = before.tcp;
	}
}

/* Samples the flow, keeps what was seen, and reports it. */
static void report(struct flows *flows, struct flow *flow,
		   enum firefly_state state, const struct firefly *said,
		   int64_t now_us)
{
	struct flow_sample now = { .has_tcp = false };
	struct firefly firefly;

	flows->calls.sample(flows->calls.kernel, flow, &now);
	describe(&firefly, flow, state, said, &now, now_us);
	keep(&flow->sample, &now);
	flows->calls.report(flows->calls.emitter, flow, &firefly);
}

static int set_application(struct flow *flow, const struct firefly *said)
{
	char *text;

	if (!said->application[0])
		return 0;
	text = strdup(said->application);
	if (!text)
		return -ENOMEM;
	free(flow->application);
	flow->application = text;
	return 0;
}

static void log_flow(const struct flow *flow, const char *what)
{
	char text[FLOW_TEXT_MAX];

	log_debug("%s %s: experiment %u, activity %u",
		  key_format(&flow->key, text), what, flow->experiment,
		  flow->activity);
}

static int start_new(struct flows *flows, const struct firefly *said,
		     enum local_side side, char error[static FLOWS_ERROR_MAX])
{
	int64_t now_us = timestamp_now();
	struct flow *flow;

	if (flows->count >= flows->config->max_flows) {
		snprintf(error, FLOWS_ERROR_MAX,
			 "%zu flows are open, which is max-flows",
			 flows->count);
		return -ENOSPC;
	}
	flow = calloc(1, sizeof(*flow));
	if (!flow)
		goto no_memory;
	flow->key = said->key;
	flow->side = side;
	flow->experiment = said->experiment;
	flow->activity = said->activity;
	flow->start_us = time_or(said->start_us, now_us);
	if (set_application(flow, said) || insert(flows, flow))
		goto no_memory;

	flows->counters.started++;
	log_flow(flow, "starts");
	flows->calls.mark(flows->calls.kernel, flow);
	report(flows, flow, FIREFLY_START, said, now_us);
	return 0;

no_memory:
	if (flow)
		flow_free(flow);
	snprintf(error, FLOWS_ERROR_MAX, "no memory");
	return -ENOMEM;
}

/*
 * To those who get the fireflies it is one flow that ends and another that
 * starts, because they know flows by start and end with the same ids.
 */
static void retag(struct flows *flows, struct flow *flow,
		  const struct firefly *said)
{
	int64_t now_us = timestamp_now();
	struct firefly end;

	firefly_init(&end, FIREFLY_END, &flow->key);
	end.end_us = said->start_us;
	report(flows, flow, FIREFLY_END, &end, now_us);

	flow->experiment = said->experiment;
	flow->activity = said->activity;
	flow->start_us = time_or(said->start_us, now_us);
	if (set_application(flow, said))
		log_err("no memory for the name of an application");
	flows->counters.retagged++;
	log_flow(flow, "is retagged");
	flows->calls.mark(flows->calls.kernel, flow);
	report(flows, flow, FIREFLY_START, said, now_us);
}

int flows_start(struct flows *flows, const struct firefly *said,
		char error[static FLOWS_ERROR_MAX])
{
	enum local_side side;
	struct flow *flow;
	int ret;

	ret = check_ids(flows, said, error);
	if (!ret)
		ret = check_key(flows, &said->key, &side, error);
	if (ret)
		goto refused;

	flow = find(flows, &said->key);
	if (!flow) {
		ret = start_new(flows, said, side, error);
		if (ret)
			goto refused;
	} else if (flow->experiment == said->experiment &&
		   flow->activity == said->activity) {
		flows->counters.repeated++;
		log_flow(flow, "is open already");
	} else {
		retag(flows, flow, said);
	}
	return 0;

refused:
	flows->counters.refused++;
	return ret;
}

static void end(struct flows *flows, struct flow *flow,
		const struct firefly *said)
{
	flows->counters.ended++;
	log_flow(flow, "ends");
	report(flows, flow, FIREFLY_END, said, timestamp_now());
	flows->calls.unmark(flows->calls.kernel, flow);
	remove_and_free(flows, flow);
}

/*
 * The id tells this flow from an older one of the same 5-tuple, whose end is
 * heard of late.
 */
void flows_kernel_end(struct flows *flows, const struct flow_key *key,
		      const struct flow_sample *last, const char *reason)
{
	struct flow *flow = find(flows, key);
	struct firefly said;

	if (!flow || !flow->sample.has_counters ||
	    flow->sample.kernel_id != last->kernel_id)
		return;
	flows->counters.ended++;
	flows->counters.kernel_ended++;
	log_flow(flow, reason);
	keep(&flow->sample, last);
	firefly_init(&said, FIREFLY_END, &flow->key);
	report(flows, flow, FIREFLY_END, &said, timestamp_now());
	/* The other direction of a flow within this host is still there. */
	if (flow->side == LOCAL_BOTH)
		flows->calls.unmark(flows->calls.kernel, flow);
	remove_and_free(flows, flow);
}

int flows_end(struct flows *flows, const struct firefly *said,
	      char error[static FLOWS_ERROR_MAX])
{
	struct flow *flow = find(flows, &said->key);
	char text[FLOW_TEXT_MAX];

	if (!flow) {
		flows->counters.unknown++;
		snprintf(error, FLOWS_ERROR_MAX, "%s is not open",
			 key_format(&said->key, text));
		return -ENOENT;
	}
	end(flows, flow, said);
	return 0;
}

void flows_end_all(struct flows *flows)
{
	while (!TAILQ_EMPTY(&flows->list)) {
		struct flow *flow = TAILQ_FIRST(&flows->list);
		struct firefly said;

		firefly_init(&said, FIREFLY_END, &flow->key);
		end(flows, flow, &said);
	}
}

size_t flows_count(const struct flows *flows)
{
	return flows->count;
}

void flows_log_counters(const struct flows *flows)
{
	log_info("flows: %zu open, %" PRIu64 " started, %" PRIu64
		 " retagged, %" PRIu64 " repeated, %" PRIu64 " ended (%" PRIu64
		 " by the kernel), %" PRIu64 " ends unknown, %" PRIu64
		 " refused",
		 flows->count, flows->counters.started,
		 flows->counters.retagged, flows->counters.repeated,
		 flows->counters.ended, flows->counters.kernel_ended,
		 flows->counters.unknown, flows->counters.refused);
}

size_t flow_egress_keys(const struct flow *flow, struct flow_key keys[static 2])
{
	struct flow_key reverse = flow_key_reverse(&flow->key);

	keys[0] = flow->side == LOCAL_DST ? reverse : flow->key;
	keys[1] = reverse;
	return flow->side == LOCAL_BOTH ? 2 : 1;
}

const struct addr *flow_remote(const struct flow *flow)
{
	if (flow->side == LOCAL_BOTH)
		return NULL;
	return flow->side == LOCAL_SRC ? &flow->key.dst : &flow->key.src;
}
