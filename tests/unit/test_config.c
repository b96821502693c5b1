// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <uapi/linux/scitag.h>

#include "config.h"
#include "flow.h"
#include "log.h"

static char path[] = "/tmp/test_config.XXXXXX";

/* All errors, each on a line, with FILE in the place of the path. */
static char errors[8192];

static void add_error(void *data, const char *text)
{
	size_t used = strlen(errors);

	(void)data;
	if (!strncmp(text, path, strlen(path)))
		snprintf(errors + used, sizeof(errors) - used, "FILE%s\n",
			 text + strlen(path));
	else
		snprintf(errors + used, sizeof(errors) - used, "%s\n", text);
}

static int load(struct config **config, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
	errors[0] = '\0';
	return config_load(config, path, add_error, NULL);
}

static void refuse(const char *text, const char *expected)
{
	struct config *config = NULL;

	assert_int_equal(load(&config, text), -EINVAL);
	assert_string_equal(errors, expected);
}

static void check_endpoint(const struct endpoint *e, const char *host,
			   uint16_t port)
{
	assert_string_equal(e->host, host);
	assert_int_equal(e->port, port);
}

static void check_defaults(struct config *c)
{
	assert_int_equal(c->marks, SCITAG_MARK_LABEL);
	assert_int_equal(c->layout, FLOW_LAYOUT_DEFAULT);
	assert_int_equal(c->option_type, FLOW_OPTION_TYPE_DEFAULT);
	assert_int_equal(c->n_pipes, 1);
	assert_string_equal(c->pipes[0], "/run/scitagd/flows");
	assert_int_equal(c->n_listen, 2);
	check_endpoint(&c->listen[0], "127.0.0.1", 10514);
	check_endpoint(&c->listen[1], "::1", 10514);
	assert_int_equal(c->relay, RELAY_NONE);
	assert_int_equal(c->n_http, 1);
	check_endpoint(&c->http[0], "/run/scitagd/http.sock", 0);
	assert_null(c->http_token_file);
	assert_int_equal(c->metrics_max_flows, 1000);
	assert_int_equal(c->n_collectors, 0);
	assert_true(c->to_remote);
	assert_int_equal(c->n_exclude, 0);
	assert_false(c->exclude_local);
	assert_true(addr_is_unspecified(&c->source_ipv4));
	assert_true(addr_is_unspecified(&c->source_ipv6));
	assert_int_equal(c->n_translations, 0);
	assert_null(c->stun.host);
	assert_int_equal(c->rate, 10000);
	assert_true(c->hostname[0]);
	assert_int_equal(c->period_s, 10);
	assert_int_equal(c->enrichment, FIREFLY_LEAN);
	assert_int_equal(c->n_local_addresses, 0);
	assert_int_equal(c->max_flows, 100000);
	assert_int_equal(c->log_level, LOG_INFO);
	config_free(c);
}

static void test_defaults(void **state)
{
	struct config *config;

	(void)state;
	assert_int_equal(config_load(&config, NULL, add_error, NULL), 0);
	check_defaults(config);
	assert_int_equal(load(&config, ""), 0);
	check_defaults(config);
	assert_int_equal(load(&config, "# nothing\n---\n"), 0);
	check_defaults(config);
	assert_int_equal(load(&config, "{}"), 0);
	check_defaults(config);
	/* All keys of a section commented out. */
	assert_int_equal(load(&config, "fireflies:\nreceiver: ~\n"), 0);
	check_defaults(config);
}

static void test_period(void **state)
{
	static const struct {
		const char *text;
		uint32_t seconds;
	} periods[] = {
		{ "0", 0 },	    { "0s", 0 },      { "0h", 0 },
		{ "1", 1 },	    { "90s", 90 },    { "1m", 60 },
		{ "1440m", 86400 }, { "24h", 86400 }, { "86400", 86400 },
	};
	struct config *config;
	char text[64];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(periods) / sizeof(periods[0]); i++) {
		snprintf(text, sizeof(text), "fireflies: {period: %s}\n",
			 periods[i].text);
		assert_int_equal(load(&config, text), 0);
		assert_int_equal(config->period_s, periods[i].seconds);
		config_free(config);
	}
}

static void check_all(struct config *c)
{
	assert_int_equal(c->marks, SCITAG_MARK_LABEL | SCITAG_MARK_DO);
	assert_int_equal(c->layout, SCITAG_LAYOUT_IDS);
	assert_int_equal(c->option_type, 0x1e);
	assert_int_equal(c->n_pipes, 2);
	assert_string_equal(c->pipes[1], "/run/b");
	assert_int_equal(c->n_listen, 1);
	check_endpoint(&c->listen[0], "::1", 10514);
	assert_int_equal(c->n_http, 3);
	check_endpoint(&c->http[0], "/run/scitagd/http.sock", 0);
	check_endpoint(&c->http[1], "127.0.0.2", 7777);
	check_endpoint(&c->http[2], "::1", 80);
	assert_string_equal(c->http_token_file, "/etc/scitag/token");
	assert_int_equal(c->metrics_max_flows, 0);
	assert_int_equal(c->n_collectors, 5);
	check_endpoint(&c->collectors[0].at, "collector.example.org", 10514);
	check_endpoint(&c->collectors[1].at, "collector.example.org", 9);
	check_endpoint(&c->collectors[2].at, "192.0.2.1", 65535);
	check_endpoint(&c->collectors[3].at, "2001:db8::1", 1);
	check_endpoint(&c->collectors[4].at, "2001:db8::1", 10514);
	assert_false(c->to_remote);
	assert_string_equal(c->hostname, "se1.example.org");
	assert_int_equal(c->period_s, 300);
	assert_int_equal(c->enrichment, FIREFLY_FULL);
	assert_int_equal(c->n_local_addresses, 1);
	assert_int_equal(c->max_flows, 1);
	assert_int_equal(c->log_level, LOG_DEBUG);
	config_free(c);
}

static const char all[] = "marks: [label, do]\n"
			  "layout: ids\n"
			  "option-type: 0x1e\n"
			  "pipes:\n  - /run/a\n  - \"/run/b\"\n"
			  "receiver:\n  listen: '::1'\n"
			  "http:\n"
			  "  listen: [/run/scitagd/http.sock, 127.0.0.2,"
			  " '[::1]:80']\n"
			  "  token-file: /etc/scitag/token\n"
			  "metrics: {max-flows: 0}\n"
			  "fireflies:\n"
			  "  collectors: [collector.example.org,\n"
			  "    collector.example.org:9, '192.0.2.1:65535',\n"
			  "    '[2001:db8::1]:1', '2001:db8::1']\n"
			  "  to-remote: no\n"
			  "  hostname: se1.example.org\n"
			  "  period: 5m\n"
			  "  enrichment: full\n"
			  "local-addresses: 2001:db8::5\n"
			  "max-flows: 1\n"
			  "log-level: debug\n";

static void test_all(void **state)
{
	struct config *config;

	(void)state;
	assert_int_equal(load(&config, all), 0);
	check_all(config);
	assert_int_equal(
		load(&config,
		     "{\"marks\": \"label,do\", \"layout\": \"ids\","
		     "\"option-type\": 30, \"pipes\": [\"/run/a\", \"/run/b\"],"
		     "\"receiver\": {\"listen\": [\"[::1]\"]}, \"http\": {"
		     "\"listen\": [\"/run/scitagd/http.sock\","
		     "\"127.0.0.2:7777\", \"[::1]:80\"],"
		     "\"token-file\": \"/etc/scitag/token\"},"
		     "\"metrics\": {\"max-flows\": 0}, \"fireflies\": {"
		     "\"collectors\": [\"collector.example.org\","
		     "\"collector.example.org:9\", \"192.0.2.1:65535\","
		     "\"[2001:db8::1]:1\", \"[2001:db8::1]\"],"
		     "\"to-remote\": false, \"hostname\": \"se1.example.org\","
		     "\"period\": 300, \"enrichment\": \"full\"},"
		     "\"local-addresses\": [\"2001:db8::5\"], \"max-flows\": 1,"
		     "\"log-level\": \"debug\"}"),
		0);
	check_all(config);
}

/* What config_print() has to say of it. Frees the configuration. */
static void print(struct config *config, char *text, size_t size)
{
	FILE *file = tmpfile();
	size_t len;

	assert_non_null(file);
	assert_int_equal(config_print(config, NULL, file), 0);
	config_free(config);
	rewind(file);
	len = fread(text, 1, size - 1, file);
	text[len] = '\0';
	fclose(file);
}

static void test_print(void **state)
{
	struct config *config;
	char text[4096];

	(void)state;
	assert_int_equal(load(&config, "marks: [do, label]\n"
				       "option-type: 0x1e\n"
				       "receiver: {listen: []}\n"
				       "fireflies:\n"
				       "  collectors: [a.example.org, '::1']\n"
				       "  to-remote: off\n"
				       "  period: 1h\n"
				       "  hostname: 'no'\n"
				       "local-addresses: 2001:DB8:0::5\n"
				       "log-level: WARNING\n"),
			 0);
	print(config, text, sizeof(text));
	assert_string_equal(text, "marks:\n"
				  "- label\n"
				  "- do\n"
				  "layout: default\n"
				  "option-type: 30\n"
				  "pipes:\n"
				  "- /run/scitagd/flows\n"
				  "receiver:\n"
				  "  listen: []\n"
				  "  relay: none\n"
				  "http:\n"
				  "  listen:\n"
				  "  - /run/scitagd/http.sock\n"
				  "  token-file: none\n"
				  "metrics:\n"
				  "  max-flows: 1000\n"
				  "local-addresses:\n"
				  "- \"2001:db8::5\"\n"
				  "max-flows: 100000\n"
				  "log-level: warning\n"
				  "fireflies:\n"
				  "  collectors:\n"
				  "  - \"a.example.org:10514\"\n"
				  "  - \"[::1]:10514\"\n"
				  "  to-remote: false\n"
				  "  exclude: []\n"
				  "  source: []\n"
				  "  translate: []\n"
				  "  stun: none\n"
				  "  rate: 10000\n"
				  "  period: \"3600s\"\n"
				  "  enrichment: lean\n"
				  "  hostname: \"no\"\n"
				  "  end-at-shutdown: false\n"
				  "rules: []\n"
				  "command-line: true\n"
				  "state-file: /var/lib/scitagd/state\n");
}

/* The text that comes of a file, read again, is the same configuration. */
static void test_print_and_load(void **state)
{
	struct config *config;
	char text[4096];

	(void)state;
	assert_int_equal(load(&config, ""), 0);
	print(config, text, sizeof(text));
	assert_int_equal(load(&config, text), 0);
	check_defaults(config);

	assert_int_equal(load(&config, all), 0);
	print(config, text, sizeof(text));
	assert_int_equal(load(&config, text), 0);
	check_all(config);

	assert_int_equal(load(&config,
			      "marks: none\n"
			      "pipes: [\"/a \\\"b\\\\: #c\\n\", /null]\n"
			      "fireflies: {hostname: \" \xc3\xa9~\","
			      " period: 0}\n"),
			 0);
	print(config, text, sizeof(text));
	assert_int_equal(load(&config, text), 0);
	assert_int_equal(config->marks, 0);
	assert_int_equal(config->n_pipes, 2);
	assert_string_equal(config->pipes[0], "/a \"b\\: #c\n");
	assert_string_equal(config->pipes[1], "/null");
	assert_string_equal(config->hostname, " \xc3\xa9~");
	assert_int_equal(config->period_s, 0);
	config_free(config);
}

static void test_empty_lists(void **state)
{
	struct config *config;

	(void)state;
	assert_int_equal(load(&config, "marks: none\npipes: []\nreceiver:\n"
				       "  listen:\n"),
			 0);
	assert_int_equal(config->marks, 0);
	assert_int_equal(config->n_pipes, 0);
	assert_int_equal(config->n_listen, 0);
	config_free(config);
}

/* All errors are named, each with its line. */
static void test_errors(void **state)
{
	(void)state;
	refuse("foo: 1\n"
	       "marks: [label,\n"
	       "  lable]\n"
	       "fireflies:\n"
	       "  to-remote: maybe\n"
	       "\n"
	       "  collector: x\n"
	       "receiver: 7\n"
	       "bar:\n"
	       "  baz: 1\n",
	       "FILE:1: foo: unknown key\n"
	       "FILE:3: marks: \"lable\" is none of label, hbh, do\n"
	       "FILE:5: fireflies.to-remote: \"maybe\" is not true or false\n"
	       "FILE:7: fireflies.collector: unknown key\n"
	       "FILE:8: receiver: has to be a mapping\n"
	       "FILE:9: bar: unknown key\n");
}

static void test_bad_values(void **state)
{
	static const struct {
		const char *text, *why;
	} bad[] = {
		{ "layout: x", "layout: \"x\" is none of" },
		{ "layout:", "layout: has no value" },
		{ "layout: [ids]", "layout: takes no more than a value" },
		{ "layout: {ids: 1}", "layout: takes no more than a value" },
		{ "option-type: 256", "\"256\" is not a number of 0..255" },
		{ "option-type: -1", "\"-1\" is not a number" },
		{ "option-type: 4", "4 is an option type that cannot" },
		{ "option-type: 0xc2", "0xc2 is an option type that cannot" },
		{ "pipes: flows", "\"flows\" is not an absolute path" },
		{ "pipes: {a: /b}", "pipes: takes no more than a value" },
		{ "pipes: [[/a]]", "pipes: takes no more than a value" },
		{ "pipes: ['']", "pipes: has no value" },
		{ "receiver: {listen: localhost}", "\"localhost\" is not an" },
		{ "receiver: {listen: '127.0.0.1:0'}", "has a bad port" },
		{ "receiver: {relay: all}",
		  "\"all\" is none of none, verbatim, enriched" },
		{ "http: {listen: localhost}", "\"localhost\" is neither an" },
		{ "http: {listen: '192.0.2.1:80'}", "nor a loopback address" },
		{ "http: {listen: '0.0.0.0'}", "nor a loopback address" },
		{ "http: {listen: '[::]:80'}", "nor a loopback address" },
		{ "http: {listen: http.sock}", "neither an absolute path" },
		{ "http: {listen: '127.0.0.1:http'}", "has a bad port" },
		{ "http: {token-file: token}", "is not an absolute path" },
		{ "http: {token-file: [/a, /b]}", "takes no more than a" },
		{ "fireflies: {collectors: 'a:b'}", "\"a:b\" has a bad port" },
		{ "fireflies: {collectors: 'a:65536'}", "has a bad port" },
		{ "fireflies: {collectors: ':1'}", "\":1\" is not a host" },
		{ "fireflies: {collectors: '[::1'}", "bad brackets" },
		{ "fireflies: {collectors: '[]:1'}", "bad brackets" },
		{ "fireflies: {collectors: '[::1]x'}", "bad port" },
		{ "fireflies: {collectors: 'a b'}", "is not a host" },
		{ "fireflies: {collectors: 'http://a/'}", "bad port" },
		{ "local-addresses: host", "\"host\" is not an address" },
		{ "fireflies: {period: 24h1}", "is not a time of 1s..24h" },
		{ "fireflies: {period: 25h}", "\"25h\" is not a time" },
		{ "fireflies: {period: 86401s}", "\"86401s\" is not a time" },
		{ "fireflies: {period: 1441m}", "\"1441m\" is not a time" },
		{ "fireflies: {period: 0.5}", "\"0.5\" is not a time" },
		{ "fireflies: {period: 500ms}", "\"500ms\" is not a time" },
		{ "fireflies: {period: s}", "\"s\" is not a time" },
		{ "fireflies: {period: -1}", "\"-1\" is not a time" },
		{ "fireflies: {period: 0000000000000001}", "is not a time" },
		{ "fireflies: {exclude: here}", "\"here\" is not an IP" },
		{ "fireflies: {source: any}", "\"any\" is no host's address" },
		{ "fireflies: {source: 0.0.0.0}", "is no host's address" },
		{ "fireflies: {source: ff02::1}", "is no host's address" },
		{ "fireflies: {source: [10.0.0.1, 10.0.0.2]}",
		  "\"10.0.0.2\" is the second address of IPv4" },
		{ "fireflies: {translate: 10.0.0.1}", "is no mapping of from" },
		{ "fireflies: {translate: {from: 10.0.0.1}}",
		  "fireflies.translate: needs from and to" },
		{ "fireflies: {stun: '[::1]:3478'}", "is IPv6, where nothing" },
		{ "fireflies: {stun: 'a:0'}", "has a bad port" },
		{ "fireflies: {rate: 1000001}", "a number of 0..1000000" },
		{ "fireflies: {enrichment: Lean}",
		  "\"Lean\" is none of lean, compatible, full, none" },
		{ "metrics: {max-flows: 10001}", "not a number of 0..10000" },
		{ "metrics: {max-flows: -1}", "not a number of 0..10000" },
		{ "max-flows: 0", "\"0\" is not a number of 1..10000000" },
		{ "max-flows: 10000001", "is not a number of 1..10000000" },
		{ "max-flows: 1k", "\"1k\" is not a number" },
		{ "log-level: loud", "\"loud\" is none of error, warning" },
	};
	struct config *config = NULL;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(load(&config, bad[i].text), -EINVAL);
		if (strncmp(errors, "FILE:1: ", 8) ||
		    !strstr(errors, bad[i].why))
			fail_msg("%s: %s", bad[i].text, errors);
	}
}

static void test_collectors(void **state)
{
	struct config *config;
	char text[4096];

	(void)state;
	assert_int_equal(load(&config,
			      "fireflies:\n"
			      "  collectors:\n"
			      "  - a.example.org\n"
			      "  - {address: '::1', networks: 192.0.2.0/24}\n"
			      "  - address: b.example.org:9\n"
			      "    networks: ['2001:db8::/32', 192.0.2.1]\n"
			      "    experiments: [2, 0x10]\n"
			      "    states: [end, start]\n"),
			 0);
	assert_int_equal(config->n_collectors, 3);
	assert_int_equal(config->collectors[0].n_networks, 0);
	check_endpoint(&config->collectors[1].at, "::1", 10514);
	assert_int_equal(config->collectors[1].n_networks, 1);
	check_endpoint(&config->collectors[2].at, "b.example.org", 9);
	print(config, text, sizeof(text));
	assert_non_null(strstr(text, "  collectors:\n"
				     "  - \"a.example.org:10514\"\n"
				     "  - address: \"[::1]:10514\"\n"
				     "    networks:\n"
				     "    - \"192.0.2.0/24\"\n"
				     "  - address: \"b.example.org:9\"\n"
				     "    networks:\n"
				     "    - \"2001:db8::/32\"\n"
				     "    - \"192.0.2.1/32\"\n"
				     "    experiments:\n"
				     "    - 2\n"
				     "    - 16\n"
				     "    states:\n"
				     "    - start\n"
				     "    - end\n"));
	/* One mapping in the place of a list. */
	assert_int_equal(load(&config, "fireflies: {collectors: {address: a}}"),
			 0);
	assert_int_equal(config->n_collectors, 1);
	config_free(config);
	refuse("fireflies:\n"
	       "  collectors:\n"
	       "  - adr: a\n"
	       "    networks: ['::1',\n"
	       "      here]\n"
	       "    states: {end: 1}\n"
	       "  - address: [a]\n"
	       "  - address:\n",
	       "FILE:3: fireflies.collectors.adr: unknown key\n"
	       "FILE:5: fireflies.collectors.networks: \"here\" is not an IP "
	       "address or prefix\n"
	       "FILE:6: fireflies.collectors.states: takes no more than a "
	       "value\n"
	       "FILE:7: fireflies.collectors.address: takes no more than a "
	       "value\n"
	       "FILE:8: fireflies.collectors.address: has no value\n");
	refuse("fireflies:\n  collectors: [a,\n   {states: end}]\n",
	       "FILE:3: fireflies.collectors: has no address\n");
}

static const char *const outward = "fireflies:\n"
				   "  exclude:\n"
				   "  - \"2001:db8::/32\"\n"
				   "  - local\n"
				   "  source:\n"
				   "  - \"192.0.2.1\"\n"
				   "  - \"2001:db8::1\"\n"
				   "  translate:\n"
				   "  - from: \"10.0.0.0/8\"\n"
				   "    to: \"192.0.2.1/32\"\n"
				   "  - from: \"fd00::/48\"\n"
				   "    to: \"2001:db8::/48\"\n"
				   "  stun: \"stun.example.org:3478\"\n"
				   "  rate: 1000000\n";

static void test_outward(void **state)
{
	struct config *config;
	char text[4096];
	size_t i;

	(void)state;
	/* What is printed reads the same, and prints the same. */
	for (i = 0; i < 2; i++) {
		assert_int_equal(load(&config, i ? text : outward), 0);
		assert_int_equal(config->n_exclude, 1);
		assert_true(config->exclude_local);
		assert_int_equal(config->source_ipv6.octets[0], 0x20);
		assert_int_equal(config->source_ipv4.octets[0], 192);
		assert_int_equal(config->n_translations, 2);
		check_endpoint(&config->stun, "stun.example.org", 3478);
		assert_int_equal(config->rate, 1000000);
		print(config, text, sizeof(text));
	}
	assert_non_null(strstr(text, strstr(outward, "  exclude")));
	refuse("fireflies:\n"
	       "  translate:\n"
	       "  - from: 10.0.0.1\n"
	       "    to: 'fd00::1'\n",
	       "FILE:3: fireflies.translate: one of from and to is IPv4, the "
	       "other IPv6\n");
}

static void test_http(void **state)
{
	struct config *config;
	char text[256];

	(void)state;
	refuse("http: {listen: [/a, '::1']}",
	       "FILE: http.listen: ::1 needs http.token-file\n");
	assert_int_equal(load(&config, "http: {listen: /a}"), 0);
	config_free(config);

	/* The longest path that a socket can have, and one longer. */
	snprintf(text, sizeof(text), "http: {listen: /%0106d}", 0);
	assert_int_equal(load(&config, text), 0);
	assert_int_equal(strlen(config->http[0].host), 107);
	config_free(config);
	snprintf(text, sizeof(text), "http: {listen: /%0107d}", 0);
	assert_int_equal(load(&config, text), -EINVAL);
	assert_non_null(strstr(errors, "is longer than a socket's path"));
}

static void test_bad_yaml(void **state)
{
	static const struct {
		const char *text, *start;
	} bad[] = {
		{ "a: b: c\n", "FILE:1: " },
		{ "marks: label\npipes: [/a\n", "FILE:" },
		{ "marks: label\n\tpipes: /a\n", "FILE:2: " },
		{ "marks: label\nmarks: do\n",
		  "FILE:2: \"marks\" for the second time" },
		{ "marks: &a label\n", "FILE:1: anchors" },
		{ "marks: *a\n", "FILE:1: anchors" },
		{ "max-flows: !!int 7\n", "FILE:1: anchors" },
		{ "marks: label\n---\nmarks: do\n", "FILE:3: a second doc" },
		{ "[a]: 1\n", "FILE:1: a key that is not plain" },
		{ "- marks\n", "FILE:1: the file: has to be a mapping" },
		{ "marks\n", "FILE:1: the file: has to be a mapping" },
		{ "marks: \"a\\0b\"\n", "FILE:1: a NUL in a value" },
		{ "\"marks\\0\": label\n", "FILE:1: a NUL in a key" },
		{ "a: [[[[[[[[[1]]]]]]]]]\n", "FILE:1: nested too deep" },
		{ "marks: \xff\xfe\n", "FILE:1: " },
	};
	struct config *config = NULL;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(load(&config, bad[i].text), -EINVAL);
		if (strncmp(errors, bad[i].start, strlen(bad[i].start)))
			fail_msg("%s: %s", bad[i].text, errors);
	}
}

static void test_huge(void **state)
{
	struct config *config = NULL;

	(void)state;
	assert_int_equal(load(&config, "marks: label\n#"), 0);
	config_free(config);
	assert_int_equal(truncate(path, 1 << 30), 0);
	assert_int_equal(config_load(&config, path, add_error, NULL), -EFBIG);
	assert_string_equal(errors, "FILE: File too large\n");
}

static void test_long_list(void **state)
{
	struct config *config = NULL;
	char text[16384] = "pipes: [";
	unsigned int i;

	(void)state;
	for (i = 0; i < 1000; i++)
		sprintf(text + strlen(text), "/p%u,", i);
	strcat(text, "]");
	assert_int_equal(load(&config, text), 0);
	assert_int_equal(config->n_pipes, 1000);
	config_free(config);
	strcpy(text + strlen(text) - 1, "/more]");
	refuse(text, "FILE:1: pipes: has too many items\n");
}

static void test_no_file(void **state)
{
	struct config *config = NULL;

	(void)state;
	errors[0] = '\0';
	assert_int_equal(config_load(&config, "/nonexistent", add_error, NULL),
			 -ENOENT);
	assert_string_equal(errors,
			    "/nonexistent: No such file or directory\n");
	errors[0] = '\0';
	assert_int_not_equal(config_load(&config, "/", add_error, NULL), 0);
	assert_true(errors[0]);
}

/* What is shipped as an example is a file that is right. */
static void test_example(void **state)
{
	const char *top = getenv("SCITAG_TOP");
	struct config *config;
	char example[4096];

	(void)state;
	snprintf(example, sizeof(example),
		 "%s/userspace/daemon/scitagd.conf.example", top ? top : ".");
	errors[0] = '\0';
	if (config_load(&config, example, add_error, NULL))
		fail_msg("%s", errors);
	check_defaults(config);
}

static int remove_file(void **state)
{
	(void)state;
	return unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_period),
		cmocka_unit_test(test_all),
		cmocka_unit_test(test_print),
		cmocka_unit_test(test_print_and_load),
		cmocka_unit_test(test_empty_lists),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_bad_values),
		cmocka_unit_test(test_collectors),
		cmocka_unit_test(test_outward),
		cmocka_unit_test(test_http),
		cmocka_unit_test(test_bad_yaml),
		cmocka_unit_test(test_huge),
		cmocka_unit_test(test_long_list),
		cmocka_unit_test(test_no_file),
		cmocka_unit_test(test_example),
	};
	int fd = mkstemp(path);

	if (fd < 0)
		return 1;
	close(fd);
	return cmocka_run_group_tests(tests, NULL, remove_file);
}
