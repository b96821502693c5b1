// SPDX-License-Identifier: GPL-2.0
/*
 * What comes out of a netlink socket, which is played here: the first octet
 * says what was asked for, then come datagrams, each behind its length (16
 * bits, little endian). What is understood is printed, and goes into fireflies.
 */
#include <errno.h>
#include <json-c/json.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <netlink/socket.h>
#include <stdbool.h>
#include <string.h>

#include "event_json.h"
#include "extack.h"
#include "firefly.h"
#include "flow_json.h"
#include "fuzz.h"
#include "genl.h"
#include "genl_sock.h"
#include "rule_json.h"
#include "snapshot_json.h"

/* Of the family; requests all have the same number. */
#define FAMILY 0x1c
#define SEQ 1

/* What has not been received as yet. */
static const uint8_t *queue;
static size_t queue_size;

int genl_sock_init(struct genl_sock *gs)
{
	gs->sock = nl_socket_alloc();
	require(gs->sock);
	gs->buf = NULL;
	gs->fd = -1;
	return genl_sock_resolve(gs);
}

void genl_sock_exit(struct genl_sock *gs)
{
	nl_socket_free(gs->sock);
	free(gs->buf);
}

int genl_sock_resolve(struct genl_sock *gs)
{
	gs->family = FAMILY;
	return 0;
}

int genl_sock_join(struct genl_sock *gs, const char *family, const char *group)
{
	(void)gs;
	(void)family;
	(void)group;
	return 0;
}

void genl_sock_grow(struct genl_sock *gs, int option, int octets)
{
	(void)gs;
	(void)option;
	(void)octets;
}

int genl_sock_send(struct genl_sock *gs, struct nlmsghdr *request)
{
	request->nlmsg_type = gs->family;
	request->nlmsg_seq = SEQ;
	return 0;
}

int genl_sock_receive(struct genl_sock *gs)
{
	size_t len;

	/* A real one would block if something was asked for. */
	if (queue_size < 2)
		return -EAGAIN;
	len = queue[0] | queue[1] << 8;
	queue += 2;
	queue_size -= 2;
	if (len > queue_size)
		len = queue_size;
	/* No octet more than there is, for the address sanitizer. */
	free(gs->buf);
	gs->buf = malloc(len ? len : 1);
	require(gs->buf);
	memcpy(gs->buf, queue, len);
	queue += len;
	queue_size -= len;
	return len;
}

/* Names come from the kernel; what they are printed as is JSON all the same. */
static void check_json(struct json_object *object)
{
	struct json_object *again;

	require(object);
	again = json_tokener_parse(
		json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN));
	require(again);
	json_object_put(again);
}

/* All that people see of a flow with a snapshot. */
static void check_texts(struct json_object *object)
{
	static void (*const texts[])(char *buf, struct json_object *object) = {
		flow_text_source,	 flow_text_destination,
		flow_text_mark,		 flow_text_options,
		flow_text_option_type,	 flow_text_tcp,
		flow_text_age,		 flow_text_experiment_both,
		flow_text_activity_both, flow_text_label_both,
		snapshot_text_state,	 snapshot_text_tcp,
		snapshot_text_cong,	 snapshot_text_memory,
	};
	char buf[OUTPUT_TEXT_MAX];
	size_t i;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		texts[i](buf, object);
		require(memchr(buf, '\0', sizeof(buf)));
	}
}

/* A firefly that says all of it, but for what does not fit. */
static void check_firefly(const struct flow_state *state,
			  const struct snapshot *snapshot)
{
	struct firefly f, again;
	struct firefly_sender sender;
	char out[FIREFLY_MAX + 1], error[FIREFLY_ERROR_MAX];
	enum firefly_enrichment enrichment;
	int len;

	firefly_init(&f, FIREFLY_END, &state->spec.key);
	f.has_ids = true;
	f.experiment = state->spec.experiment;
	f.activity = state->spec.activity;
	f.snapshot = snapshot;
	for (enrichment = FIREFLY_LEAN; enrichment <= FIREFLY_BARE;
	     enrichment++) {
		f.enrichment = enrichment;
		len = firefly_format(out, &f, "host", "scitagd", 0);
		if (len == -EINVAL)
			return;
		require(len > 0);
		require(!firefly_parse(&again, &sender, out, len, error));
		require(flow_key_equal(&again.key, &f.key));
	}
}

static void check_flow(const struct flow_state *state,
		       const struct snapshot *snapshot)
{
	struct json_object *object =
		snapshot ? flow_json_with(state, snapshot, NULL) :
			   flow_json_new(state, NULL);

	check_json(object);
	check_texts(object);
	json_object_put(object);
	if (snapshot)
		check_firefly(state, snapshot);
}

static int on_flow(const struct flow_state *state, void *data)
{
	(void)data;
	check_flow(state, NULL);
	return 0;
}

static int on_flow_snapshot(const struct flow_state *state,
			    const struct snapshot *snapshot, void *data)
{
	(void)data;
	check_flow(state, snapshot);
	return 0;
}

static int on_rule(const struct rule_state *state, void *data)
{
	struct json_object *object = rule_json_new(state, NULL);
	char buf[OUTPUT_TEXT_MAX];
	size_t i;

	(void)data;
	check_json(object);
	for (i = 0; i < n_rule_fields; i++)
		if (rule_fields[i].text)
			rule_fields[i].text(buf, object);
	json_object_put(object);
	return 0;
}

static int on_event(const struct genl_event *event, void *data)
{
	struct json_object *object = event_json_new(event, NULL);

	(void)data;
	check_json(object);
	json_object_put(object);
	return 0;
}

static int on_snapshot(uint64_t seq, const struct snapshot *snapshot,
		       void *data)
{
	struct json_object *object = event_json_snapshot(seq, snapshot);
	const struct flow_state state = {
		.spec.key = {
			.src.family = AF_INET6,
			.dst.family = AF_INET6,
			.sport = 1,
			.dport = 2,
			.protocol = IPPROTO_TCP,
		},
	};

	(void)data;
	check_json(object);
	json_object_put(object);
	check_firefly(&state, snapshot);
	return 0;
}

static void listen_to(bool snapshots)
{
	struct genl_snapshots *snapshot_group;
	struct genl_events *event_group;

	if (snapshots) {
		require(!genl_snapshots_new(&snapshot_group));
		genl_snapshots_read(snapshot_group, on_snapshot, NULL);
		genl_snapshots_free(snapshot_group);
	} else {
		require(!genl_events_new(&event_group));
		genl_events_read(event_group, on_event, NULL);
		genl_events_free(event_group);
	}
}

static void ask(struct genl *genl, unsigned int what)
{
	static const struct flow_spec spec = {
		.key = { .protocol = IPPROTO_UDP },
	};
	struct genl_stats stats;
	struct genl_status status;
	struct flow_state state;
	struct snapshot snapshot;
	size_t bad = 0;

	switch (what) {
	case 0:
		genl_flow_dump(genl, on_flow, NULL);
		break;
	case 1:
		if (!genl_flow_get_id(genl, 1, &state))
			check_flow(&state, NULL);
		break;
	case 2:
		genl_snapshot_dump(genl, on_flow_snapshot, NULL);
		break;
	case 3:
		if (!genl_snapshot_get_id(genl, 1, &state, &snapshot))
			check_flow(&state, &snapshot);
		break;
	case 4:
		genl_rule_dump(genl, on_rule, NULL);
		break;
	case 5:
		genl_stats_get(genl, &stats);
		break;
	case 6:
		genl_status_get(genl, &status);
		break;
	default:
		genl_flow_add(genl, &spec, 1, &bad);
		require(bad <= 1);
	}
	require(memchr(genl_error(genl), '\0', EXTACK_TEXT_MAX));
	require(memchr(genl_warning(genl), '\0', EXTACK_TEXT_MAX));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct genl *genl;

	if (!size)
		return 0;
	queue = data + 1;
	queue_size = size - 1;
	if (data[0] & 0x10) {
		listen_to(data[0] & 1);
		return 0;
	}
	require(!genl_new(&genl));
	ask(genl, data[0] & 7);
	genl_free(genl);
	return 0;
}
