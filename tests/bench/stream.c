// SPDX-License-Identifier: GPL-2.0
#include "bench.h"

#include <fcntl.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "flows.h"
#include "genl.h"
#include "sockets.h"

#define MIB (1u << 20)

/* Until the windows are as large as they get, and headers have their room. */
#define WARM_UP (16 * MIB)

/* No packet has more payload; the last of a write may have much less. */
#define MSS_MAX 1440

/*
 * Much in one call: with little, how many packets TCP has to cut short depends
 * on how the MSS divides it, and a few octets of room seem to cost percents.
 */
static char buffer[1 << 20];

#define READ_LEN (256u << 10)

/* A socket that listens in another network namespace; -1 if there is none. */
static int listen_in(const char *namespace, uint16_t port)
{
	struct sockaddr_in6 any = {
		.sin6_family = AF_INET6,
		.sin6_port = htons(port),
	};
	int here = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	int there = open(namespace, O_RDONLY | O_CLOEXEC);
	int fd = -1;

	if (here >= 0 && there >= 0 && !setns(there, CLONE_NEWNET)) {
		fd = socket(AF_INET6, SOCK_STREAM, 0);
		if (fd >= 0 &&
		    (bind(fd, (struct sockaddr *)&any, sizeof(any)) ||
		     listen(fd, 1) || setns(here, CLONE_NEWNET))) {
			close(fd);
			fd = -1;
		}
	}
	if (fd < 0)
		perror("scitag-bench: listener");
	close(here);
	close(there);
	return fd;
}

/* Read so many octets and say when they were there. */
static int drain(int fd, uint64_t octets)
{
	ssize_t n;

	for (; octets; octets -= n) {
		n = recv(fd, buffer, octets < READ_LEN ? octets : READ_LEN, 0);
		if (n <= 0)
			return -1;
	}
	return send(fd, "", 1, MSG_NOSIGNAL) == 1 ? 0 : -1;
}

/* The process at the other end; one connection after the other. */
static _Noreturn void receive(int listener, uint64_t octets)
{
	int fd;

	for (;;) {
		fd = accept(listener, NULL, NULL);
		if (fd < 0 || drain(fd, WARM_UP) || drain(fd, octets))
			_exit(1);
		/* Wait for the reset. */
		(void)recv(fd, buffer, 1, 0);
		close(fd);
	}
}

/* Send so many octets and wait until the other end has read them. */
static int transfer(const struct stream_job *job, int fd, uint64_t octets)
{
	size_t len = job->kind->payload;

	for (; octets; octets -= len)
		if (send(fd, buffer, len, MSG_NOSIGNAL) != (ssize_t)len)
			return -1;
	return recv(fd, buffer, 1, 0) == 1 ? 0 : -1;
}

/* Of a connection whose flow is in the table, nearly all must be marked. */
static int check_marked(const struct flow_key *key, uint64_t octets)
{
	struct flow_state state = { 0 };
	struct genl *genl;

	if (!genl_new(&genl)) {
		if (genl_flow_get(genl, key, &state))
			state.packets = 0;
		genl_free(genl);
	}
	if (state.packets >= octets / MSS_MAX &&
	    state.marked >= state.packets / 100 * 99)
		return 0;
	fprintf(stderr,
		"scitag-bench: of %" PRIu64 " packets %" PRIu64
		" were marked\n",
		state.packets, state.marked);
	return -1;
}

/* One connection. */
static int stream_round(const struct stream_job *job, unsigned int i,
			uint64_t octets, double *value)
{
	struct flow_key key = bench_flow_key(job->kind->protocol, i);
	uint64_t start;
	int ret = -1;
	int fd;

	clock_settle();
	fd = socket_open(job->kind, i, 0);
	if (fd < 0)
		return -1;
	if (transfer(job, fd, WARM_UP))
		goto out;
	start = clock_now();
	if (transfer(job, fd, octets))
		goto out;
	*value = (clock_now() - start) / (octets * 8 / 1e6);
	ret = job->marked ? check_marked(&key, octets) : 0;
out:
	socket_close(job->kind, fd);
	return ret;
}

static int stream_rounds(const struct stream_job *job)
{
	uint64_t octets = (uint64_t)job->mebibytes * MIB;
	double values[BENCH_ROUNDS_MAX];
	unsigned int i;

	/* As in bench_send(), the first one does not count. */
	if (stream_round(job, job->first, octets, &values[0]))
		return 1;
	for (i = 0; i < job->rounds; i++)
		if (stream_round(job, job->first + i + 1, octets, &values[i]))
			return 1;
	clock_print(values, job->rounds);
	putchar('\n');
	return 0;
}

int bench_stream(const struct stream_job *job)
{
	struct flow_key key = bench_flow_key(job->kind->protocol, job->first);
	int listener = listen_in(job->namespace, key.dport);
	int status;
	pid_t pid;

	if (listener < 0)
		return 1;
	pid = fork();
	if (pid < 0) {
		perror("scitag-bench: fork");
		return 1;
	}
	if (!pid)
		receive(listener, (uint64_t)job->mebibytes * MIB);
	status = stream_rounds(job);
	kill(pid, SIGTERM);
	waitpid(pid, NULL, 0);
	return status;
}
