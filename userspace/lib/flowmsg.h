/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A flow as attribute SCITAG_A_FLOW of a netlink message.
 */
#ifndef SCITAG_FLOWMSG_H
#define SCITAG_FLOWMSG_H

#include <stddef.h>
#include <stdint.h>

#include "flow.h"

struct nl_msg;
struct nlattr;
struct nlmsghdr;

/* Octets that any of the flowmsg_put functions needs at most. */
#define FLOWMSG_SIZE 192

/* Append a flow to a request. Return 0, or -EMSGSIZE if there is no room. */
int flowmsg_put_spec(struct nl_msg *msg, const struct flow_spec *spec);
int flowmsg_put_key(struct nl_msg *msg, const struct flow_key *key);
int flowmsg_put_id(struct nl_msg *msg, uint32_t id);

/*
 * What a rule says of its flows: all of a spec but the key, as type. They age
 * always: no idle timeout is that of the module.
 */
int flowmsg_put_template(struct nl_msg *msg, int type,
			 const struct flow_spec *spec);
int flowmsg_get_template(struct flow_spec *spec, const struct nlattr *nest);

/*
 * Read the flow that the kernel sent. Attributes that are not known are left
 * out. Returns 0, or -EBADMSG if an attribute is malformed or one is missing
 * of those that every flow has.
 */
int flowmsg_get_state(struct flow_state *state, const struct nlattr *nest);

/*
 * Which flow or rule of a request holds the octet at offset, counted from the
 * start of the request? Returns its index, or the number of them if none does.
 */
size_t flowmsg_index(const struct nlmsghdr *request, uint32_t offset);

#endif /* SCITAG_FLOWMSG_H */
