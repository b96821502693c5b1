// SPDX-License-Identifier: GPL-2.0
#include "toplist.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "registry.h"
#include "snapshot.h"

#define NS_PER_S 1e9

/* Room for both ends and names; what is longer is not searched. */
#define ROW_TEXT_MAX 1024

/* What is kept of a flow for its rates; sorted by id. */
struct toplist_before {
	uint32_t id;
	uint32_t retransmits;
	uint64_t age_ns;
	uint64_t bytes;
	uint64_t received;
};

static const char *const key_names[TOPLIST_KEYS] = {
	[TOPLIST_OUT] = "out",
	[TOPLIST_IN] = "in",
	[TOPLIST_RTT] = "rtt",
	[TOPLIST_RETRANSMITS] = "retransmits",
	[TOPLIST_RETRANSMIT_RATE] = "retransmit-rate",
	[TOPLIST_CWND] = "cwnd",
	[TOPLIST_MARKED] = "marked",
	[TOPLIST_AGE] = "age",
	[TOPLIST_EXPERIMENT] = "experiment",
	[TOPLIST_ACTIVITY] = "activity",
	[TOPLIST_SOURCE] = "source",
	[TOPLIST_DESTINATION] = "destination",
};

int toplist_key_parse(enum toplist_key *key, const char *name)
{
	size_t i;

	for (i = 0; i < TOPLIST_KEYS; i++) {
		if (strcmp(name, key_names[i]) == 0) {
			*key = i;
			return 0;
		}
	}
	return -EINVAL;
}

const char *toplist_key_name(enum toplist_key key)
{
	return key_names[key];
}

void toplist_exit(struct toplist *list)
{
	free(list->flows);
	free(list->before);
}

static int compare_before(const void *a, const void *b)
{
	uint32_t x = ((const struct toplist_before *)a)->id;
	uint32_t y = ((const struct toplist_before *)b)->id;

	return (x > y) - (x < y);
}

static struct toplist_before before_of(const struct toplist_flow *flow)
{
	return (struct toplist_before){
		.id = flow->state.id,
		.retransmits = flow->retransmits,
		.age_ns = flow->age_ns,
		.bytes = flow->state.bytes,
		.received = flow->received,
	};
}

void toplist_begin(struct toplist *list)
{
	list->n = 0;
	list->error = 0;
}

/* Since flow was read before, or since it began. */
static void set_rates(struct toplist_flow *flow,
		      const struct toplist_before *before)
{
	static const struct toplist_before beginning;
	double seconds;

	/* Ids come again when the module is loaded again. */
	if (!before || before->age_ns > flow->age_ns ||
	    before->bytes > flow->state.bytes ||
	    before->received > flow->received ||
	    before->retransmits > flow->retransmits)
		before = &beginning;
	seconds = (flow->age_ns - before->age_ns) / NS_PER_S;
	if (seconds <= 0)
		return;
	flow->out = (flow->state.bytes - before->bytes) * 8 / seconds;
	flow->in = (flow->received - before->received) * 8 / seconds;
	flow->retransmit_rate =
		(flow->retransmits - before->retransmits) / seconds;
}

static int grow(struct toplist *list)
{
	size_t size = list->size ? list->size * 2 : 256;
	struct toplist_flow *flows;

	flows = reallocarray(list->flows, size, sizeof(*flows));
	if (!flows)
		return -ENOMEM;
	list->flows = flows;
	list->size = size;
	return 0;
}

void toplist_add(struct toplist *list, const struct flow_state *state,
		 const struct snapshot *snapshot)
{
	const struct toplist_before key = { .id = state->id };
	struct toplist_flow *flow;

	if (list->n == list->size && !list->error)
		list->error = grow(list);
	if (list->error)
		return;
	flow = &list->flows[list->n++];
	*flow = (struct toplist_flow){
		.state = *state,
		.age_ns = snapshot->age_ns,
		.has_tcp = snapshot->has_tcp,
	};
	if (snapshot->has_tcp) {
		flow->rtt_us = snapshot->tcp_info.tcpi_rtt;
		flow->cwnd = snapshot->tcp_info.tcpi_snd_cwnd;
		flow->retransmits = snapshot->tcp_info.tcpi_total_retrans;
		flow->received = snapshot->tcp_info.tcpi_bytes_received;
	}
	set_rates(flow, list->n_before ?
				bsearch(&key, list->before, list->n_before,
					sizeof(key), compare_before) :
				NULL);
}

int toplist_end(struct toplist *list)
{
	struct toplist_before *before;
	size_t i;

	before = calloc(list->n + 1, sizeof(*before));
	if (!before)
		list->error = -ENOMEM;
	if (list->error) {
		free(before);
		list->n = 0;
		list->shown = 0;
		return list->error;
	}
	for (i = 0; i < list->n; i++)
		before[i] = before_of(&list->flows[i]);
	qsort(before, list->n, sizeof(*before), compare_before);
	free(list->before);
	list->before = before;
	list->n_before = list->n;
	list->shown = list->n;
	return 0;
}

static double marked_ratio(const struct flow_state *state)
{
	return state->packets ? (double)state->marked / state->packets : 0;
}

static double number_of(const struct toplist_flow *flow, enum toplist_key key)
{
	switch (key) {
	case TOPLIST_OUT:
		return flow->out;
	case TOPLIST_IN:
		return flow->in;
	case TOPLIST_RTT:
		return flow->rtt_us;
	case TOPLIST_RETRANSMITS:
		return flow->retransmits;
	case TOPLIST_RETRANSMIT_RATE:
		return flow->retransmit_rate;
	case TOPLIST_CWND:
		return flow->cwnd;
	case TOPLIST_MARKED:
		return marked_ratio(&flow->state);
	default:
		return flow->age_ns;
	}
}

static int compare_text(const char *a, const char *b)
{
	return strcasecmp(a ? a : "", b ? b : "");
}

static int compare_tags(const struct registry *registry,
			const struct flow_spec *a, const struct flow_spec *b,
			bool activity)
{
	int order = 0;

	if (registry && activity)
		order = compare_text(registry_activity_name(registry,
							    a->experiment,
							    a->activity),
				     registry_activity_name(registry,
							    b->experiment,
							    b->activity));
	else if (registry)
		order = compare_text(registry_experiment_name(registry,
							      a->experiment),
				     registry_experiment_name(registry,
							      b->experiment));
	if (order)
		return order;
	if (activity)
		return (a->activity > b->activity) -
		       (a->activity < b->activity);
	return (a->experiment > b->experiment) -
	       (a->experiment < b->experiment);
}

static int compare_ends(const struct addr *a, uint16_t a_port,
			const struct addr *b, uint16_t b_port)
{
	char a_text[ADDR_TEXT_MAX], b_text[ADDR_TEXT_MAX];
	int order = strcmp(addr_format(a, a_text), addr_format(b, b_text));

	return order ? order : (a_port > b_port) - (a_port < b_port);
}

struct order {
	const struct registry *registry;
	enum toplist_key key;
	int sign;
};

static int compare(const void *x, const void *y, void *data)
{
	const struct toplist_flow *a = x, *b = y;
	const struct flow_key *ka = &a->state.spec.key;
	const struct flow_key *kb = &b->state.spec.key;
	const struct order *order = data;
	double na, nb;
	int result;

	switch (order->key) {
	case TOPLIST_EXPERIMENT:
	case TOPLIST_ACTIVITY:
		result = compare_tags(order->registry, &a->state.spec,
				      &b->state.spec,
				      order->key == TOPLIST_ACTIVITY);
		break;
	case TOPLIST_SOURCE:
		result = compare_ends(&ka->src, ka->sport, &kb->src, kb->sport);
		break;
	case TOPLIST_DESTINATION:
		result = compare_ends(&ka->dst, ka->dport, &kb->dst, kb->dport);
		break;
	default:
		na = number_of(a, order->key);
		nb = number_of(b, order->key);
		result = (na < nb) - (na > nb);
	}
	if (result)
		return result * order->sign;
	/* Lines that are equal stay where they are. */
	return (a->state.id > b->state.id) - (a->state.id < b->state.id);
}

void toplist_sort(struct toplist *list, enum toplist_key key, bool reverse)
{
	struct order order = { list->registry, key, reverse ? -1 : 1 };

	if (list->shown)
		qsort_r(list->flows, list->shown, sizeof(*list->flows), compare,
			&order);
}

static const char *or_nothing(const char *text)
{
	return text ? text : "";
}

static void row_text(char buf[static ROW_TEXT_MAX],
		     const struct registry *registry,
		     const struct flow_spec *spec)
{
	uint32_t e = spec->experiment, a = spec->activity;
	char src[ADDR_TEXT_MAX], dst[ADDR_TEXT_MAX];

	snprintf(buf, ROW_TEXT_MAX,
		 "%s [%s]:%u %s:%u [%s]:%u %s:%u %" PRIu32 "/%" PRIu32 " %s/%s",
		 protocol_name(spec->key.protocol),
		 addr_format(&spec->key.src, src), spec->key.sport, src,
		 spec->key.sport, addr_format(&spec->key.dst, dst),
		 spec->key.dport, dst, spec->key.dport, e, a,
		 registry ? or_nothing(registry_experiment_name(registry, e)) :
			    "",
		 registry ? or_nothing(registry_activity_name(registry, e, a)) :
			    "");
}

static bool has_words(const char *text, const char *words)
{
	char word[128];
	size_t len;

	for (;;) {
		words += strspn(words, " ");
		len = strcspn(words, " ");
		if (!len)
			return true;
		snprintf(word, sizeof(word), "%.*s", (int)len, words);
		if (!strcasestr(text, word))
			return false;
		words += len;
	}
}

void toplist_filter(struct toplist *list, const char *words)
{
	struct toplist_flow *flows = list->flows;
	char text[ROW_TEXT_MAX];
	size_t i;

	list->shown = 0;
	for (i = 0; i < list->n; i++) {
		struct toplist_flow flow = flows[i];

		row_text(text, list->registry, &flow.state.spec);
		if (!has_words(text, words))
			continue;
		flows[i] = flows[list->shown];
		flows[list->shown++] = flow;
	}
}
