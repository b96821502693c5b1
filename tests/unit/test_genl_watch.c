// SPDX-License-Identifier: GPL-2.0
/*
 * Waiting for the module's family, on a socket that is played here. Numbers are
 * those of linux/genetlink.h.
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

#define CTRL 16
#define NEWFAMILY 1
#define DELFAMILY 2
#define A_FAMILY_ID 1
#define A_FAMILY_NAME 2

static struct {
	struct nlbuild octets;
	int error;
} queue[8];
static size_t n_queued, n_received;
static struct genl_watch *watch;

int genl_sock_open(struct genl_sock *gs)
{
	gs->sock = nl_socket_alloc();
	gs->buf = malloc(GENL_SOCK_BUF_SIZE);
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
	assert_string_equal(name, "nlctrl");
	assert_string_equal(group, "notify");
	return 0;
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

static int setup(void **state)
{
	(void)state;
	n_queued = 0;
	n_received = 0;
	assert_int_equal(genl_watch_new(&watch), 0);
	assert_int_equal(genl_watch_fd(watch), 99);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	genl_watch_free(watch);
	return 0;
}

static void family(uint16_t type, uint8_t cmd, const char *name)
{
	struct nlbuild *b = &queue[n_queued].octets;

	queue[n_queued++].error = 0;
	nlbuild_open_genl(b, type, 0, 0, cmd);
	nlbuild_u16(b, A_FAMILY_ID, 40);
	nlbuild_attr(b, A_FAMILY_NAME, name, strlen(name) + 1);
	nlbuild_close(b);
}

static void fails(int error)
{
	queue[n_queued++].error = error;
}

static void expect(bool expected)
{
	bool arrived = !expected;

	assert_int_equal(genl_watch_read(watch, &arrived), 0);
	assert_int_equal(arrived, expected);
}

static void test_arrival(void **state)
{
	(void)state;
	family(CTRL, NEWFAMILY, "nl80211");
	family(CTRL, NEWFAMILY, "scitag");
	family(CTRL, DELFAMILY, "nl80211");
	expect(true);
}

static void test_others(void **state)
{
	(void)state;
	family(CTRL, NEWFAMILY, "scitag2");
	family(CTRL, NEWFAMILY, "a-name-that-is-too-long-for-any-family");
	family(CTRL, DELFAMILY, "scitag");
	family(40, NEWFAMILY, "scitag");
	expect(false);
}

static void test_lost(void **state)
{
	(void)state;
	fails(-ENOBUFS);
	family(CTRL, NEWFAMILY, "nl80211");
	expect(true);
}

static void test_broken(void **state)
{
	bool arrived;

	(void)state;
	family(CTRL, NEWFAMILY, "nl80211");
	fails(-EBADF);
	assert_int_equal(genl_watch_read(watch, &arrived), -EBADF);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_arrival),
		TEST(test_others),
		TEST(test_lost),
		TEST(test_broken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
