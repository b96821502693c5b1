// SPDX-License-Identifier: GPL-2.0
#include "genl_sock.h"

#include <errno.h>
#include <linux/netlink.h>
#include <netlink/errno.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/socket.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <uapi/linux/scitag.h>

/* libnl has numbers of its own; those that it gives us. */
static int from_nl_error(int error)
{
	switch (-error) {
	case NLE_OBJ_NOTFOUND:
	case NLE_NOACCESS: /* its name for what a group that is not there gives */
		return -ENOPROTOOPT;
	case NLE_NOMEM:
		return -ENOMEM;
	case NLE_PERM:
		return -EPERM;
	case NLE_AF_NOSUPPORT:
		return -EAFNOSUPPORT;
	default:
		return -EIO;
	}
}

int genl_sock_resolve(struct genl_sock *gs)
{
	int family = genl_ctrl_resolve(gs->sock, SCITAG_FAMILY_NAME);

	if (family < 0)
		return from_nl_error(family);
	gs->family = family;
	return 0;
}

/* Texts with refusals; not known before Linux 4.12, which is too old anyway. */
static int ask_for_extack(int fd)
{
	static const int options[] = { NETLINK_EXT_ACK, NETLINK_CAP_ACK };
	const int on = 1;
	size_t i;

	for (i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		if (setsockopt(fd, SOL_NETLINK, options[i], &on, sizeof(on)))
			return -errno;
	return 0;
}

int genl_sock_open(struct genl_sock *gs)
{
	int ret;

	memset(gs, 0, sizeof(*gs));
	gs->fd = -1;
	gs->sock = nl_socket_alloc();
	gs->buf = malloc(GENL_SOCK_BUF_SIZE);
	if (!gs->sock || !gs->buf)
		return -ENOMEM;
	ret = genl_connect(gs->sock);
	if (ret)
		return from_nl_error(ret);
	gs->fd = nl_socket_get_fd(gs->sock);
	return 0;
}

int genl_sock_init(struct genl_sock *gs)
{
	int ret;

	ret = genl_sock_open(gs);
	if (!ret)
		ret = genl_sock_resolve(gs);
	return ret ? ret : ask_for_extack(gs->fd);
}

void genl_sock_exit(struct genl_sock *gs)
{
	nl_socket_free(gs->sock);
	free(gs->buf);
	memset(gs, 0, sizeof(*gs));
	gs->fd = -1;
}

int genl_sock_join(struct genl_sock *gs, const char *family, const char *group)
{
	int id = genl_ctrl_resolve_grp(gs->sock, family, group);

	if (id < 0)
		return from_nl_error(id);
	/* Not through libnl: errno tells if it is for lack of a capability. */
	if (setsockopt(gs->fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &id,
		       sizeof(id)))
		return -errno;
	return 0;
}

int genl_sock_send(struct genl_sock *gs, struct nlmsghdr *request)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	ssize_t len;

	request->nlmsg_type = gs->family;
	request->nlmsg_seq = nl_socket_use_seq(gs->sock);
	request->nlmsg_pid = nl_socket_get_local_port(gs->sock);
	do {
		len = sendto(gs->fd, request, request->nlmsg_len, 0,
			     (struct sockaddr *)&kernel, sizeof(kernel));
	} while (len < 0 && errno == EINTR);
	return len < 0 ? -errno : 0;
}

int genl_sock_receive(struct genl_sock *gs)
{
	struct sockaddr_nl from;
	struct iovec iov = { gs->buf, GENL_SOCK_BUF_SIZE };
	struct msghdr msg = {
		.msg_name = &from,
		.msg_namelen = sizeof(from),
		.msg_iov = &iov,
		.msg_iovlen = 1,
	};
	ssize_t len;

	for (;;) {
		len = recvmsg(gs->fd, &msg, 0);
		if (len < 0 && errno == EINTR)
			continue;
		if (len < 0)
			return -errno;
		if (msg.msg_flags & MSG_TRUNC)
			return -EMSGSIZE;
		/* Other processes may write to the socket. */
		if (msg.msg_namelen == sizeof(from) && from.nl_pid == 0)
			return len;
		msg.msg_namelen = sizeof(from);
	}
}

void genl_sock_grow(struct genl_sock *gs, int option, int octets)
{
	int force = option == SO_SNDBUF ? SO_SNDBUFFORCE : SO_RCVBUFFORCE;
	socklen_t len = sizeof(int);
	int now = 0;

	if (getsockopt(gs->fd, SOL_SOCKET, option, &now, &len) == 0 &&
	    now >= octets)
		return;
	if (setsockopt(gs->fd, SOL_SOCKET, force, &octets, sizeof(octets)))
		setsockopt(gs->fd, SOL_SOCKET, option, &octets, sizeof(octets));
}
