/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The daemon's configuration: what may stand in its file, and what it says.
 * scitagd.conf(5) has the same for readers.
 */
#ifndef SCITAGD_CONFIG_H
#define SCITAGD_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "addr.h"
#include "collector.h"
#include "endpoint.h"
#include "firefly.h"
#include "prefix.h"
#include "rule.h"
#include "translation.h"

struct json_object;

/* One of the rules of the configuration. */
struct config_rule {
	/* Without marks: all flows of the daemon have the same. */
	struct rule_spec spec;
	bool all;
	bool has_condition;
	struct json_object *source; /* its keys as they were written */
};

/* Longest text of config_check_rules() with its NUL. */
#define CONFIG_ERROR_MAX 256

/* Items of a list. Some are gone through for each flow. */
#define CONFIG_LIST_MAX 1000

/* What becomes of fireflies of flows that are none of this host. */
enum config_relay { RELAY_NONE, RELAY_VERBATIM, RELAY_ENRICHED };

struct config {
	/*
	 * marks: where the tags of flows go: any of label, hbh, do. None:
	 * nothing is marked, only fireflies are sent. Default: label.
	 */
	uint32_t marks;

	/*
	 * layout: of extension headers: ids, label, label4 or safe. Default:
	 * the kernel's, which is safe for do on TCP and ids otherwise.
	 */
	int layout;

	/*
	 * option-type: of the option in extension headers: 2..31 without
	 * those that IANA gave to others. Default: the kernel's, 0x1e (0x1f
	 * with label4).
	 */
	int option_type;

	/*
	 * pipes: named pipes to create and read, absolute paths. Default:
	 * /run/scitagd/flows.
	 */
	char **pipes;
	size_t n_pipes;

	/*
	 * receiver.listen: addresses, each with or without a port, on which
	 * fireflies of this host's programs are received. Default:
	 * 127.0.0.1:10514 and [::1]:10514.
	 */
	struct endpoint *listen;
	size_t n_listen;

	/*
	 * receiver.relay: none, verbatim or enriched: fireflies of programs of
	 * this host about flows that neither end of is here go to the
	 * collectors: not at all, as they came, or written anew. Default: none.
	 */
	enum config_relay relay;

	/*
	 * http.listen: unix sockets (absolute paths) and loopback addresses,
	 * these with or without a port (7777), on which HTTP is answered. A
	 * path has the port 0. Default: PATHS_HTTP_SOCKET, which may not be
	 * possible where systemd has not made its directory.
	 */
	struct endpoint *http;
	size_t n_http;

	/*
	 * http.token-file: absolute path of a file with the token that has to
	 * be shown on addresses. NULL: none, and then http.listen has paths
	 * only. Default: none.
	 */
	char *http_token_file;

	/*
	 * metrics.max-flows: how many flows have metrics of their own,
	 * 0..10000. Default: 1000.
	 */
	uint32_t metrics_max_flows;

	/*
	 * rules: of which connections the kernel makes flows by itself, in the
	 * order in which they are looked at. If there are any, the kernel has
	 * no others. Each is a mapping of
	 *   tag, or experiment and activity: names or numbers
	 *   application: in fireflies of its flows; at most 127 octets
	 *   proto, src, sport, dst, dport, port, uid, cgroup, fwmark, oif:
	 *     conditions, see rule.h
	 *   all: in place of conditions
	 *   exclude: make no flows of these; in place of a tag
	 *   priority: 0..4294967295, default 0
	 *   idle-timeout, hard-timeout: seconds, 1..31536000
	 * Default: none.
	 */
	struct config_rule *rules;
	size_t n_rules;

	/*
	 * command-line: report flows, too, that the kernel has and that no
	 * source and no rule of this configuration has made: those of
	 * scitag(8). Default: true.
	 */
	bool command_line;

	/*
	 * state-file: absolute path of the file that keeps over a restart
	 * what is known of open flows. NULL: none. Default:
	 * /var/lib/scitagd/state.
	 */
	char *state_file;

	/*
	 * fireflies.end-at-shutdown: end all flows when the daemon ends. If
	 * not, and with a state file, they go on at its next start. Default:
	 * false.
	 */
	bool end_at_shutdown;

	/*
	 * fireflies.collectors: addresses or names, each with or without a
	 * port, to which fireflies are sent; all of them, or those that pass
	 * networks, experiments and states. Default: none.
	 */
	struct collector *collectors;
	size_t n_collectors;

	/*
	 * fireflies.to-remote: send them to the remote address of their flow,
	 * too, at port 10514. Default: true.
	 */
	bool to_remote;

	/*
	 * fireflies.exclude: networks whose addresses get no firefly for being
	 * the remote address of a flow; local stands for those of this host's
	 * interfaces. Default: none.
	 */
	struct prefix *exclude;
	size_t n_exclude;
	bool exclude_local;

	/*
	 * fireflies.source: the address that they come from, at most one of
	 * each family. Unspecified: which one the route says. Default: that.
	 */
	struct addr source_ipv4;
	struct addr source_ipv6;

	/*
	 * fireflies.translate: networks and addresses, and what they are called
	 * in fireflies. Default: none.
	 */
	struct translation *translations;
	size_t n_translations;

	/*
	 * fireflies.stun: address or name of a STUN server, with or without a
	 * port (3478). A host of NULL: none. Default: none.
	 */
	struct endpoint stun;

	/*
	 * fireflies.rate: datagrams in a second, 1..1000000, or 0 for as many
	 * as there are. Default: 10000.
	 */
	uint32_t rate;

	/*
	 * fireflies.period: seconds from one ongoing firefly of a flow to the
	 * next, 1..86400, or 0 for none. With unit (s, m, h) or without.
	 * Default: 10.
	 */
	uint32_t period_s;

	/*
	 * fireflies.enrichment: what they say of the TCP connection: lean,
	 * compatible, full or none. Default: lean.
	 */
	enum firefly_enrichment enrichment;

	/* fireflies.hostname: this host's name in them. Default: its name. */
	char *hostname;

	/*
	 * local-addresses: addresses that are this host's though none of its
	 * interfaces has them. Default: none.
	 */
	struct addr *local_addresses;
	size_t n_local_addresses;

	/* max-flows: open at the same time, 1..10000000. Default: 100000. */
	uint32_t max_flows;

	/*
	 * log-level: error, warning, notice, info or debug. Default: info.
	 */
	int log_level;
};

/* Called with one error, "FILE:LINE: what is wrong". */
typedef void (*config_error_cb)(void *data, const char *text);

/*
 * Read a file; NULL for the defaults. cb gets every error that is in it.
 * Returns 0 or -errno. The caller frees what it gets with config_free().
 */
int config_load(struct config **out, const char *path, config_error_cb cb,
		void *data);
void config_free(struct config *config); /* NULL is fine */

/*
 * Write all keys and what they are set to, as a file that says the same when
 * it is read; or only those options (option.h) that are chosen. Returns 0 or
 * -errno.
 */
int config_print(const struct config *config, const bool *chosen, FILE *file);

/* Is the option at "key" or "section.key", which there is, set otherwise? */
bool config_differs(const struct config *a, const struct config *b,
		    const char *path);

/*
 * Have the marks room for the tags of all rules? The kernel would refuse them
 * all for one that is wrong. Returns 0, or -EINVAL with a text in error.
 */
int config_check_rules(const struct config *config,
		       char error[static CONFIG_ERROR_MAX]);

/* "application" of a rule, or NULL. */
const char *config_rule_application(const struct config_rule *rule);

/* The level of a name as log-level has it, both ways. */
int config_log_level_parse(int *level, const char *text); /* 0 or -EINVAL */
const char *config_log_level_name(int level);

#endif /* SCITAGD_CONFIG_H */
