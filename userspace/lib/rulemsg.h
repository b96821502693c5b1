/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A rule as attribute SCITAG_A_RULE of a netlink message.
 */
#ifndef SCITAG_RULEMSG_H
#define SCITAG_RULEMSG_H

#include "rule.h"

struct nl_msg;
struct nlattr;

/* Octets that rulemsg_put() needs at most. */
#define RULEMSG_SIZE 640

/* Append a rule to a request. Returns 0, or -EMSGSIZE if there is no room. */
int rulemsg_put(struct nl_msg *msg, const struct rule_spec *spec);

/*
 * Read the rule that the kernel sent. Attributes that are not known are left
 * out. Returns 0, or -EBADMSG if an attribute is malformed, or the rule is
 * neither an exception nor has what its flows need.
 */
int rulemsg_get(struct rule_state *state, const struct nlattr *nest);

#endif /* SCITAG_RULEMSG_H */
