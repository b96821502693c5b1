// SPDX-License-Identifier: GPL-2.0
#include "resolver.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "addr.h"
#include "log.h"
#include "sockaddr.h"

/* Until a name is looked up again; after failures it is sooner. */
#define PERIOD_US 300000000ULL
#define RETRY_FIRST_US 2000000ULL
#define RETRY_MAX_US 60000000ULL

/* Timers may be late by this. */
#define ACCURACY_US 100000

/* A name and what is known of it. */
struct name {
	struct resolver *resolver;
	char *host;
	sa_family_t family;
	uint32_t number; /* of no other name, ever */
	bool busy; /* a lookup is on its way */
	bool again; /* and another is to follow */
	unsigned int failures; /* one after the other */
	struct addr addr; /* of family 0: not known */
	sd_event_source *timer; /* NULL until it is used */
};

struct resolver {
	sd_event *event;
	resolver_cb cb;
	void *data;
	int fds[2]; /* results: read here, written by lookups */
	sd_event_source *source;
	struct name **names;
	size_t n_names;
	uint32_t number; /* of the latest name */
};

/*
 * What a thread works with. It owns all of it, so that it may outlive the
 * resolver: getaddrinfo() cannot be ended.
 */
struct lookup {
	int fd;
	uint32_t number;
	sa_family_t family;
	struct addr known;
	char *host;
};

/* What comes of it, as one message. */
struct result {
	uint32_t number;
	int error; /* of getaddrinfo() */
	struct addr addr;
};

static void lookup_free(struct lookup *lookup)
{
	if (lookup->fd >= 0)
		close(lookup->fd);
	free(lookup->host);
	free(lookup);
}

/* The known address if it is in the list, and the first one otherwise. */
static int choose(struct addr *addr, const struct addrinfo *list,
		  const struct addr *known)
{
	const struct addrinfo *info;
	struct addr one;
	uint16_t port;

	addr->family = 0;
	for (info = list; info; info = info->ai_next) {
		if (sockaddr_read(info->ai_addr, &one, &port))
			continue;
		if (addr_equal(&one, known)) {
			*addr = one;
			return 0;
		}
		if (!addr->family)
			*addr = one;
	}
	return addr->family ? 0 : EAI_NONAME;
}

static void *run_lookup(void *data)
{
	struct lookup *lookup = data;
	struct addrinfo hints = {
		.ai_family = lookup->family,
		.ai_socktype = SOCK_DGRAM,
	};
	struct result result = { .number = lookup->number };
	struct addrinfo *list;

	result.error = getaddrinfo(lookup->host, NULL, &hints, &list);
	if (!result.error) {
		result.error = choose(&result.addr, list, &lookup->known);
		freeaddrinfo(list);
	}
	/* If nobody wants to know any more, that is fine. */
	send(lookup->fd, &result, sizeof(result), MSG_NOSIGNAL);
	lookup_free(lookup);
	return NULL;
}

static int start_thread(struct lookup *lookup)
{
	pthread_attr_t attr;
	pthread_t thread;
	int ret;

	ret = pthread_attr_init(&attr);
	if (ret)
		return -ret;
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	ret = pthread_create(&thread, &attr, run_lookup, lookup);
	pthread_attr_destroy(&attr);
	return -ret;
}

static int start_lookup(const struct name *name)
{
	struct lookup *lookup = calloc(1, sizeof(*lookup));
	int ret;

	if (!lookup)
		return -ENOMEM;
	lookup->fd = fcntl(name->resolver->fds[1], F_DUPFD_CLOEXEC, 0);
	lookup->host = strdup(name->host);
	lookup->number = name->number;
	lookup->family = name->family;
	lookup->known = name->addr;
	if (lookup->fd < 0)
		ret = -errno;
	else
		ret = lookup->host ? start_thread(lookup) : -ENOMEM;
	if (ret)
		lookup_free(lookup);
	return ret;
}

/* Nine to eleven tenths: what began together does not stay together. */
static uint64_t jitter(uint64_t us)
{
	uint32_t number = 0;

	if (getrandom(&number, sizeof(number), GRND_NONBLOCK) < 0)
		number = clock();
	return us - us / 10 + us / 5 * (number % 1000) / 1000;
}

static uint64_t delay_us(unsigned int failures)
{
	uint64_t us = RETRY_FIRST_US;

	if (!failures)
		return PERIOD_US;
	while (--failures && us < RETRY_MAX_US)
		us *= 2;
	return us < RETRY_MAX_US ? us : RETRY_MAX_US;
}

static void look_up(struct name *name);

static int on_timer(sd_event_source *source, uint64_t usec, void *data)
{
	(void)source;
	(void)usec;
	look_up(data);
	return 0;
}

static void set_timer(struct name *name)
{
	uint64_t now = 0;
	int ret;

	sd_event_now(name->resolver->event, CLOCK_MONOTONIC, &now);
	now += jitter(delay_us(name->failures));
	if (!name->timer) {
		ret = sd_event_add_time(name->resolver->event, &name->timer,
					CLOCK_MONOTONIC, now, ACCURACY_US,
					on_timer, name);
	} else {
		ret = sd_event_source_set_time(name->timer, now);
		if (ret >= 0)
			ret = sd_event_source_set_enabled(name->timer,
							  SD_EVENT_ONESHOT);
	}
	if (ret < 0)
		log_err("%s is not looked up again: %s", name->host,
			strerror(-ret));
}

static void log_failure(const struct name *name, const char *why)
{
	/* The first of a row; the others differ in nothing. */
	log_msg(name->failures == 1 ? LOG_WARNING : LOG_DEBUG,
		"the address of %s cannot be found%s: %s", name->host,
		name->addr.family ? ", and stays what it was" : "", why);
}

static void look_up(struct name *name)
{
	int ret;

	if (name->busy) {
		name->again = true;
		return;
	}
	ret = start_lookup(name);
	name->busy = !ret;
	if (!ret)
		return;
	name->failures++;
	log_failure(name, strerror(-ret));
	set_timer(name);
}

/* Has the address changed? */
static bool take_result(struct name *name, const struct result *result)
{
	bool changed = false;

	name->busy = false;
	if (result->error) {
		name->failures++;
		log_failure(name, gai_strerror(result->error));
	} else {
		name->failures = 0;
		changed = !addr_equal(&name->addr, &result->addr);
		name->addr = result->addr;
	}
	if (name->again) {
		name->again = false;
		look_up(name);
	} else {
		set_timer(name);
	}
	return changed;
}

static int on_result(sd_event_source *source, int fd, uint32_t revents,
		     void *data)
{
	struct resolver *resolver = data;
	struct result result;
	bool changed = false;
	size_t i;

	(void)source;
	(void)revents;
	while (recv(fd, &result, sizeof(result), MSG_DONTWAIT) ==
	       sizeof(result)) {
		/* Or it is of a name that nobody wants any more. */
		for (i = 0; i < resolver->n_names; i++)
			if (resolver->names[i]->number == result.number)
				changed |= take_result(resolver->names[i],
						       &result);
	}
	if (changed)
		resolver->cb(resolver->data);
	return 0;
}

int resolver_new(struct resolver **out, sd_event *event, resolver_cb cb,
		 void *data)
{
	struct resolver *resolver = calloc(1, sizeof(*resolver));
	int ret;

	if (!resolver)
		return -ENOMEM;
	resolver->event = event;
	resolver->cb = cb;
	resolver->data = data;
	resolver->fds[0] = -1;
	resolver->fds[1] = -1;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0,
		       resolver->fds))
		ret = -errno;
	else
		ret = sd_event_add_io(event, &resolver->source,
				      resolver->fds[0], EPOLLIN, on_result,
				      resolver);
	if (ret < 0) {
		resolver_free(resolver);
		return ret;
	}
	*out = resolver;
	return 0;
}

static void name_free(struct name *name)
{
	if (!name)
		return;
	sd_event_source_unref(name->timer);
	free(name->host);
	free(name);
}

static struct name *find(const struct resolver *resolver, const char *host,
			 sa_family_t family)
{
	size_t i;

	for (i = 0; i < resolver->n_names; i++)
		if (resolver->names[i]->family == family &&
		    !strcasecmp(resolver->names[i]->host, host))
			return resolver->names[i];
	return NULL;
}

static struct name *name_new(struct resolver *resolver,
			     const struct resolver_name *from)
{
	struct name *name = calloc(1, sizeof(*name));

	if (!name)
		return NULL;
	name->resolver = resolver;
	name->family = from->family;
	name->number = ++resolver->number;
	name->host = strdup(from->host);
	if (!name->host) {
		name_free(name);
		return NULL;
	}
	return name;
}

/* Frees those of the first list that are not in the second. */
static void free_others(struct name **names, size_t n, struct name **kept,
			size_t n_kept)
{
	size_t i, j;

	for (i = 0; i < n; i++) {
		for (j = 0; j < n_kept && kept[j] != names[i]; j++)
			;
		if (j == n_kept)
			name_free(names[i]);
	}
	free(names);
}

int resolver_set(struct resolver *resolver, const struct resolver_name *names,
		 size_t n)
{
	struct name **list = calloc(n + 1, sizeof(*list));
	size_t i;

	if (!list)
		return -ENOMEM;
	for (i = 0; i < n; i++) {
		list[i] = find(resolver, names[i].host, names[i].family);
		if (!list[i])
			list[i] = name_new(resolver, &names[i]);
		if (!list[i]) {
			free_others(list, i, resolver->names,
				    resolver->n_names);
			return -ENOMEM;
		}
	}
	free_others(resolver->names, resolver->n_names, list, n);
	resolver->names = list;
	resolver->n_names = n;
	for (i = 0; i < n; i++)
		look_up(list[i]);
	return 0;
}

const struct addr *resolver_get(const struct resolver *resolver,
				const char *host, sa_family_t family)
{
	const struct name *name = find(resolver, host, family);

	return name && name->addr.family ? &name->addr : NULL;
}

void resolver_free(struct resolver *resolver)
{
	if (!resolver)
		return;
	free_others(resolver->names, resolver->n_names, NULL, 0);
	sd_event_source_unref(resolver->source);
	if (resolver->fds[0] >= 0)
		close(resolver->fds[0]);
	if (resolver->fds[1] >= 0)
		close(resolver->fds[1]);
	free(resolver);
}
