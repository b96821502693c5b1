/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Addresses of names, looked up in the background: nothing waits for a name
 * server. They are looked up again and again; an address that cannot be had
 * again is kept.
 */
#ifndef SCITAGD_RESOLVER_H
#define SCITAGD_RESOLVER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <systemd/sd-event.h>

struct addr;
struct resolver;

/* A name, and the family that its address has to be of; AF_UNSPEC: any. */
struct resolver_name {
	const char *host;
	sa_family_t family;
};

/* A name has an address now, or another than before. Failures are logged. */
typedef void (*resolver_cb)(void *data);

/* It knows no name as yet. Returns 0 or -errno. */
int resolver_new(struct resolver **out, sd_event *event, resolver_cb cb,
		 void *data);

/* Does not wait for lookups that are on their way. NULL is fine. */
void resolver_free(struct resolver *resolver);

/*
 * These are the names to look up from now on, all of them at once; none may be
 * there twice. Those that are known keep their address meanwhile. The names are
 * copied. Returns 0; or -ENOMEM, and nothing has changed.
 */
int resolver_set(struct resolver *resolver, const struct resolver_name *names,
		 size_t n);

/*
 * The address of one of the names, or NULL if it has none yet; to be used
 * before the loop goes on. It is the one that the system prefers; and stays
 * the same as long as the name stands for it.
 */
const struct addr *resolver_get(const struct resolver *resolver,
				const char *host, sa_family_t family);

#endif /* SCITAGD_RESOLVER_H */
