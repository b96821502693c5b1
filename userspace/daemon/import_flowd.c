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

#define NO_RULES                                                            \
	"has no equivalent here: the module marks connections that nobody " \
	"has announced by rules (scitag(8), \"scitag rule\")"

static const struct import_key keys[] = {
	{ "PLUGIN", NULL, NULL },
	{ "BACKEND", NULL, NULL },
	{ "FLOW_MAP_API", "is not needed: names are not asked for anywhere",
	  NULL },
	{ "NP_API_FILE", NULL, NULL },
	{ "FIREFLY_LISTENER_HOST", NULL, NULL },
	{ "FIREFLY_LISTENER_PORT", NULL, NULL },
	{ "EXPERIMENT", NO_RULES, NULL },
	{ "ACTIVITY", NO_RULES, NULL },
	{ "NETSTAT_EXPERIMENT", NO_RULES, NULL },
	{ "NETSTAT_ACTIVITY", NO_RULES, NULL },
	{ "NETSTAT_INTERNAL_NETWORKS", NO_RULES, NULL },
	{ "NETSTAT_TIMEOUT", "is not needed", NULL },
	{ "NETLINK_EXPERIMENT", NO_RULES, NULL },
	{ "NETLINK_ACTIVITY", NO_RULES, NULL },
	{ "NETLINK_INTERNAL_NETWORKS", NO_RULES, NULL },
	{ "NETLINK_TIMEOUT", "is not needed", NULL },
	{ "IPERF_FLOW_ID", NO_RULES, NULL },
	{ "IPERF_INTERNAL_NETWORKS", NO_RULES, NULL },
	{ "IP_DISCOVERY_ENABLED",
	  "has no equivalent: the addresses are those of the connection",
	  "False" },
	{ "STUN_SERVERS", "has no equivalent", NULL },
	{ "UDP_FIREFLY_DST", NULL, NULL },
	{ "UDP_FIREFLY_IP4_SRC",
	  "has no equivalent: the addresses are those of the connection",
	  NULL },
	{ "UDP_FIREFLY_IP6_SRC",
	  "has no equivalent: the addresses are those of the connection",
	  NULL },
	{ "UDP_FIREFLY_NETLINK", NULL, NULL },
	{ "NETWORK_INTERFACE",
	  "has no equivalent: what leaves by any interface is marked", NULL },
	{ "PROMETHEUS_SS_PATH", "has no equivalent", NULL },
	{ "PROMETHEUS_SRV_PORT", "has no equivalent", NULL },
};

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
	else if (!strncmp(name, "net", 3) || !strncmp(name, "iperf", 5))
		import_say(import, plugin, name, NO_RULES);
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

static void take_fireflies(struct import *import, struct json_object *tree)
{
	struct json_object *netlink = import_find(tree, "UDP_FIREFLY_NETLINK");
	struct json_object *backend = import_find(tree, "BACKEND");

	import_set(import, "fireflies.to-remote", "true", backend, "BACKEND");
	take_collectors(import, import_find(tree, "UDP_FIREFLY_DST"));
	import_set(import, "fireflies.enrichment",
		   import_is_true(netlink) ? "compatible" : "none", netlink,
		   "UDP_FIREFLY_NETLINK");
	/* It sends them at start and end only. */
	import_set(import, "fireflies.period", "0", backend, "BACKEND");
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
		import_say(import, backend, name, "has no equivalent");
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
	take_names(import, tree, import_text(plugin, ""), take_plugin);
	take_names(import, tree, import_text(backend, "udp_firefly"),
		   take_backend);
}
