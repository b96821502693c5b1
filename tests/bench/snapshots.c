// SPDX-License-Identifier: GPL-2.0
#include "bench.h"

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netlink/msg.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "flows.h"
#include "genl.h"
#include "sockets.h"

/* How often each flow is sampled, and for how long that is watched. */
#define INTERVAL_MS 1000
#define WINDOW_NS 1000000000ull

/* All that a snapshot has, too; bits are numbered from 1. */
#define DIAG_EXT                                                 \
	(1 << (INET_DIAG_INFO - 1) | 1 << (INET_DIAG_CONG - 1) | \
	 1 << (INET_DIAG_VEGASINFO - 1) | 1 << (INET_DIAG_SKMEMINFO - 1))

#define STATE_ESTABLISHED 1

struct sockets {
	int *fds;
	unsigned int n;
};

static void sockets_close(struct sockets *sockets)
{
	while (sockets->n)
		socket_close(kind_find("tcp"), sockets->fds[--sockets->n]);
	free(sockets->fds);
}

static int sockets_open(struct sockets *sockets, unsigned int count)
{
	struct rlimit limit = { count + 64, count + 64 };
	const struct kind *kind = kind_find("tcp");

	sockets->n = 0;
	sockets->fds = calloc(count, sizeof(*sockets->fds));
	if (!sockets->fds || setrlimit(RLIMIT_NOFILE, &limit))
		return -1;
	while (sockets->n < count) {
		int fd = socket_open(kind, sockets->n, 0);

		if (fd < 0)
			return -1;
		sockets->fds[sockets->n++] = fd;
	}
	return 0;
}

/* Sockets in a datagram of a dump; *done after the last one. */
static unsigned int count_sockets(struct nlmsghdr *nlh, int len, bool *done)
{
	unsigned int n = 0;

	for (; nlmsg_ok(nlh, len); nlh = nlmsg_next(nlh, &len)) {
		if (nlh->nlmsg_type == SOCK_DIAG_BY_FAMILY)
			n++;
		else
			*done = true;
	}
	return n;
}

static double diag_read(int fd, unsigned int count)
{
	static char buf[65536];
	struct {
		struct nlmsghdr nlh;
		struct inet_diag_req_v2 diag;
	} request = {
		.nlh.nlmsg_len = sizeof(request),
		.nlh.nlmsg_type = SOCK_DIAG_BY_FAMILY,
		.nlh.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
		.diag.sdiag_family = AF_INET6,
		.diag.sdiag_protocol = IPPROTO_TCP,
		.diag.idiag_ext = DIAG_EXT,
		.diag.idiag_states = 1 << STATE_ESTABLISHED,
	};
	uint64_t start = clock_now();
	unsigned int n = 0;
	bool done = false;

	if (send(fd, &request, sizeof(request), 0) < 0)
		return -1;
	while (!done) {
		ssize_t len = recv(fd, buf, sizeof(buf), 0);

		if (len < 0)
			return -1;
		n += count_sockets((struct nlmsghdr *)buf, len, &done);
	}
	return n == count ? (double)(clock_now() - start) / count : -1;
}

/* What `ss -tinm` asks of the kernel. */
static double measure_diag(unsigned int count)
{
	int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_SOCK_DIAG);
	double result;

	clock_settle();
	result = diag_read(fd, count);
	close(fd);
	return result;
}

static int count_one(const struct flow_state *state,
		     const struct snapshot *snapshot, void *data)
{
	unsigned int *n = data;

	(void)state;
	*n += snapshot->has_tcp;
	return 0;
}

static double measure_dump(struct genl *genl, unsigned int count)
{
	unsigned int n = 0;
	uint64_t start;

	clock_settle();
	start = clock_now();
	if (genl_snapshot_dump(genl, count_one, &n) || n != count)
		return -1;
	return (double)(clock_now() - start) / count;
}

/* Instructions of others while this process does what it can. */
static double others(void)
{
	struct timespec before, after;
	uint64_t start = clock_now();
	double own;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
	while (clock_now() - start < WINDOW_NS)
		;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
	own = (after.tv_sec - before.tv_sec) * 1e9 + after.tv_nsec -
	      before.tv_nsec;
	return clock_now() - start - own;
}

static int count_snapshot(uint64_t seq, const struct snapshot *snapshot,
			  void *data)
{
	atomic_uint *n = data;

	(void)seq;
	*n += snapshot->has_tcp;
	return 0;
}

/* Read snapshots until the end of the process that asked for it. */
static void listener(atomic_uint *n)
{
	struct genl_snapshots *snapshots;
	struct pollfd poll_fd = { .events = POLLIN };

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (genl_snapshots_new(&snapshots))
		_exit(1);
	poll_fd.fd = genl_snapshots_fd(snapshots);
	while (poll(&poll_fd, 1, -1) > 0)
		if (genl_snapshots_read(snapshots, count_snapshot, n))
			break;
	_exit(1);
}

/* Once at rest, then with somebody who listens. */
static int measure_sampled(double *values, unsigned int count,
			   unsigned int rounds)
{
	const struct sched_param param = { .sched_priority = 0 };
	unsigned int i, before, got;
	atomic_uint *n;
	double rest;
	pid_t pid;

	n = mmap(NULL, sizeof(*n), PROT_READ | PROT_WRITE,
		 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (n == MAP_FAILED || sched_setscheduler(0, SCHED_IDLE, &param))
		return -1;
	clock_settle();
	rest = others();
	pid = fork();
	if (!pid) {
		sched_setscheduler(0, SCHED_OTHER, &param);
		listener(n);
	}
	sleep(2 * INTERVAL_MS / 1000);
	for (i = 0; i < rounds; i++) {
		before = *n;
		values[i] = others() - rest;
		got = *n - before;
		/* Each of them once, give or take those at the edges. */
		if (got < count - count / 50 || got > count + count / 50) {
			fprintf(stderr, "scitag-bench: %u snapshots of %u\n",
				got, count);
			break;
		}
		values[i] /= got;
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return i < rounds ? -1 : 0;
}

static void print_line(const char *what, double *values, unsigned int rounds)
{
	printf("%s\t", what);
	clock_print(values, rounds);
	putchar('\n');
}

static int snapshot_rounds(struct genl *genl, unsigned int count,
			   unsigned int rounds)
{
	double diag[BENCH_ROUNDS_MAX], dump[BENCH_ROUNDS_MAX];
	double sampled[BENCH_ROUNDS_MAX];
	unsigned int i;

	for (i = 0; i < rounds; i++) {
		diag[i] = measure_diag(count);
		dump[i] = measure_dump(genl, count);
		if (diag[i] < 0 || dump[i] < 0) {
			fprintf(stderr, "scitag-bench: a dump lacks some\n");
			return 1;
		}
	}
	if (measure_sampled(sampled, count, rounds))
		return 1;
	print_line("inet_diag", diag, rounds);
	print_line("dump", dump, rounds);
	print_line("sampled", sampled, rounds);
	return 0;
}

int bench_snapshots(unsigned int count, unsigned int rounds)
{
	struct flow_spec like = bench_flow_spec(IPPROTO_TCP, 0,
						SCITAG_MARK_LABEL,
						FLOW_LAYOUT_DEFAULT);
	struct sockets sockets;
	struct genl *genl;
	int status = 1;

	like.snapshot_interval = INTERVAL_MS;
	if (genl_new(&genl))
		return 1;
	if (!sockets_open(&sockets, count) && !bench_add(&like, 0, count))
		status = snapshot_rounds(genl, count, rounds);
	genl_flow_flush(genl);
	sockets_close(&sockets);
	genl_free(genl);
	return status;
}
