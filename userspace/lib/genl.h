/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Conversation with the scitag module over generic netlink.
 *
 * A struct genl is one socket for requests. All calls block until the kernel
 * answers (it answers from the same system call); none is thread-safe.
 * Every function returns 0 or -errno; genl_error() then has the text that the
 * kernel sent with a refusal (extended ACK), or a text for the errno.
 * -ENOPROTOOPT: the module is not loaded (or its family is not there).
 */
#ifndef SCITAG_GENL_H
#define SCITAG_GENL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flow.h"
#include "rule.h"
#include "snapshot.h"

struct genl;

/* Counters of the namespace, in the order of SCITAG_STATS_A_*. */
struct genl_stats {
	uint64_t marked;
	uint64_t no_room;
	uint64_t too_big;
	uint64_t ext_header;
	uint64_t jumbo;
	uint64_t offload;
	uint64_t no_memory;
	uint64_t refused;
};

/*
 * One of them by its number: marked is the first, the others are reasons why
 * packets left without headers. NULL: no more.
 */
const char *genl_stats_name(size_t number);
uint64_t genl_stats_value(const struct genl_stats *stats, size_t number);

struct genl_status {
	char version[32];
	uint32_t flows;
	uint32_t max_flows;
	bool hooked;
	uint32_t rules;
	uint32_t max_rules;
	uint64_t untracked;
	bool tracing;
};

int genl_new(struct genl **out);
void genl_free(struct genl *genl); /* NULL is fine */

/*
 * Texts of the last call: of its error, or of the warning that came with its
 * success. "" if there was none, never NULL.
 */
const char *genl_error(const struct genl *genl);
const char *genl_warning(const struct genl *genl);

/* Text for an errno of these functions, e.g. of genl_new(); sign is ignored. */
const char *genl_strerror(int error);

/*
 * Add (or add and replace) n flows in one message: all or none. On an error,
 * *bad is the index of the flow that the kernel refused, or n if it named
 * none. n is at most GENL_BATCH_MAX.
 */
#define GENL_BATCH_MAX 512
int genl_flow_add(struct genl *genl, const struct flow_spec *specs, size_t n,
		  size_t *bad);
int genl_flow_replace(struct genl *genl, const struct flow_spec *specs,
		      size_t n, size_t *bad);

/* Delete one flow, by 5-tuple or by id. -ENOENT if it is not there. */
int genl_flow_del(struct genl *genl, const struct flow_key *key);
int genl_flow_del_id(struct genl *genl, uint32_t id);
int genl_flow_flush(struct genl *genl);

int genl_flow_get(struct genl *genl, const struct flow_key *key,
		  struct flow_state *state);
int genl_flow_get_id(struct genl *genl, uint32_t id, struct flow_state *state);

/*
 * Call cb for every flow; a value other than 0 from cb ends the dump and is
 * returned. -EINTR if the table changed so that the dump may be incomplete.
 */
typedef int (*genl_flow_cb)(const struct flow_state *state, void *data);
int genl_flow_dump(struct genl *genl, genl_flow_cb cb, void *data);

/* A flow with a snapshot that is taken now; and all of them, as above. */
int genl_snapshot_get(struct genl *genl, const struct flow_key *key,
		      struct flow_state *state, struct snapshot *snapshot);
int genl_snapshot_get_id(struct genl *genl, uint32_t id,
			 struct flow_state *state, struct snapshot *snapshot);
typedef int (*genl_flow_snapshot_cb)(const struct flow_state *state,
				     const struct snapshot *snapshot,
				     void *data);
int genl_snapshot_dump(struct genl *genl, genl_flow_snapshot_cb cb, void *data);

/*
 * Put n rules in the place of all there are, or none on an error; *bad is as
 * in genl_flow_add(). n is at most GENL_RULES_MAX; how many the kernel takes
 * is in struct genl_status.
 */
#define GENL_RULES_MAX 16384
int genl_rule_set(struct genl *genl, const struct rule_spec *specs, size_t n,
		  size_t *bad);

/* As genl_flow_dump(), in the order in which the rules are looked at. */
typedef int (*genl_rule_cb)(const struct rule_state *state, void *data);
int genl_rule_dump(struct genl *genl, genl_rule_cb cb, void *data);

int genl_stats_get(struct genl *genl, struct genl_stats *stats);
int genl_status_get(struct genl *genl, struct genl_status *status);

/* One notification of the group "events". */
enum genl_event_type {
	GENL_FLOW_NEW,
	GENL_FLOW_UPDATE,
	GENL_FLOW_END,
	GENL_STATUS
};
struct genl_event {
	enum genl_event_type type;
	uint64_t seq;
	int end_reason; /* enum scitag_end_reason; 0 if not an end */
	struct flow_state flow; /* of GENL_FLOW_* */
	bool has_snapshot; /* with an end, if there was a socket */
	struct snapshot snapshot;
	struct genl_status status; /* of GENL_STATUS */
};

/*
 * A second kind of socket: joined to the group "events", non-blocking.
 * genl_events_read() calls cb for all that has arrived and returns 0, the
 * value of cb if not 0, -ENOBUFS if the kernel had to drop some (go on
 * reading; resynchronise with a dump), -ENOPROTOOPT when the module was
 * unloaded (the socket is of no use any more), or another -errno.
 */
struct genl_events;
typedef int (*genl_event_cb)(const struct genl_event *event, void *data);
int genl_events_new(struct genl_events **out);
void genl_events_free(struct genl_events *events);
int genl_events_fd(const struct genl_events *events);
int genl_events_read(struct genl_events *events, genl_event_cb cb, void *data);

/*
 * A third: joined to the group "snapshots", used in the same way. Between
 * snapshots whose seq are not next to each other, some were lost.
 */
struct genl_snapshots;
typedef int (*genl_snapshot_cb)(uint64_t seq, const struct snapshot *snapshot,
				void *data);
int genl_snapshots_new(struct genl_snapshots **out);
void genl_snapshots_free(struct genl_snapshots *snapshots);
int genl_snapshots_fd(const struct genl_snapshots *snapshots);
int genl_snapshots_read(struct genl_snapshots *snapshots, genl_snapshot_cb cb,
			void *data);

/*
 * A fourth, that needs no module: it is told when the module's family comes.
 * genl_watch_read() reads all that has arrived: has it come meanwhile, or may
 * it have? Returns 0, or an -errno that makes the socket useless.
 */
struct genl_watch;
int genl_watch_new(struct genl_watch **out);
void genl_watch_free(struct genl_watch *watch); /* NULL is fine */
int genl_watch_fd(const struct genl_watch *watch);
int genl_watch_read(struct genl_watch *watch, bool *arrived);

#endif /* SCITAG_GENL_H */
