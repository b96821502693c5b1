/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A rule as the kernel has it: what the packets of some connections have in
 * common, and what flows are made of those.
 */
#ifndef SCITAG_RULE_H
#define SCITAG_RULE_H

#include <linux/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "flow.h"
#include "prefix.h"

/* Ports from min to max; 0 and 0 is no condition. */
struct port_range {
	uint16_t min;
	uint16_t max;
};

/* Longest path of a cgroup with its NUL. */
#define RULE_CGROUP_MAX 256

/* What is asked of the kernel. Strings are "" where they are no condition. */
struct rule_spec {
	uint32_t priority;
	uint8_t protocol; /* 0: any */
	struct prefix src; /* an address of family 0 is no condition */
	struct prefix dst;
	struct port_range sport;
	struct port_range dport;
	struct port_range port; /* of which one of the two has to be */
	bool has_uid;
	uint32_t uid_min;
	uint32_t uid_max;
	bool has_fwmark;
	uint32_t fwmark;
	uint32_t fwmask;
	char cgroup[RULE_CGROUP_MAX];
	char oif[IFNAMSIZ];
	bool exclude;
	struct flow_spec flow; /* all but its key, if not exclude */
};

/* What the kernel says of a rule. */
struct rule_state {
	struct rule_spec spec;
	uint32_t id;
	uint64_t flows; /* that it has made */
};

/* Longest text of an error with its NUL. */
#define RULE_ERROR_MAX (RULE_CGROUP_MAX + PREFIX_ERROR_MAX)

/*
 * Set the condition proto, src, sport, dst, dport, port, uid, cgroup, fwmark or
 * oif from text: addresses with or without a length, ports, users and numbers
 * as scitag(8) has them. Returns 0; -ENOENT if there is no such condition; or
 * -EINVAL with a text in error.
 */
int rule_condition_parse(struct rule_spec *spec, const char *name,
			 const char *text, char error[static RULE_ERROR_MAX]);

/* Return 0, or -EINVAL with a text in error. */
int rule_priority_parse(struct rule_spec *spec, const char *text,
			char error[static RULE_ERROR_MAX]);
/* Can all conditions hold together? */
int rule_check(const struct rule_spec *spec, char error[static RULE_ERROR_MAX]);

#endif /* SCITAG_RULE_H */
