/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The flows in the kernel's table: what is open here is marked and watched
 * there.
 *
 * Without the module nothing is marked; that is said once. When it comes, all
 * that are open are entered. Each failure is
 * logged with the kernel's own words.
 */
#ifndef SCITAGD_KERNEL_H
#define SCITAGD_KERNEL_H

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

struct config;
struct flow;
struct flows;
struct genl_stats;
struct genl_status;
struct kernel;
struct kernel_events_counters;
struct snapshot;

/*
 * config is used as long as this lives or until there is another. Returns 0,
 * module or not; or -errno.
 */
int kernel_new(struct kernel **out, const struct config *config,
	       sd_event *event);
void kernel_free(struct kernel *kernel); /* NULL is fine */

/* From now on flows are told of what the kernel tells. */
void kernel_attach(struct kernel *kernel, struct flows *flows);

/*
 * Flows are known that were open before: the rules are put in force, and flows
 * that the kernel has besides are told of.
 */
void kernel_settle(struct kernel *kernel);

/*
 * The daemon ends, and its flows do not: no rule makes flows any more, and
 * those that are marked from now on are left to the kernel, which ends them
 * with their connections, or when they are idle.
 */
void kernel_hand_over(struct kernel *kernel);

/*
 * Flows that are open are marked and watched as config has it, too: entered
 * again, or taken out if nothing is to be marked. So are rules.
 */
void kernel_reload(struct kernel *kernel, const struct config *config);

/* The calls of struct flows_calls; data is the struct kernel. */
void kernel_mark(void *data, const struct flow *flow);
void kernel_unmark(void *data, const struct flow *flow);
void kernel_sample(void *data, const struct flow *flow,
		   struct snapshot *snapshot);
bool kernel_is_gone(void *data, const struct flow *flow);
bool kernel_can_tell(void *data);

/* Was the module there when it was asked last? */
bool kernel_is_there(const struct kernel *kernel);

/* How it is there now. Returns 0, or -errno if that cannot be asked. */
int kernel_get_status(struct kernel *kernel, struct genl_status *status,
		      struct genl_stats *stats);

/* How many flows the kernel took, and how many it did not. */
struct kernel_counters {
	uint64_t marked; /* flows entered, or given new ids */
	uint64_t failed; /* flows that the kernel did not take */
	const struct kernel_events_counters *events;
};
struct kernel_counters kernel_counters(const struct kernel *kernel);
void kernel_log_counters(const struct kernel *kernel);

#endif /* SCITAGD_KERNEL_H */
