// SPDX-License-Identifier: GPL-2.0
/*
 * Keys and defaults as the README of flowd has them, and those that only its
 * files name.
 */
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "import.h"

#define SOURCE \
	"has no equivalent: fireflies.translate is by address, for both ends"
#define METRICS "is /metrics of http.listen here"
#define STUN_SERVER "stun.l.google.com:19305"
#define IPERF_PORTS "5201-5299" /* as its round-robin has them */

static const struct import_key keys[] = {
	{ "PLUGIN", NULL, NULL },
	{ "BACKEND", NULL, NULL },
	{ "FLOW_MAP_API", "is not needed: names are not asked for anywhere",
	  NULL },
	{ "NP_API_FILE", NULL, NULL },
	{ "FIREFLY_LISTENER_HOST", NULL, NULL },
	{ "FIREFLY_LISTENER_PORT", NULL, NULL },
	{ "EXPERIMENT", NULL, NULL },
	{ "ACTIVITY", NULL, NULL },
	{ "NETSTAT_EXPERIMENT", NULL, NULL },
	{ "NETSTAT_ACTIVITY", NULL, NULL },
	{ "NETSTAT_INTERNAL_NETWORKS", NULL, NULL },
	{ "NETSTAT_TIMEOUT", "is not needed", NULL },
	{ "NETLINK_EXPERIMENT", NULL, NULL },
	{ "NETLINK_ACTIVITY", NULL, NULL },
	{ "NETLINK_INTERNAL_NETWORKS", NULL, NULL },
	{ "NETLINK_TIMEOUT", "is not needed", NULL },
	{ "IPERF_FLOW_ID", NULL, NULL },
	{ "IPERF_INTERNAL_NETWORKS", NULL, NULL },
	{ "IP_DISCOVERY_ENABLED", NULL, NULL },
	{ "STUN_SERVERS", NULL, NULL },
	{ "UDP_FIREFLY_DST", NULL, NULL },
	{ "UDP_FIREFLY_IP4_SRC", SOURCE, NULL },
	{ "UDP_FIREFLY_IP6_SRC", SOURCE, NULL },
	{ "UDP_FIREFLY_NETLINK", NULL, NULL },
	{ "UDP_FIREFLY_WITH_NETLINK", NULL, NULL },
	{ "NETWORK_INTERFACE",
	  "has no equivalent: what leaves by any interface is marked", NULL },
	{ "PROMETHEUS_SS_PATH", "has no equivalent", NULL },
	{ "PROMETHEUS_SRV_PORT", METRICS, NULL },
};

/* Connections within a site are left alone: a network, or several. */
static void take_networks(struct import *import, struct json_object *value,
			  const char *path)
{
	const char *text = import_text(value, "");
	struct import_pair pairs[] = {
		{ "exclude", "true" },
		{ "dst", text },
		{ NULL, NULL },
	};
	size_t n, i;

	if (text[0])
		import_rule(import, pairs, value, path);
	if (!json_object_is_type(value, json_type_array))
		return;
	n = json_object_array_length(value);
	for (i = 0; i < n; i++)
		take_networks(import, json_object_array_get_idx(value, i),
			      path);
}

/* Private addresses are within the site, whatever is configured. */
static void take_private(struct import *import, struct json_object *plugin)
{
	static const char *const networks[] = {
		"10.0.0.0/8",	  "172.16.0.0/12", "192.168.0.0/16",
		"169.254.0.0/16", "fc00::/7",	   "fe80::/10",
	};
	size_t i;

	for (i = 0; i < sizeof(networks) / sizeof(networks[0]); i++) {
		struct import_pair pairs[] = {
			{ "exclude", "true" },
			{ "dst", networks[i] },
			{ NULL, NULL },
		};

		import_rule(import, pairs, plugin, "PLUGIN");
	}
}

/* A key of this plugin; or, as in older versions, of that name alone. */
static const char *of_plugin(struct json_object *tree, const char *prefix,
			     const char *name)
{
	char path[64];
	struct json_object *value;

	snprintf(path, sizeof(path), "%s_%s", prefix, name);
	value = import_find(tree, path);
	return import_text(value ? value : import_find(tree, name), "");
}

/* netstat and netlink: all TCP connections have one tag. */
static void take_connections(struct import *import, struct json_object *tree,
			     const char *prefix)
{
	struct json_object *plugin = import_find(tree, "PLUGIN");
	struct import_pair pairs[] = {
		{ "experiment", of_plugin(tree, prefix, "EXPERIMENT") },
		{ "activity", of_plugin(tree, prefix, "ACTIVITY") },
		{ "proto", "tcp" },
		{ NULL, NULL },
	};
	char path[64];

	snprintf(path, sizeof(path), "%s_INTERNAL_NETWORKS", prefix);
	take_networks(import, import_find(tree, path), path);
	take_private(import, plugin);
	import_rule(import, pairs, plugin, "PLUGIN");
}

/* Item i of a list, or NULL. */
static struct json_object *item(struct json_object *list, size_t i)
{
	if (!json_object_is_type(list, json_type_array) ||
	    i >= json_object_array_length(list))
		return NULL;
	return json_object_array_get_idx(list, i);
}

/* Its connections have tags by turns; a rule has one. */
static void take_iperf(struct import *import, struct json_object *tree)
{
	struct json_object *plugin = import_find(tree, "PLUGIN");
	struct json_object *ids = import_find(tree, "IPERF_FLOW_ID");
	struct import_pair pairs[] = {
		{ "experiment", import_text(item(item(ids, 0), 0), "2") },
		{ "activity", import_text(item(item(ids, 0), 1), "9") },
		{ "proto", "tcp" },
		{ "port", IPERF_PORTS },
		{ NULL, NULL },
	};

	take_networks(import, import_find(tree, "IPERF_INTERNAL_NETWORKS"),
		      "IPERF_INTERNAL_NETWORKS");
	take_networks(import, import_find(tree, "NETSTAT_INTERNAL_NETWORKS"),
		      "NETSTAT_INTERNAL_NETWORKS");
	take_private(import, plugin);
	import_rule(import, pairs, plugin, "PLUGIN");
	import_say(import, plugin, "PLUGIN",
		   "iperf becomes TCP connections with a port of " IPERF_PORTS
		   ", which all have the first tag of IPERF_FLOW_ID (2/9 if "
		   "there is none)");
}

static void take_plugin(struct import *import, struct json_object *tree,
			const char *name)
{
	struct json_object *plugin = import_find(tree, "PLUGIN");
	struct json_object *host = import_find(tree, "FIREFLY_LISTENER_HOST");
	struct json_object *port = import_find(tree, "FIREFLY_LISTENER_PORT");
	struct json_object *file = import_find(tree, "NP_API_FILE");

	if (!strcmp(name, "np_api"))
		import_set(import, "pipes", import_text(file, "/var/run/flowd"),
			   file ? file : plugin, "NP_API_FILE");
	else if (!strcmp(name, "firefly"))
		import_set_endpoint(import, "receiver.listen",
				    import_text(host, "0.0.0.0"),
				    import_text(port, "10514"),
				    host ? host : plugin,
				    "FIREFLY_LISTENER_HOST");
	else if (!strcmp(name, "netstat"))
		take_connections(import, tree, "NETSTAT");
	else if (!strcmp(name, "netlink"))
		take_connections(import, tree, "NETLINK");
	else if (!strncmp(name, "iperf", 5))
		take_iperf(import, tree);
	else
		import_say(import, plugin, name, "is not known");
}

/* Where fireflies go to besides the flow's other end: one or several. */
static void take_collectors(struct import *import, struct json_object *value)
{
	size_t n, i;

	if (!json_object_is_type(value, json_type_array)) {
		if (import_text(value, "")[0])
			import_set_endpoint(import, "fireflies.collectors",
					    import_text(value, ""), "10514",
					    value, "UDP_FIREFLY_DST");
		return;
	}
	n = json_object_array_length(value);
	for (i = 0; i < n; i++)
		take_collectors(import, json_object_array_get_idx(value, i));
}

/* The address that this host has outside. */
static void take_discovery(struct import *import, struct json_object *tree)
{
	struct json_object *enabled = import_find(tree, "IP_DISCOVERY_ENABLED");
	struct json_object *server = item(import_find(tree, "STUN_SERVERS"), 0);

	if (!import_is_true(enabled))
		return;
	if (server)
		import_set_endpoint(import, "fireflies.stun",
				    import_text(item(server, 0), ""),
				    import_text(item(server, 1), "3478"),
				    server, "STUN_SERVERS");
	else
		import_set(import, "fireflies.stun", STUN_SERVER, enabled,
			   "IP_DISCOVERY_ENABLED");
}

static void take_fireflies(struct import *import, struct json_object *tree)
{
	struct json_object *netlink = import_find(tree, "UDP_FIREFLY_NETLINK");
	struct json_object *other =
		import_find(tree, "UDP_FIREFLY_WITH_NETLINK");
	struct json_object *backend = import_find(tree, "BACKEND");

	import_set(import, "fireflies.to-remote", "true", backend, "BACKEND");
	take_collectors(import, import_find(tree, "UDP_FIREFLY_DST"));
	import_set(import, "fireflies.enrichment",
		   import_is_true(netlink) || import_is_true(other) ?
			   "compatible" :
			   "none",
		   netlink, "UDP_FIREFLY_NETLINK");
	/* It sends them at start and end only. */
	import_set(import, "fireflies.period", "0", backend, "BACKEND");
	take_discovery(import, tree);
}

static void take_backend(struct import *import, struct json_object *tree,
			 const char *name)
{
	struct json_object *backend = import_find(tree, "BACKEND");

	if (!strcmp(name, "udp_firefly"))
		take_fireflies(import, tree);
	else if (!strncmp(name, "ebpf", 4))
		import_set(import, "marks", "label", backend, "BACKEND");
	else if (!strcmp(name, "prometheus"))
		import_say(import, backend, name, METRICS);
	else
		import_say(import, backend, name, "is not known");
}

/* Names with commas and blanks between them. */
static void take_names(struct import *import, struct json_object *tree,
		       const char *names,
		       void (*take)(struct import *import,
				    struct json_object *tree, const char *name))
{
	char *copy = strdup(names);
	char *name, *rest;

	if (!copy)
		return;
	for (name = strtok_r(copy, ", \t", &rest); name;
	     name = strtok_r(NULL, ", \t", &rest))
		take(import, tree, name);
	free(copy);
}

void import_flowd(struct import *import, struct json_object *tree)
{
	struct json_object *plugin = import_find(tree, "PLUGIN");
	struct json_object *backend = import_find(tree, "BACKEND");

	import_check(import, tree, keys, sizeof(keys) / sizeof(keys[0]));
	import_set_empty(import, "marks");
	import_set_empty(import, "pipes");
	import_set_empty(import, "receiver.listen");
	import_set(import, "fireflies.to-remote", "false", backend, "BACKEND");
	take_names(import, tree, import_text(backend, "udp_firefly"),
		   take_backend);
	take_names(import, tree, import_text(plugin, ""), take_plugin);
}
