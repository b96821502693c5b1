/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A netlink socket that knows the family of the scitag module. Shared by
 * genl.c, genl_group.c and genl_watch.c.
 */
#ifndef SCITAG_GENL_SOCK_H
#define SCITAG_GENL_SOCK_H

#include <stddef.h>
#include <stdint.h>

struct nl_sock;
struct nlmsghdr;

/* The kernel sends no message that is longer. */
#define GENL_SOCK_BUF_SIZE 65536

struct genl_sock {
	struct nl_sock *sock;
	int fd; /* that of sock */
	uint16_t family; /* message type of the family */
	uint8_t *buf; /* GENL_SOCK_BUF_SIZE octets, for receiving */
};

/* Without the family, whose number is 0 then. Returns 0 or -errno. */
int genl_sock_open(struct genl_sock *gs);
/* Returns 0 or -errno; -ENOPROTOOPT if there is no such family. */
int genl_sock_init(struct genl_sock *gs);
void genl_sock_exit(
	struct genl_sock *gs); /* after a failed init or open, too */

/* Look the family up again: it has another number after a module reload. */
int genl_sock_resolve(struct genl_sock *gs);

/* Join a multicast group of a family, both by name. */
int genl_sock_join(struct genl_sock *gs, const char *family, const char *group);

/*
 * Send a request to the kernel, after putting the family's number and a new
 * sequence number into it. Returns 0 or -errno.
 */
int genl_sock_send(struct genl_sock *gs, struct nlmsghdr *request);

/*
 * Receive the next datagram of the kernel into buf. Returns its length or
 * -errno.
 */
int genl_sock_receive(struct genl_sock *gs);

/*
 * Make a buffer of the socket (SO_SNDBUF or SO_RCVBUF) at least so large,
 * beyond the system's limit if we may. Best effort.
 */
void genl_sock_grow(struct genl_sock *gs, int option, int octets);

#endif /* SCITAG_GENL_SOCK_H */
