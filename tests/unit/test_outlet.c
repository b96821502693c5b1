// SPDX-License-Identifier: GPL-2.0
/* Datagrams over loopback: where they come from, and what is refused. */
#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "addr.h"
#include "firefly.h"
#include "outlet.h"
#include "sockaddr.h"

static struct addr address(const char *text)
{
	struct addr addr;

	assert_int_equal(addr_parse(&addr, text), 0);
	return addr;
}

/* A socket on loopback and its port; -1: this host does not have the family. */
static int listen_on(const char *text, uint16_t *port)
{
	struct timeval limit = { .tv_sec = 20 };
	struct addr addr = address(text);
	union sockaddr_any sa;
	socklen_t len = sockaddr_fill(&sa, &addr, 0);
	int fd = socket(addr.family, SOCK_DGRAM, 0);

	if (fd < 0 || bind(fd, &sa.sa, len)) {
		if (fd >= 0)
			close(fd);
		return -1;
	}
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	len = sizeof(sa);
	assert_int_equal(getsockname(fd, &sa.sa, &len), 0);
	assert_int_equal(sockaddr_read(&sa.sa, &addr, port), 0);
	return fd;
}

/* What is sent arrives whole, from the address and port that it is said. */
static void check(const char *any, const char *loopback)
{
	static const char *sources[2];
	static char data[FIREFLY_MAX];
	char got[FIREFLY_MAX + 1];
	struct addr to = address(loopback);
	uint16_t port, from_port;
	int fd = listen_on(loopback, &port);
	size_t i;

	sources[0] = any;
	sources[1] = loopback;
	if (fd < 0)
		skip();
	memset(data, 'x', sizeof(data));
	for (i = 0; i < 2; i++) {
		struct addr source = address(sources[i]), from;
		union sockaddr_any sa;
		socklen_t len = sizeof(sa);
		struct outlet outlet;

		assert_int_equal(outlet_open(&outlet, &source), 0);
		assert_int_not_equal(outlet.port, 0);
		assert_int_equal(outlet_send(&outlet, &to, port, data,
					     sizeof(data)),
				 0);
		assert_int_equal(recvfrom(fd, got, sizeof(got), 0, &sa.sa,
					  &len),
				 sizeof(data));
		assert_memory_equal(got, data, sizeof(data));
		assert_int_equal(sockaddr_read(&sa.sa, &from, &from_port), 0);
		assert_true(addr_equal(&from, &to));
		assert_int_equal(from_port, outlet.port);
		outlet_close(&outlet);
		assert_int_equal(outlet_send(&outlet, &to, port, data, 1),
				 -EAFNOSUPPORT);
	}
	close(fd);
}

static void test_ipv4(void **state)
{
	(void)state;
	check("0.0.0.0", "127.0.0.1");
}

static void test_ipv6(void **state)
{
	(void)state;
	check("::", "::1");
}

/* It can be opened all the same: the address may come later. */
static void test_source_not_here(void **state)
{
	struct addr source = address("192.0.2.77");
	struct addr to = address("127.0.0.1");
	struct outlet outlet;
	uint16_t port;
	int fd = listen_on("127.0.0.1", &port);
	char octet;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(outlet_open(&outlet, &source), 0);
	assert_true(outlet_send(&outlet, &to, port, "x", 1) < 0);
	assert_int_equal(recv(fd, &octet, 1, MSG_DONTWAIT), -1);
	outlet_close(&outlet);
	outlet_close(&outlet);
	close(fd);
}

/* IPv4 is not sent by the socket of IPv6. */
static void test_family(void **state)
{
	struct addr source = address("::"), to = address("127.0.0.1");
	struct outlet outlet;

	(void)state;
	assert_int_equal(outlet_open(&outlet, &source), 0);
	assert_true(outlet_send(&outlet, &to, 9, "x", 1) < 0);
	outlet_close(&outlet);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ipv4),
		cmocka_unit_test(test_ipv6),
		cmocka_unit_test(test_source_not_here),
		cmocka_unit_test(test_family),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
