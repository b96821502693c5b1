// SPDX-License-Identifier: GPL-2.0
#include "seen.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

#include <uapi/linux/scitag.h>

/* Of the kernel; glibc has them only in part. */
#ifndef IPV6_FLOWINFO
#define IPV6_FLOWINFO 11
#endif
#ifndef IPV6_2292PKTOPTIONS
#define IPV6_2292PKTOPTIONS 6
#endif

#define LABEL_MASK 0xfffff

void seen_ask(int listener)
{
	static const int options[] = {
		IPV6_FLOWINFO,
		IPV6_RECVHOPOPTS,
		IPV6_RECVDSTOPTS,
	};
	const int on = 1;
	size_t i;

	for (i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		setsockopt(listener, IPPROTO_IPV6, options[i], &on, sizeof(on));
}

static void look(struct seen *seen, struct cmsghdr *cmsg)
{
	uint32_t flowinfo;

	if (cmsg->cmsg_level != IPPROTO_IPV6)
		return;
	switch (cmsg->cmsg_type) {
	case IPV6_FLOWINFO:
		if (cmsg->cmsg_len < CMSG_LEN(sizeof(flowinfo)))
			return;
		memcpy(&flowinfo, CMSG_DATA(cmsg), sizeof(flowinfo));
		seen->label = ntohl(flowinfo) & LABEL_MASK;
		break;
	case IPV6_HOPOPTS:
		seen->headers |= SCITAG_MARK_HBH;
		break;
	case IPV6_DSTOPTS:
		seen->headers |= SCITAG_MARK_DO;
		break;
	}
}

struct seen seen_read(int fd)
{
	_Alignas(struct cmsghdr) char buf[1024];
	struct msghdr msg = { .msg_control = buf };
	struct seen seen = { .label = 0 };
	socklen_t len = sizeof(buf);
	struct cmsghdr *cmsg;

	if (getsockopt(fd, IPPROTO_IPV6, IPV6_2292PKTOPTIONS, buf, &len))
		return seen;
	msg.msg_controllen = len;
	for (cmsg = CMSG_FIRSTHDR(&msg); cmsg; cmsg = CMSG_NXTHDR(&msg, cmsg))
		look(&seen, cmsg);
	return seen;
}
