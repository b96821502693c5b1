// SPDX-License-Identifier: GPL-2.0
/*
 * Asking a STUN server, with a clock that is set by the test and a server that
 * is a socket of it. The times are those of the example in RFC 8489, section
 * 6.2.1.
 */
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <systemd/sd-event.h>
#include <unistd.h>

#include <cmocka.h>

#include "addr.h"
#include "endpoint.h"
#include "log.h"
#include "resolver.h"
#include "stun_client.h"

#define MS 1000ULL
#define HEADER_LEN 20

static uint64_t now_us, timer_us;
static bool timer_on;
static sd_event_time_handler_t on_time;
static sd_event_io_handler_t on_io;
static void *loop_data;
static int client_fd, server;
static struct addr *resolved; /* what names stand for; NULL: not known */
static resolver_cb on_resolved;
static void *on_resolved_data;
static struct stun_client *client;

/* An event loop with one timer and one descriptor. */

int sd_event_now(sd_event *event, clockid_t clock, uint64_t *usec)
{
	(void)event;
	assert_int_equal(clock, CLOCK_MONOTONIC);
	*usec = now_us;
	return 0;
}

int sd_event_add_time(sd_event *event, sd_event_source **source,
		      clockid_t clock, uint64_t usec, uint64_t accuracy,
		      sd_event_time_handler_t callback, void *userdata)
{
	(void)event;
	assert_int_equal(clock, CLOCK_MONOTONIC);
	assert_in_range(accuracy, 1, 100 * MS);
	*source = (sd_event_source *)&timer_us;
	timer_us = usec;
	timer_on = true;
	on_time = callback;
	loop_data = userdata;
	return 0;
}

int sd_event_source_set_time(sd_event_source *source, uint64_t usec)
{
	assert_ptr_equal(source, &timer_us);
	timer_us = usec;
	return 0;
}

int sd_event_source_set_enabled(sd_event_source *source, int enabled)
{
	(void)source;
	timer_on = enabled == SD_EVENT_ONESHOT;
	return 0;
}

int sd_event_add_io(sd_event *event, sd_event_source **source, int fd,
		    uint32_t events, sd_event_io_handler_t callback,
		    void *userdata)
{
	(void)event;
	(void)events;
	(void)userdata;
	*source = (sd_event_source *)&client_fd;
	client_fd = fd;
	on_io = callback;
	return 0;
}

sd_event_source *sd_event_source_unref(sd_event_source *source)
{
	(void)source;
	return NULL;
}

/* Names. */

int resolver_new(struct resolver **out, sd_event *event, resolver_cb cb,
		 void *data)
{
	(void)event;
	*out = (struct resolver *)&resolved;
	on_resolved = cb;
	on_resolved_data = data;
	return 0;
}

void resolver_free(struct resolver *resolver)
{
	(void)resolver;
}

int resolver_set(struct resolver *resolver, const struct resolver_name *names,
		 size_t n)
{
	(void)resolver;
	assert_int_equal(n, 1);
	assert_string_equal(names[0].host, "stun.example.org");
	assert_int_equal(names[0].family, AF_INET);
	return 0;
}

const struct addr *resolver_get(const struct resolver *resolver,
				const char *host, sa_family_t family)
{
	(void)resolver;
	(void)host;
	(void)family;
	return resolved;
}

static int setup(void **state)
{
	struct timeval limit = { .tv_sec = 20 };
	struct sockaddr_in sa = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};

	(void)state;
	now_us = 1000000 * MS;
	timer_on = false;
	resolved = NULL;
	server = socket(AF_INET, SOCK_DGRAM, 0);
	assert_true(server >= 0);
	assert_int_equal(bind(server, (struct sockaddr *)&sa, sizeof(sa)), 0);
	assert_int_equal(setsockopt(server, SOL_SOCKET, SO_RCVTIMEO, &limit,
				    sizeof(limit)),
			 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	stun_client_free(client);
	client = NULL;
	close(server);
	return 0;
}

static void ask(const char *host)
{
	const struct addr any = { .family = AF_INET };
	struct endpoint endpoint = { .host = (char *)host };
	struct sockaddr_in sa;
	socklen_t len = sizeof(sa);

	assert_int_equal(getsockname(server, (struct sockaddr *)&sa, &len), 0);
	endpoint.port = ntohs(sa.sin_port);
	assert_int_equal(stun_client_new(&client, NULL, &endpoint, &any), 0);
}

/* A request that has come, with whom it is from. */
static void get_request(uint8_t request[static HEADER_LEN],
			struct sockaddr_in *from)
{
	socklen_t len = sizeof(*from);

	assert_int_equal(recvfrom(server, request, HEADER_LEN, 0,
				  (struct sockaddr *)from, &len),
			 HEADER_LEN);
}

static void expect_silence(void)
{
	uint8_t octet;

	assert_int_equal(recv(server, &octet, 1, MSG_DONTWAIT), -1);
	assert_int_equal(errno, EAGAIN);
}

/* The timer runs out. */
static void wait_for_timer(void)
{
	assert_true(timer_on);
	timer_on = false;
	now_us = timer_us;
	on_time(NULL, now_us, loop_data);
}

/* "assuming an RTO of 500 ms, requests would be sent at times ..." */
static void test_retransmissions(void **state)
{
	static const unsigned int at_ms[] = { 0,    500,   1500, 3500,
					      7500, 15500, 31500 };
	uint8_t first[HEADER_LEN], request[HEADER_LEN];
	struct sockaddr_in from, from_first;
	uint64_t begun_us = now_us;
	size_t i;

	(void)state;
	ask("127.0.0.1");
	get_request(first, &from_first);
	for (i = 1; i < sizeof(at_ms) / sizeof(at_ms[0]); i++) {
		expect_silence();
		wait_for_timer();
		assert_int_equal(now_us - begun_us, at_ms[i] * MS);
		get_request(request, &from);
		/* The same transaction, from the same port. */
		assert_memory_equal(request, first, HEADER_LEN);
		assert_int_equal(from.sin_port, from_first.sin_port);
	}
	/* "the client will consider the transaction to have timed out" */
	wait_for_timer();
	assert_int_equal(now_us - begun_us, 39500 * MS);
	expect_silence();
	assert_null(stun_client_addr(client));

	/* A minute later there is another transaction. */
	wait_for_timer();
	assert_int_equal(now_us - begun_us, (39500 + 60000) * MS);
	get_request(request, &from);
	assert_memory_equal(request, first, 8);
	assert_memory_not_equal(request + 8, first + 8, 12);
}

/* XOR-MAPPED-ADDRESS of 192.0.2.1, as in RFC 5769, section 2.2. */
static void answer(const uint8_t request[static HEADER_LEN],
		   const struct sockaddr_in *to)
{
	uint8_t text[HEADER_LEN + 12] = {
		0x01, 0x01, 0x00, 0x0c, 0x21, 0x12, 0xa4, 0x42,
	};
	static const uint8_t mapped[] = { 0x00, 0x20, 0x00, 0x08, 0x00, 0x01,
					  0xa1, 0x47, 0xe1, 0x12, 0xa6, 0x43 };

	struct pollfd arrival = { .fd = client_fd, .events = POLLIN };

	memcpy(text + 8, request + 8, 12);
	memcpy(text + HEADER_LEN, mapped, sizeof(mapped));
	assert_int_equal(sendto(server, text, sizeof(text), 0,
				(const struct sockaddr *)to, sizeof(*to)),
			 sizeof(text));
	assert_int_equal(poll(&arrival, 1, 20000), 1);
	on_io(NULL, client_fd, 0, loop_data);
}

/* The answer to a later request is as good, and one to another is none. */
static void test_answer(void **state)
{
	uint8_t request[HEADER_LEN];
	struct sockaddr_in from;
	char text[ADDR_TEXT_MAX];
	uint64_t then_us;

	(void)state;
	ask("127.0.0.1");
	get_request(request, &from);
	wait_for_timer();
	get_request(request, &from);
	request[19] ^= 1;
	answer(request, &from);
	assert_null(stun_client_addr(client));
	request[19] ^= 1;
	answer(request, &from);
	assert_non_null(stun_client_addr(client));
	assert_string_equal(addr_format(stun_client_addr(client), text),
			    "192.0.2.1");

	/* Again in five minutes; what it said stays if it is silent then. */
	then_us = now_us;
	wait_for_timer();
	assert_int_equal(now_us - then_us, 300000 * MS);
	get_request(request, &from);
	while (now_us - then_us < (300000 + 39500) * MS)
		wait_for_timer();
	assert_non_null(stun_client_addr(client));
}

static void test_name(void **state)
{
	struct addr loopback = { AF_INET, { 127, 0, 0, 1 } };
	uint8_t request[HEADER_LEN];
	struct sockaddr_in from;

	(void)state;
	ask("stun.example.org");
	expect_silence();
	assert_false(timer_on);
	on_resolved(on_resolved_data);
	expect_silence();
	resolved = &loopback;
	on_resolved(on_resolved_data);
	get_request(request, &from);
	/* One transaction at a time. */
	on_resolved(on_resolved_data);
	expect_silence();
	answer(request, &from);
	assert_non_null(stun_client_addr(client));
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_retransmissions),
		TEST(test_answer),
		TEST(test_name),
	};

	log_set_level(LOG_ERR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
