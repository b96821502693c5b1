/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The flows in the kernel's table: what is open here is marked there.
 *
 * Without the module nothing is marked; that is said once, and every new flow
 * tries again. Each failure is logged with the kernel's own words.
 */
#ifndef SCITAGD_KERNEL_H
#define SCITAGD_KERNEL_H

#include <systemd/sd-event.h>

#include "kernel_events.h"

struct config;
struct flow;
struct flow_sample;
struct kernel;

/*
 * config is used as long as this lives; ended is called, from within the
 * loop, for flows of the table that end by themselves, whosever they are.
 * Returns 0, module or not; -errno.
 */
int kernel_new(struct kernel **out, const struct config *config,
	       sd_event *event, kernel_end_cb ended, void *data);
void kernel_free(struct kernel *kernel); /* NULL is fine */

/* The calls of struct flows_calls; data is the struct kernel. */
void kernel_mark(void *data, const struct flow *flow);
void kernel_unmark(void *data, const struct flow *flow);
void kernel_sample(void *data, const struct flow *flow,
		   struct flow_sample *sample);

/* How many flows the kernel took, and how many it did not. */
void kernel_log_counters(const struct kernel *kernel);

#endif /* SCITAGD_KERNEL_H */
