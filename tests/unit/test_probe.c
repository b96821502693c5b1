// SPDX-License-Identifier: GPL-2.0
/*
 * Probes over the loopback device, against far ends of several kinds.
 */
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static int fake_clock_gettime(clockid_t clock, struct timespec *now);

#define clock_gettime fake_clock_gettime
#include "../../userspace/cli/probe.c"
#undef clock_gettime

/* Longer than any machine takes: nothing here waits until it is over. */
#define TIMEOUT_MS 60000

/* What the far end does with a connection. */
enum habit { ANSWERS, DISCARDS, NEVER_READS, RESETS };

struct far_end {
	int fd;
	enum habit habit;
	int release; /* readable when the connection may be closed */
	int peers; /* write end of a pipe: who it was that came */
};

/* A probe has all the time that a far end needs, which may be a long time. */
static bool time_stands_still;
static int jump_at; /* looks at that clock until it is an hour later, once */

static int fake_clock_gettime(clockid_t clock, struct timespec *now)
{
	static struct timespec then;
	int ret = 0;

	if (!time_stands_still || !then.tv_sec)
		ret = clock_gettime(clock, &then);
	else if (jump_at && !--jump_at)
		then.tv_sec += 3600;
	*now = then;
	return ret;
}

/* In a process of its own. */
static void serve(const struct far_end *end)
{
	struct sockaddr_in6 peer;
	socklen_t len = sizeof(peer);
	int fd = accept(end->fd, (struct sockaddr *)&peer, &len);
	uint64_t count = 0, released;
	char buf[4096];
	ssize_t n = 1;

	if (write(end->peers, &peer, sizeof(peer)) != sizeof(peer))
		return;
	if (end->habit == NEVER_READS)
		(void)!read(end->release, &released, sizeof(released));
	/* To close with something unread is a reset. */
	if (end->habit == RESETS)
		(void)!recv(fd, buf, 1, MSG_PEEK);
	while (end->habit <= DISCARDS && n > 0) {
		n = recv(fd, buf, sizeof(buf), 0);
		count += n > 0 ? n : 0;
	}
	if (end->habit == ANSWERS) {
		n = snprintf(buf, sizeof(buf), PROBE_ANSWER, count, 0x3009a, 6);
		send(fd, buf, n, MSG_NOSIGNAL);
	}
	close(fd);
}

static struct flow_key listen_somewhere(struct far_end *end)
{
	struct sockaddr_in6 at = { .sin6_family = AF_INET6 };
	struct flow_key key = { .dst = { AF_INET6, { [15] = 1 } } };
	socklen_t len = sizeof(at);

	at.sin6_addr = in6addr_loopback;
	end->fd = socket(AF_INET6, SOCK_STREAM, 0);
	if (end->fd < 0 || bind(end->fd, (struct sockaddr *)&at, len))
		skip(); /* No IPv6 here. */
	assert_int_equal(listen(end->fd, 1), 0);
	assert_int_equal(getsockname(end->fd, (struct sockaddr *)&at, &len), 0);
	key.dport = ntohs(at.sin6_port);
	return key;
}

static void run(enum habit habit, struct probe_result *result)
{
	struct far_end end = { .habit = habit, .release = eventfd(0, 0) };
	struct flow_key key = listen_somewhere(&end);
	int stop = eventfd(0, 0);
	struct sockaddr_in6 peer;
	struct probe *probe;
	uint64_t one = 1;
	int peers[2];
	pid_t pid;

	assert_int_equal(pipe(peers), 0);
	end.peers = peers[1];
	assert_int_equal(probe_new(&probe, &key), 0);
	assert_int_not_equal(key.sport, 0);
	assert_int_equal(key.protocol, IPPROTO_TCP);
	pid = fork();
	assert_int_not_equal(pid, -1);
	if (!pid) {
		serve(&end);
		_exit(0);
	}
	assert_int_equal(probe_run(probe, TIMEOUT_MS, stop, result), 0);
	assert_int_equal(write(end.release, &one, sizeof(one)), sizeof(one));
	assert_int_equal(read(peers[0], &peer, sizeof(peer)), sizeof(peer));
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	/* The 5-tuple was that of the connection. */
	assert_int_equal(ntohs(peer.sin6_port), key.sport);
	assert_memory_equal(&peer.sin6_addr, key.src.octets, 16);
	probe_free(probe);
	close(peers[0]);
	close(peers[1]);
	close(end.fd);
	close(end.release);
	close(stop);
}

/* Segments that all of this network namespace has sent again: RetransSegs. */
static uint64_t all_retransmits(void)
{
	FILE *file = fopen("/proc/net/snmp", "r");
	uint64_t count = 0;
	char text[1024];

	assert_non_null(file);
	while (fgets(text, sizeof(text), file))
		if (sscanf(text,
			   "Tcp: %*d %*d %*d %*d %*d %*d %*d %*d %*d %*d "
			   "%*d %" SCNu64,
			   &count) == 1)
			break;
	fclose(file);
	return count;
}

static void test_answer(void **state)
{
	uint64_t before = all_retransmits();
	struct probe_result result;

	(void)state;
	/* An answer counts if it comes soon. */
	time_stands_still = true;
	run(ANSWERS, &result);
	time_stands_still = false;
	assert_int_equal(result.end, PROBE_DONE);
	assert_int_equal(result.acked, PROBE_OCTETS);
	assert_true(result.answered);
	assert_int_equal(result.arrived, PROBE_OCTETS);
	assert_int_equal(result.label, 0x3009a);
	assert_int_equal(result.headers, 6);
	/* On loopback none is lost, but a busy machine is late with an ACK. */
	assert_in_range(result.retransmits, 0, all_retransmits() - before);
	assert_in_range(result.mss, 1000, 65535);
	assert_in_range(result.pmtu, result.mss, 65536);
}

/* What time this machine takes is not counted against the path. */
static void test_pause(void **state)
{
	struct probe_result result;

	(void)state;
	time_stands_still = true;
	jump_at = 3; /* The first two are before the connection. */
	run(ANSWERS, &result);
	time_stands_still = false;
	assert_int_equal(jump_at, 0);
	assert_int_equal(result.end, PROBE_DONE);
	assert_true(result.answered);
	assert_int_equal(result.arrived, PROBE_OCTETS);
}

static void test_discard(void **state)
{
	struct probe_result result;

	(void)state;
	run(DISCARDS, &result);
	assert_int_equal(result.end, PROBE_DONE);
	assert_int_equal(result.acked, PROBE_OCTETS);
	assert_false(result.answered);
}

/* What a kernel has taken has arrived, whether it is read or not. */
static void test_never_read(void **state)
{
	struct probe_result result;

	(void)state;
	run(NEVER_READS, &result);
	assert_int_equal(result.end, PROBE_DONE);
	assert_int_equal(result.acked, PROBE_OCTETS);
	assert_false(result.answered);
}

/* Whatever had arrived by then; it does not wait for the end of its time. */
static void test_reset(void **state)
{
	struct probe_result result;

	(void)state;
	run(RESETS, &result);
	assert_true(result.end == PROBE_RESET || result.end == PROBE_DONE);
	assert_in_range(result.time_ms, 0, TIMEOUT_MS / 2);
}

static void test_refused(void **state)
{
	struct far_end end = { .habit = DISCARDS };
	struct flow_key key = listen_somewhere(&end);
	struct probe_result result;
	struct probe *probe;
	int stop = eventfd(0, 0);

	(void)state;
	close(end.fd);
	assert_int_equal(probe_new(&probe, &key), 0);
	assert_int_equal(probe_run(probe, TIMEOUT_MS, stop, &result), 0);
	assert_int_equal(result.end, PROBE_NO_CONNECTION);
	assert_int_equal(result.error, ECONNREFUSED);
	probe_free(probe);
	close(stop);
}

/* A listener whose queue is full does not answer. */
static void test_no_answer(void **state)
{
	struct far_end end = { .habit = DISCARDS };
	struct flow_key key = listen_somewhere(&end);
	struct probe *probes[4];
	struct probe_result result;
	int stop = eventfd(0, 0);
	int i;

	(void)state;
	assert_int_equal(listen(end.fd, 0), 0);
	for (i = 0; i < 4; i++) {
		assert_int_equal(probe_new(&probes[i], &key), 0);
		assert_int_equal(probe_run(probes[i], 500, stop, &result), 0);
	}
	assert_int_equal(result.end, PROBE_NO_CONNECTION);
	assert_int_equal(result.error, 0);
	while (i--)
		probe_free(probes[i]);
	close(end.fd);
	close(stop);
}

static void test_stop(void **state)
{
	struct far_end end = { .habit = NEVER_READS };
	struct flow_key key = listen_somewhere(&end);
	struct probe_result result;
	struct probe *probe;
	int stop = eventfd(1, 0);

	(void)state;
	assert_int_equal(probe_new(&probe, &key), 0);
	assert_int_equal(probe_run(probe, TIMEOUT_MS, stop, &result), -EINTR);
	probe_free(probe);
	close(end.fd);
	close(stop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answer),
		cmocka_unit_test(test_pause),
		cmocka_unit_test(test_discard),
		cmocka_unit_test(test_never_read),
		cmocka_unit_test(test_reset),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_no_answer),
		cmocka_unit_test(test_stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
