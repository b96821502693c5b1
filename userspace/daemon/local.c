// SPDX-License-Identifier: GPL-2.0
#include "local.h"

#include <errno.h>
#include <ifaddrs.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "log.h"
#include "prefix.h"

struct local {
	int monitor_fd; /* rtnetlink: gets a message on any change */
	const struct addr *more; /* from the configuration */
	size_t n_more;
	struct addr *addrs; /* of the interfaces, sorted */
	size_t n_addrs;
	struct prefix *networks; /* of the same */
	size_t n_networks;
};

static int monitor_open(void)
{
	struct sockaddr_nl nl = {
		.nl_family = AF_NETLINK,
		.nl_groups = RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR,
	};
	int fd;

	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
		    NETLINK_ROUTE);
	if (fd < 0)
		return -errno;
	if (bind(fd, (struct sockaddr *)&nl, sizeof(nl))) {
		int ret = -errno;

		close(fd);
		return ret;
	}
	return fd;
}

/*
 * What the messages say does not matter, only that there are any. ENOBUFS
 * means that there were more than the socket could hold.
 */
static bool monitor_changed(int fd)
{
	bool changed = false;
	char buf[8192];

	while (recv(fd, buf, sizeof(buf), 0) >= 0 || errno == ENOBUFS ||
	       errno == EINTR)
		changed = true;
	return changed;
}

static bool from_sockaddr(struct addr *addr, const struct sockaddr *sa)
{
	memset(addr, 0, sizeof(*addr));
	if (!sa)
		return false;
	if (sa->sa_family == AF_INET) {
		const struct sockaddr_in *in = (const void *)sa;

		memcpy(addr->octets, &in->sin_addr, 4);
	} else if (sa->sa_family == AF_INET6) {
		const struct sockaddr_in6 *in6 = (const void *)sa;

		memcpy(addr->octets, &in6->sin6_addr, 16);
	} else {
		return false;
	}
	addr->family = sa->sa_family;
	return true;
}

static int compare(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct addr));
}

static unsigned int mask_len(const struct addr *mask)
{
	unsigned int len = 0;

	while (len < 8 * sizeof(mask->octets) &&
	       mask->octets[len / 8] & 0x80 >> len % 8)
		len++;
	return len;
}

/* What all interfaces have. Both lists have room for it. */
static void take_interfaces(const struct ifaddrs *list, struct addr *addrs,
			    size_t *n_addrs, struct prefix *networks,
			    size_t *n_networks)
{
	const struct ifaddrs *ifa;
	struct addr mask;

	*n_addrs = 0;
	*n_networks = 0;
	for (ifa = list; ifa; ifa = ifa->ifa_next) {
		struct addr *addr = &addrs[*n_addrs];

		if (!from_sockaddr(addr, ifa->ifa_addr))
			continue;
		(*n_addrs)++;
		if (from_sockaddr(&mask, ifa->ifa_netmask) &&
		    mask.family == addr->family)
			networks[(*n_networks)++] =
				prefix_of(addr, mask_len(&mask));
	}
}

/* On a failure the addresses of before stay. */
static int reread(struct local *local)
{
	struct ifaddrs *list, *ifa;
	struct prefix *networks;
	struct addr *addrs;
	size_t n = 0;

	if (getifaddrs(&list))
		return -errno;
	for (ifa = list; ifa; ifa = ifa->ifa_next)
		n++;
	addrs = calloc(n + 1, sizeof(*addrs));
	networks = calloc(n + 1, sizeof(*networks));
	if (!addrs || !networks) {
		free(addrs);
		free(networks);
		freeifaddrs(list);
		return -ENOMEM;
	}
	free(local->addrs);
	free(local->networks);
	local->addrs = addrs;
	local->networks = networks;
	take_interfaces(list, addrs, &local->n_addrs, networks,
			&local->n_networks);
	freeifaddrs(list);
	qsort(addrs, local->n_addrs, sizeof(*addrs), compare);
	return 0;
}

void local_set(struct local *local, const struct addr *more, size_t n)
{
	local->more = more;
	local->n_more = n;
}

int local_new(struct local **out, const struct addr *more, size_t n)
{
	struct local *local;
	int ret;

	local = calloc(1, sizeof(*local));
	if (!local)
		return -ENOMEM;
	local->monitor_fd = -1;
	local_set(local, more, n);

	/* Before the first reading, so that no change falls in between. */
	ret = monitor_open();
	if (ret < 0)
		goto err;
	local->monitor_fd = ret;
	ret = reread(local);
	if (ret)
		goto err;
	*out = local;
	return 0;
err:
	local_free(local);
	return ret;
}

void local_free(struct local *local)
{
	if (!local)
		return;
	if (local->monitor_fd >= 0)
		close(local->monitor_fd);
	free(local->addrs);
	free(local->networks);
	free(local);
}

static void refresh(struct local *local)
{
	int ret;

	if (!monitor_changed(local->monitor_fd))
		return;
	ret = reread(local);
	if (ret)
		log_err("cannot read this host's addresses: %s",
			strerror(-ret));
}

bool local_has(struct local *local, const struct addr *addr)
{
	size_t i;

	if (addr_is_loopback(addr))
		return true;
	for (i = 0; i < local->n_more; i++)
		if (addr_equal(&local->more[i], addr))
			return true;
	refresh(local);
	return bsearch(addr, local->addrs, local->n_addrs, sizeof(*addr),
		       compare);
}

bool local_has_network(struct local *local, const struct addr *addr)
{
	size_t i;

	refresh(local);
	for (i = 0; i < local->n_networks; i++)
		if (prefix_has(&local->networks[i], addr))
			return true;
	return false;
}

enum local_side local_side(struct local *local, const struct flow_key *key)
{
	bool src = local_has(local, &key->src);
	bool dst = local_has(local, &key->dst);

	if (src && dst)
		return LOCAL_BOTH;
	if (src)
		return LOCAL_SRC;
	return dst ? LOCAL_DST : LOCAL_NONE;
}
