// SPDX-License-Identifier: GPL-2.0
/*
 * The resolver with a name server that is made up: fake_getaddrinfo() answers
 * with what is in answers[] at the moment.
 */
#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static int fake_getaddrinfo(const char *host, const char *service,
			    const struct addrinfo *hints,
			    struct addrinfo **list);
static void fake_freeaddrinfo(struct addrinfo *list);

#define getaddrinfo fake_getaddrinfo
#define freeaddrinfo fake_freeaddrinfo
#include "../../userspace/daemon/resolver.c"

/* Longer than any machine takes; it ends as soon as there is something. */
#define PATIENCE_US 20000000

static struct {
	const char *host;
	const char *addrs[3]; /* none: the name server is down */
	unsigned int asked;
} answers[2];

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t asked = PTHREAD_COND_INITIALIZER;
static bool slow; /* nobody gets an answer meanwhile */
static pthread_cond_t fast = PTHREAD_COND_INITIALIZER;

static struct addrinfo *new_info(const char *text, struct addrinfo *next)
{
	struct addrinfo *info = calloc(1, sizeof(*info));
	union sockaddr_any *sa = calloc(1, sizeof(*sa));

	if (!info || !sa)
		abort();
	if (inet_pton(AF_INET6, text, &sa->in6.sin6_addr) == 1)
		sa->sa.sa_family = AF_INET6;
	else if (inet_pton(AF_INET, text, &sa->in.sin_addr) == 1)
		sa->sa.sa_family = AF_INET;
	info->ai_addr = &sa->sa;
	info->ai_next = next;
	return info;
}

static int fake_getaddrinfo(const char *host, const char *service,
			    const struct addrinfo *hints,
			    struct addrinfo **list)
{
	int ret = EAI_NONAME;
	size_t i, j;

	(void)service;
	(void)hints;
	*list = NULL;
	pthread_mutex_lock(&lock);
	for (i = 0; i < 2; i++) {
		if (!answers[i].host || strcmp(answers[i].host, host) != 0)
			continue;
		answers[i].asked++;
		pthread_cond_signal(&asked);
		while (slow)
			pthread_cond_wait(&fast, &lock);
		for (j = 3; j > 0; j--)
			if (answers[i].addrs[j - 1])
				*list = new_info(answers[i].addrs[j - 1],
						 *list);
		ret = *list ? 0 : EAI_AGAIN;
	}
	pthread_mutex_unlock(&lock);
	return ret;
}

static void fake_freeaddrinfo(struct addrinfo *list)
{
	struct addrinfo *next;

	for (; list; list = next) {
		next = list->ai_next;
		free(list->ai_addr);
		free(list);
	}
}

static void answer(size_t i, const char *host, const char *first,
		   const char *second, const char *third)
{
	pthread_mutex_lock(&lock);
	answers[i].host = host;
	answers[i].addrs[0] = first;
	answers[i].addrs[1] = second;
	answers[i].addrs[2] = third;
	pthread_mutex_unlock(&lock);
}

static void set_slow(bool is_slow)
{
	pthread_mutex_lock(&lock);
	slow = is_slow;
	pthread_cond_broadcast(&fast);
	pthread_mutex_unlock(&lock);
}

struct fixture {
	sd_event *event;
	struct resolver *resolver;
	unsigned int changes;
};

static void on_change(void *data)
{
	struct fixture *fx = data;

	fx->changes++;
}

static int setup(void **state)
{
	struct fixture *fx = calloc(1, sizeof(*fx));

	assert_non_null(fx);
	memset(answers, 0, sizeof(answers));
	slow = false;
	log_set_level(LOG_ERR);
	assert_return_code(sd_event_new(&fx->event), 0);
	assert_int_equal(resolver_new(&fx->resolver, fx->event, on_change, fx),
			 0);
	*state = fx;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fx = *state;

	resolver_free(fx->resolver);
	sd_event_unref(fx->event);
	free(fx);
	return 0;
}

static void want(struct fixture *fx, const char *one, const char *other)
{
	struct resolver_name names[] = { { one, AF_UNSPEC },
					 { other, AF_UNSPEC } };

	assert_int_equal(resolver_set(fx->resolver, names, other ? 2 : 1), 0);
}

/* Until the lookups that are on their way have come to something. */
static void settle(struct fixture *fx)
{
	bool busy = true;
	size_t i;

	while (busy) {
		assert_true(sd_event_run(fx->event, PATIENCE_US) > 0);
		busy = false;
		for (i = 0; i < fx->resolver->n_names; i++)
			busy = busy || fx->resolver->names[i]->busy;
	}
}

static void has(struct fixture *fx, const char *host, const char *expected)
{
	const struct addr *addr = resolver_get(fx->resolver, host, AF_UNSPEC);
	char text[ADDR_TEXT_MAX];

	if (!expected)
		assert_null(addr);
	else
		assert_string_equal(addr ? addr_format(addr, text) : "none",
				    expected);
}

/* As if the time had come. */
static void hasten(struct fixture *fx, size_t i)
{
	sd_event_source *timer = fx->resolver->names[i]->timer;
	int enabled;

	assert_non_null(timer);
	sd_event_source_get_enabled(timer, &enabled);
	assert_int_equal(enabled, SD_EVENT_ONESHOT);
	sd_event_source_set_time(timer, 0);
	settle(fx);
}

static void test_found(void **state)
{
	struct fixture *fx = *state;

	answer(0, "a.example", "2001:db8::1", "192.0.2.1", NULL);
	answer(1, "b.example", "::ffff:192.0.2.2", NULL, NULL);
	want(fx, "a.example", "b.example");
	has(fx, "a.example", NULL);
	settle(fx);
	has(fx, "a.example", "2001:db8::1");
	has(fx, "A.EXAMPLE", "2001:db8::1");
	has(fx, "b.example", "192.0.2.2");
	has(fx, "c.example", NULL);
	assert_null(resolver_get(fx->resolver, "a.example", AF_INET));
}

/* Down at first, then up, then down again: what was had stays. */
static void test_down(void **state)
{
	struct fixture *fx = *state;

	answer(0, "a.example", NULL, NULL, NULL);
	want(fx, "a.example", NULL);
	settle(fx);
	has(fx, "a.example", NULL);
	hasten(fx, 0);
	assert_int_equal(fx->resolver->names[0]->failures, 2);
	assert_int_equal(fx->changes, 0);
	answer(0, "a.example", "2001:db8::1", NULL, NULL);
	hasten(fx, 0);
	has(fx, "a.example", "2001:db8::1");
	assert_int_equal(fx->resolver->names[0]->failures, 0);
	answer(0, "a.example", NULL, NULL, NULL);
	hasten(fx, 0);
	has(fx, "a.example", "2001:db8::1");
	assert_int_equal(fx->changes, 1);
}

/* An address that is still one of them is kept, whatever the order. */
static void test_changes(void **state)
{
	struct fixture *fx = *state;

	answer(0, "a.example", "2001:db8::1", "2001:db8::2", NULL);
	want(fx, "a.example", NULL);
	settle(fx);
	answer(0, "a.example", "2001:db8::2", "2001:db8::3", "2001:db8::1");
	hasten(fx, 0);
	has(fx, "a.example", "2001:db8::1");
	assert_int_equal(fx->changes, 1);
	answer(0, "a.example", "2001:db8::2", "2001:db8::3", NULL);
	hasten(fx, 0);
	has(fx, "a.example", "2001:db8::2");
	assert_int_equal(fx->changes, 2);
}

/* Other names: those that stay keep their address, and are looked up again. */
static void test_set(void **state)
{
	struct fixture *fx = *state;

	answer(0, "a.example", "2001:db8::1", NULL, NULL);
	answer(1, "b.example", "2001:db8::2", NULL, NULL);
	want(fx, "a.example", NULL);
	settle(fx);
	answer(0, "a.example", "2001:db8::3", NULL, NULL);
	want(fx, "b.example", "a.example");
	has(fx, "a.example", "2001:db8::1");
	has(fx, "b.example", NULL);
	settle(fx);
	has(fx, "a.example", "2001:db8::3");
	has(fx, "b.example", "2001:db8::2");
	want(fx, "b.example", NULL);
	has(fx, "a.example", NULL);
	settle(fx);
	assert_int_equal(answers[0].asked, 2);
	assert_int_equal(answers[1].asked, 2);
}

/* Until a thread asks, which gets no answer yet. */
static void wait_until_asked(void)
{
	pthread_mutex_lock(&lock);
	while (!answers[0].asked)
		pthread_cond_wait(&asked, &lock);
	pthread_mutex_unlock(&lock);
}

/* While nobody answers, nothing waits; what comes late is still taken. */
static void test_slow(void **state)
{
	struct fixture *fx = *state;

	answer(0, "a.example", "2001:db8::1", NULL, NULL);
	set_slow(true);
	want(fx, "a.example", NULL);
	assert_int_equal(sd_event_run(fx->event, 0), 0);
	has(fx, "a.example", NULL);
	wait_until_asked();
	/* Asked for once more meanwhile: that follows the first. */
	want(fx, "a.example", NULL);
	assert_int_equal(answers[0].asked, 1);
	set_slow(false);
	settle(fx);
	has(fx, "a.example", "2001:db8::1");
	assert_int_equal(answers[0].asked, 2);
}

/* The names go, the resolver goes: the thread is on its own. */
static void test_left_alone(void **state)
{
	struct fixture *fx = *state;

	answer(0, "a.example", "2001:db8::1", NULL, NULL);
	set_slow(true);
	want(fx, "a.example", NULL);
	wait_until_asked();
	assert_int_equal(resolver_set(fx->resolver, NULL, 0), 0);
	resolver_free(fx->resolver);
	set_slow(false);
	assert_int_equal(resolver_new(&fx->resolver, fx->event, on_change, fx),
			 0);
	assert_int_equal(fx->changes, 0);
}

static void test_delays(void **state)
{
	static const uint64_t seconds[] = { 300, 2, 4, 8, 16, 32, 60, 60 };
	unsigned int i;

	(void)state;
	for (i = 0; i < sizeof(seconds) / sizeof(seconds[0]); i++)
		assert_int_equal(delay_us(i), seconds[i] * 1000000);
	assert_int_equal(delay_us(4000000000U), 60000000);
	for (i = 0; i < 1000; i++)
		assert_in_range(jitter(1000), 900, 1100);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_found),
		TEST(test_down),
		TEST(test_changes),
		TEST(test_set),
		TEST(test_slow),
		TEST(test_left_alone),
		cmocka_unit_test(test_delays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
