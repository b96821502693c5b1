// SPDX-License-Identifier: GPL-2.0
/* What addresses of flows become, with a STUN server that is made up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "addr.h"
#include "config.h"
#include "flow.h"
#include "local.h"
#include "nat.h"
#include "stun_client.h"
#include "translation.h"

static unsigned int n_clients; /* that are there */
static unsigned int n_asked; /* that ever were */
static struct addr outside; /* of family 0: no answer as yet */

int stun_client_new(struct stun_client **out, sd_event *event,
		    const struct endpoint *server, const struct addr *source)
{
	(void)event;
	(void)server;
	(void)source;
	n_clients++;
	n_asked++;
	*out = (struct stun_client *)&outside;
	return 0;
}

void stun_client_free(struct stun_client *client)
{
	if (client)
		n_clients--;
}

const struct addr *stun_client_addr(const struct stun_client *client)
{
	(void)client;
	return outside.family ? &outside : NULL;
}

static struct addr address(const char *text)
{
	struct addr addr;

	assert_int_equal(addr_parse(&addr, text), 0);
	return addr;
}

static struct nat *nat;
static struct local *local;
static struct config config;
static struct addr here[6];

static int setup(void **state)
{
	static const char *const texts[] = { "10.1.2.3",    "172.31.0.1",
					     "192.168.7.7", "100.64.0.9",
					     "192.0.2.9",   "2001:db8::1" };
	size_t i;

	(void)state;
	for (i = 0; i < 6; i++)
		here[i] = address(texts[i]);
	assert_int_equal(local_new(&local, here, 6), 0);
	memset(&config, 0, sizeof(config));
	config.source_ipv4.family = AF_INET;
	config.stun.host = (char *)"stun.example.org";
	config.stun.port = 3478;
	outside.family = 0;
	n_asked = 0;
	assert_int_equal(nat_new(&nat, NULL, &config, local), 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	nat_free(nat);
	local_free(local);
	assert_int_equal(n_clients, 0);
	return 0;
}

/* The source of a flow becomes this; its destination stays. */
static void expect(const char *src, const char *becomes)
{
	struct flow_key key = {
		.src = address(src),
		.dst = address("198.51.100.1"),
		.sport = 1094,
		.dport = 40000,
	};
	struct flow_key back = {
		.src = address("198.51.100.1"),
		.dst = address(src),
	};
	char text[ADDR_TEXT_MAX];

	nat_apply(nat, &key);
	assert_string_equal(addr_format(&key.src, text), becomes);
	assert_string_equal(addr_format(&key.dst, text), "198.51.100.1");
	assert_int_equal(key.sport, 1094);
	assert_int_equal(key.dport, 40000);
	nat_apply(nat, &back);
	assert_string_equal(addr_format(&back.src, text), "198.51.100.1");
	assert_string_equal(addr_format(&back.dst, text), becomes);
}

static void test_stun(void **state)
{
	(void)state;
	expect("10.1.2.3", "10.1.2.3");
	outside = address("203.0.113.5");
	/* RFC 1918 and RFC 6598, as far as they are this host's. */
	expect("10.1.2.3", "203.0.113.5");
	expect("172.31.0.1", "203.0.113.5");
	expect("192.168.7.7", "203.0.113.5");
	expect("100.64.0.9", "203.0.113.5");
	expect("10.1.2.4", "10.1.2.4");
	/* Of these others know as they are. */
	expect("192.0.2.9", "192.0.2.9");
	expect("2001:db8::1", "2001:db8::1");
}

/* The table says more than a server. */
static void test_table(void **state)
{
	struct translation table = { .from.len = 0 };
	char error[PREFIX_ERROR_MAX];

	(void)state;
	outside = address("203.0.113.5");
	assert_int_equal(prefix_parse(&table.from, "10.1.0.0/16", error), 0);
	assert_int_equal(prefix_parse(&table.to, "198.18.0.0/16", error), 0);
	config.translations = &table;
	config.n_translations = 1;
	expect("10.1.2.3", "198.18.2.3");
	/* Others', too. */
	expect("10.1.9.9", "198.18.9.9");
	expect("172.31.0.1", "203.0.113.5");
}

/* The server is asked anew only if it is another one. */
static void test_reload(void **state)
{
	struct config other = config;

	(void)state;
	outside = address("203.0.113.5");
	nat_reload(nat, &other);
	assert_int_equal(n_asked, 1);
	expect("10.1.2.3", "203.0.113.5");

	config.stun.port = 9;
	nat_reload(nat, &config);
	assert_int_equal(n_asked, 2);
	assert_int_equal(n_clients, 1);

	other = config;
	other.source_ipv4 = address("10.1.2.3");
	nat_reload(nat, &other);
	assert_int_equal(n_asked, 3);

	config.stun.host = NULL;
	nat_reload(nat, &config);
	assert_int_equal(n_clients, 0);
	expect("10.1.2.3", "10.1.2.3");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_stun),
		TEST(test_table),
		TEST(test_reload),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
