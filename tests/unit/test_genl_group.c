// SPDX-License-Identifier: GPL-2.0
/*
 * Listening to the groups, on sockets that are played here: what
 * genl_sock_receive() gives is a queue of datagrams that each test fills.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "genl.h"
#include "genl_sock.h"
#include "nlbuild.h"

#include <netlink/socket.h>

#define FAMILY 40

/* Numbers of docs/netlink/scitag.yaml, and of linux/genetlink.h. */
#define SNAPSHOT_NTF 14
#define A_SNAPSHOT 8
#define A_SNAPSHOT_SEQ 9
#define CTRL 16
#define CTRL_DELFAMILY 2
#define CTRL_NEWFAMILY 1
#define CTRL_A_FAMILY_ID 1

static struct {
	struct nlbuild octets;
	int error;
} queue[8];
static size_t n_queued, n_received;

/* What was joined, in order, and the one that is refused, if any. */
static char joined[100];
static const char *refused;

int genl_sock_init(struct genl_sock *gs)
{
	gs->sock = nl_socket_alloc();
	gs->buf = malloc(GENL_SOCK_BUF_SIZE);
	gs->family = FAMILY;
	gs->fd = 99;
	return 0;
}

void genl_sock_exit(struct genl_sock *gs)
{
	nl_socket_free(gs->sock);
	free(gs->buf);
}

int genl_sock_join(struct genl_sock *gs, const char *name, const char *group)
{
	(void)gs;
	if (refused && strcmp(group, refused) == 0)
		return -EPERM;
	strcat(strcat(strcat(strcat(joined, name), "/"), group), " ");
	return 0;
}

void genl_sock_grow(struct genl_sock *gs, int option, int octets)
{
	(void)gs;
	(void)option;
	(void)octets;
}

int genl_sock_receive(struct genl_sock *gs)
{
	const struct nlbuild *octets = &queue[n_received].octets;

	if (n_received == n_queued)
		return -EAGAIN;
	if (queue[n_received].error)
		return queue[n_received++].error;
	memcpy(gs->buf, octets->octets, octets->len);
	n_received++;
	return octets->len;
}

static struct nlbuild *datagram(void)
{
	queue[n_queued].error = 0;
	queue[n_queued].octets.len = 0;
	return &queue[n_queued++].octets;
}

static int setup(void **state)
{
	(void)state;
	n_queued = 0;
	n_received = 0;
	joined[0] = '\0';
	refused = NULL;
	return 0;
}

static void snapshots_arrive(uint64_t seq, uint32_t n)
{
	struct nlbuild *b = datagram();

	nlbuild_open_genl(b, FAMILY, 0, 0, SNAPSHOT_NTF);
	nlbuild_u64(b, A_SNAPSHOT_SEQ, seq);
	while (n--) {
		uint32_t nest = nlbuild_nest(b, A_SNAPSHOT);

		nlbuild_u32(b, 1, 17);
		nlbuild_u64(b, 3, 5);
		nlbuild_end(b, nest);
	}
	nlbuild_close(b);
}

static void family_changes(uint8_t cmd, uint16_t family)
{
	struct nlbuild *b = datagram();

	nlbuild_open_genl(b, CTRL, 0, 0, cmd);
	nlbuild_u16(b, CTRL_A_FAMILY_ID, family);
	nlbuild_close(b);
}

struct seen {
	uint64_t last;
	size_t n;
	int stop_with;
};

static int see(uint64_t seq, const struct snapshot *snapshot, void *data)
{
	struct seen *seen = data;

	assert_int_equal(snapshot->flow_id, 17);
	seen->last = seq;
	seen->n++;
	return seen->stop_with;
}

static struct genl_snapshots *open_snapshots(void)
{
	struct genl_snapshots *snapshots = NULL;

	assert_int_equal(genl_snapshots_new(&snapshots), 0);
	return snapshots;
}

static void test_join(void **state)
{
	struct genl_snapshots *snapshots = open_snapshots();
	struct genl_events *events = NULL;

	(void)state;
	assert_string_equal(joined, "scitag/snapshots nlctrl/notify ");
	assert_int_equal(genl_snapshots_fd(snapshots), 99);
	genl_snapshots_free(snapshots);
	joined[0] = '\0';
	assert_int_equal(genl_events_new(&events), 0);
	assert_string_equal(joined, "scitag/events nlctrl/notify ");
	assert_int_equal(genl_events_fd(events), 99);
	genl_events_free(events);
	genl_events_free(NULL);
	genl_snapshots_free(NULL);
}

static void test_join_refused(void **state)
{
	struct genl_snapshots *snapshots = NULL;
	struct genl_events *events = NULL;

	(void)state;
	refused = "snapshots";
	assert_int_equal(genl_snapshots_new(&snapshots), -EPERM);
	assert_null(snapshots);
	refused = "events";
	assert_int_equal(genl_events_new(&events), -EPERM);
	assert_null(events);
}

/* All that has arrived, and no more than that. */
static void test_read(void **state)
{
	struct genl_snapshots *snapshots = open_snapshots();
	struct seen seen = { .n = 0 };

	(void)state;
	snapshots_arrive(5, 3);
	snapshots_arrive(8, 1);
	assert_int_equal(genl_snapshots_read(snapshots, see, &seen), 0);
	assert_int_equal(seen.n, 4);
	assert_int_equal(seen.last, 8);
	assert_int_equal(genl_snapshots_read(snapshots, see, &seen), 0);
	assert_int_equal(seen.n, 4);
	genl_snapshots_free(snapshots);
}

static void test_read_stopped(void **state)
{
	struct genl_snapshots *snapshots = open_snapshots();
	struct seen seen = { .stop_with = 77 };

	(void)state;
	snapshots_arrive(5, 3);
	assert_int_equal(genl_snapshots_read(snapshots, see, &seen), 77);
	assert_int_equal(seen.n, 1);
	genl_snapshots_free(snapshots);
}

/* Some were dropped: said once, and what comes behind is read. */
static void test_overrun(void **state)
{
	struct genl_snapshots *snapshots = open_snapshots();
	struct seen seen = { .n = 0 };

	(void)state;
	snapshots_arrive(5, 1);
	queue[n_queued++].error = -ENOBUFS;
	snapshots_arrive(105, 1);
	assert_int_equal(genl_snapshots_read(snapshots, see, &seen), -ENOBUFS);
	assert_int_equal(seen.last, 5);
	assert_int_equal(genl_snapshots_read(snapshots, see, &seen), 0);
	assert_int_equal(seen.last, 105);
	genl_snapshots_free(snapshots);
}

/* The end of this family, not of another, and not the beginning of one. */
static void test_farewell(void **state)
{
	struct genl_snapshots *snapshots = open_snapshots();
	struct seen seen = { .n = 0 };

	(void)state;
	family_changes(CTRL_DELFAMILY, FAMILY + 1);
	family_changes(CTRL_NEWFAMILY, FAMILY);
	snapshots_arrive(5, 1);
	assert_int_equal(genl_snapshots_read(snapshots, see, &seen), 0);
	assert_int_equal(seen.n, 1);
	family_changes(CTRL_DELFAMILY, FAMILY);
	assert_int_equal(genl_snapshots_read(snapshots, see, &seen),
			 -ENOPROTOOPT);
	genl_snapshots_free(snapshots);
}

static void test_malformed(void **state)
{
	struct genl_snapshots *snapshots = open_snapshots();
	struct seen seen = { .n = 0 };
	struct nlbuild *b = datagram();

	(void)state;
	/* A message that is longer than its datagram. */
	nlbuild_open_genl(b, FAMILY, 0, 0, SNAPSHOT_NTF);
	nlbuild_close(b);
	b->len -= 4;
	assert_int_equal(genl_snapshots_read(snapshots, see, &seen), -EBADMSG);
	/* A message of the controller that is cut is no farewell. */
	b = datagram();
	nlbuild_open(b, CTRL, 0, 0);
	nlbuild_close(b);
	assert_int_equal(genl_snapshots_read(snapshots, see, &seen), 0);
	/* A snapshot without a number. */
	b = datagram();
	nlbuild_open_genl(b, FAMILY, 0, 0, SNAPSHOT_NTF);
	nlbuild_close(b);
	assert_int_equal(genl_snapshots_read(snapshots, see, &seen), -EBADMSG);
	assert_int_equal(seen.n, 0);
	genl_snapshots_free(snapshots);
}

static int see_status(const struct genl_event *event, void *data)
{
	assert_int_equal(event->type, GENL_STATUS);
	*(uint32_t *)data = event->status.rules;
	return 0;
}

static void test_events(void **state)
{
	struct genl_events *events = NULL;
	struct nlbuild *b = datagram();
	uint32_t rules = 0;
	uint32_t nest;

	(void)state;
	nlbuild_open_genl(b, FAMILY, 0, 0, 15);
	nlbuild_u64(b, 4, 1);
	nest = nlbuild_nest(b, 3);
	nlbuild_u32(b, 5, 12);
	nlbuild_end(b, nest);
	nlbuild_close(b);
	assert_int_equal(genl_events_new(&events), 0);
	assert_int_equal(genl_events_read(events, see_status, &rules), 0);
	assert_int_equal(rules, 12);
	genl_events_free(events);
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_join),      TEST(test_join_refused),
		TEST(test_read),      TEST(test_read_stopped),
		TEST(test_overrun),   TEST(test_farewell),
		TEST(test_malformed), TEST(test_events),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
