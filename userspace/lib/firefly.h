/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Fireflies: one datagram that tells of the start, the progress or the end of
 * a flow. An RFC 5424 header, a blank, one line of JSON.
 *
 * Pure: nothing here does input or output or reads a clock.
 */
#ifndef SCITAG_FIREFLY_H
#define SCITAG_FIREFLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"

struct snapshot;

/* Largest datagram: what any IPv6 path carries, less IPv6 and UDP headers. */
#define FIREFLY_MAX 1232

/* Longest texts with their NUL; longer ones are cut between characters. */
#define FIREFLY_APPLICATION_MAX 128
#define FIREFLY_HOSTNAME_MAX 256
#define FIREFLY_APP_NAME_MAX 49

/* Longest text of an error with its NUL. */
#define FIREFLY_ERROR_MAX 160

/* A time, number of octets or round-trip time that is not known. */
#define FIREFLY_UNKNOWN (-1)

#define FIREFLY_PORT 10514

enum firefly_state { FIREFLY_START, FIREFLY_ONGOING, FIREFLY_END };

/*
 * What a firefly says of the TCP connection, besides the round-trip time,
 * which is in all of them.
 */
enum firefly_enrichment {
	FIREFLY_LEAN, /* tcpInfo with eleven numbers, and cong */
	FIREFLY_COMPATIBLE, /* names and units of ss, on one level */
	FIREFLY_FULL, /* all that the kernel tells, as far as it fits */
	FIREFLY_BARE, /* nothing else */
};

struct firefly {
	enum firefly_state state;
	struct flow_key key; /* src is the side that supplies the data */
	bool has_ids;
	uint32_t experiment;
	uint32_t activity;

	/* Times as timestamp.h has them, or FIREFLY_UNKNOWN. */
	int64_t start_us;
	int64_t end_us;
	int64_t current_us;

	/* Octets seen from src, or FIREFLY_UNKNOWN. */
	int64_t received;
	int64_t sent;

	int64_t rtt_us; /* round-trip time, or FIREFLY_UNKNOWN */
	enum firefly_enrichment enrichment;
	const struct snapshot *snapshot; /* or NULL; not a copy */
	char application[FIREFLY_APPLICATION_MAX]; /* UTF-8; "": none */
};

/* Who sent a firefly; both empty if it had no header. */
struct firefly_sender {
	char hostname[FIREFLY_HOSTNAME_MAX];
	char app_name[FIREFLY_APP_NAME_MAX];
};

/* A firefly of which only the state and the 5-tuple are known. */
void firefly_init(struct firefly *f, enum firefly_state state,
		  const struct flow_key *key);

/*
 * Read a datagram of len octets. Tolerant of what producers write: any
 * timestamp in the header or no header at all, times with Z and any fraction,
 * numbers of octets as floats, keys that are not known here; usage, netlink
 * and application may be missing, times as well, and ids where the flow is
 * known from elsewhere (all but a start).
 * Returns 0; or -EINVAL with *f and *sender unchanged and a text in error.
 */
int firefly_parse(struct firefly *f, struct firefly_sender *sender,
		  const char *data, size_t len,
		  char error[static FIREFLY_ERROR_MAX]);

/*
 * Write a firefly, with a NUL that is not part of it. now_us goes into the
 * header and takes the place of times that are not known; usage is in every
 * firefly but a start of which it is not known. What does not fit is left
 * out: first what is said of the connection, from the least useful on, then
 * application; never the round-trip time.
 * Returns the number of octets; or -EINVAL if it has no ids or a state or a
 * 5-tuple that cannot be, -EMSGSIZE if it does not fit all the same.
 */
int firefly_format(char buf[static FIREFLY_MAX + 1], const struct firefly *f,
		   const char *hostname, const char *app_name, int64_t now_us);

/*
 * A host's name as it may stand in a header: what is not a letter, a digit,
 * '.', '-' or ':' becomes '-'; "-" if nothing is left. out holds
 * FIREFLY_HOSTNAME_MAX.
 */
void firefly_hostname(char out[static FIREFLY_HOSTNAME_MAX], const char *name);

#endif /* SCITAG_FIREFLY_H */
