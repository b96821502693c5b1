// SPDX-License-Identifier: GPL-2.0
/*
 * Keys and defaults as flowd-go(1) has them, and those of older and newer
 * versions of it.
 */
#include <inttypes.h>
#include <json-c/json.h>
#include <string.h>
#include <strings.h>

#include "import.h"
#include "number.h"

#define NOT_NEEDED "is not needed"
#define ALL_INTERFACES \
	"has no equivalent: what leaves by any interface is marked"
#define METRICS "is /metrics of http.listen here"
#define CGROUPS "/sys/fs/cgroup" /* all processes are in it */
#define STUN_SERVER "stun.l.google.com:3478"

/* Longest "min-max" with its NUL; what is longer is no range. */
#define PORT_RANGE_MAX 64

static const struct import_key keys[] = {
	{ "pidPath", NOT_NEEDED, NULL },
	{ "workDir", NOT_NEEDED, NULL },
	{ "defaultBackend", NOT_NEEDED, NULL },
	{ "stunServers", NULL, NULL },
	{ "plugins", NULL, NULL },
	{ "plugins.namedPipe", NULL, NULL },
	{ "plugins.namedPipe.pipePath", NULL, NULL },
	{ "plugins.namedPipe.maxReaders", NOT_NEEDED, NULL },
	{ "plugins.namedPipe.buffSize", NOT_NEEDED, NULL },
	{ "plugins.api",
	  "is http.listen here: POST /flow is answered on a unix socket, on "
	  "addresses only with http.token-file",
	  "" },
	{ "plugins.firefly", NULL, NULL },
	{ "plugins.firefly.bindAddress", NULL, NULL },
	{ "plugins.firefly.bindPort", NULL, NULL },
	{ "plugins.firefly.bufferSize", NOT_NEEDED, NULL },
	{ "plugins.firefly.deadline", NOT_NEEDED, NULL },
	{ "plugins.firefly.hasSyslogHeader",
	  "is not needed: both kinds are understood", NULL },
	{ "plugins.firefly.fireflyReceivers", NULL, NULL },
	{ "plugins.fireflyp",
	  "is not known to flowd-go, either: it reads plugins.firefly", NULL },
	{ "plugins.perfsonar", NULL, NULL },
	{ "plugins.perfsonar.experimentId", NULL, NULL },
	{ "plugins.perfsonar.activityId", NULL, NULL },
	{ "plugins.iperf3", NULL, NULL },
	{ "plugins.iperf3.minSourcePort", NULL, NULL },
	{ "plugins.iperf3.maxSourcePort", NULL, NULL },
	{ "plugins.iperf3.minDestinationPort", NULL, NULL },
	{ "plugins.iperf3.maxDestinationPort", NULL, NULL },
	{ "plugins.iperf3.cgroupPath", NULL, NULL },
	{ "plugins.iperf3.programPath", NOT_NEEDED, "" },
	{ "plugins.iperf3.debugMode", NOT_NEEDED, "false" },
	{ "plugins.iperf3.randomIDs", NOT_NEEDED, "false" },
	{ "plugins.iperf3.experimentIDs", NULL, NULL },
	{ "plugins.iperf3.activityIDs", NULL, NULL },
	{ "backends", NULL, NULL },
	{ "backends.marker", NULL, NULL },
	{ "backends.marker.targetInterfaces", ALL_INTERFACES, NULL },
	{ "backends.marker.discoverInterfaces", ALL_INTERFACES, "false" },
	{ "backends.marker.removeQdisc", NOT_NEEDED, NULL },
	{ "backends.marker.programPath", NOT_NEEDED, "" },
	{ "backends.marker.markingStrategy", NULL, NULL },
	{ "backends.marker.forceHookRemoval", NOT_NEEDED, NULL },
	{ "backends.marker.matchAll",
	  "has no equivalent but a rule with all: true, which perfsonar becomes",
	  "false" },
	{ "backends.marker.debugMode", NOT_NEEDED, "false" },
	{ "backends.firefly", NULL, NULL },
	{ "backends.firefly.destinationPort",
	  "has no equivalent: it is 10514 always", "10514" },
	{ "backends.firefly.prependSyslog",
	  "has no equivalent: the header is there always", "true" },
	{ "backends.firefly.sendToCollector", NULL, NULL },
	{ "backends.firefly.collectorAddress", NULL, NULL },
	{ "backends.firefly.collectorPort", NULL, NULL },
	{ "backends.firefly.enrich", NULL, NULL },
	{ "backends.firefly.enrichmentMode", NULL, NULL },
	{ "backends.firefly.enrichmentVerbosity", NULL, NULL },
	{ "backends.firefly.stun", NULL, NULL },
	{ "backends.firefly.stun.manualMapping", "", NULL },
	{ "backends.firefly.stun.stunServers", NULL, NULL },
	{ "backends.firefly.stun.stunResolution", NULL, NULL },
	{ "backends.firefly.stun.httpResolution",
	  "has no equivalent: nobody is asked over HTTP", "false" },
	{ "backends.prometheus", METRICS, "" },
	{ "enrichers", NULL, NULL },
	{ "enrichers.period", NULL, NULL },
	{ "enrichers.netlink", "is not needed: the module looks at sockets",
	  "" },
	{ "enrichers.skops", "is not needed: the module looks at sockets", "" },
};

static void take_pipe(struct import *import, struct json_object *tree)
{
	static const char path[] = "plugins.namedPipe.pipePath";
	struct json_object *plugin = import_find(tree, "plugins.namedPipe");
	struct json_object *value = import_find(tree, path);

	import_set_empty(import, "pipes");
	if (json_object_is_type(plugin, json_type_object))
		import_set(import, "pipes",
			   import_text(value, "/var/run/flowd-go/np"),
			   value ? value : plugin, path);
}

/* Received fireflies go on as they are. */
static void take_forwarding(struct import *import, struct json_object *list)
{
	static const char path[] = "plugins.firefly.fireflyReceivers";
	size_t n = 0, i;

	if (json_object_is_type(list, json_type_array))
		n = json_object_array_length(list);
	for (i = 0; i < n; i++) {
		struct json_object *to = json_object_array_get_idx(list, i);

		import_set_endpoint(import, "fireflies.collectors",
				    import_text(import_find(to, "address"), ""),
				    import_text(import_find(to, "port"),
						"10514"),
				    to, path);
	}
	if (!n)
		return;
	import_set(import, "receiver.relay", "verbatim", list, path);
	import_say(import, list, path,
		   "they become collectors: what is received of flows of this "
		   "host is sent anew there, and of others as it came");
}

static void take_receiver(struct import *import, struct json_object *tree)
{
	static const char path[] = "plugins.firefly.bindAddress";
	struct json_object *plugin = import_find(tree, "plugins.firefly");
	struct json_object *host = import_find(tree, path);
	struct json_object *port =
		import_find(tree, "plugins.firefly.bindPort");

	import_set_empty(import, "receiver.listen");
	if (!json_object_is_type(plugin, json_type_object))
		return;
	import_set_endpoint(import, "receiver.listen",
			    import_text(host, "127.0.0.1"),
			    import_text(port, "10514"), host ? host : plugin,
			    path);
	take_forwarding(import, import_find(plugin, "fireflyReceivers"));
}

static void take_marks(struct import *import, struct json_object *tree)
{
	static const struct {
		const char *strategy;
		const char *marks;
	} strategies[] = {
		{ "label", "label" },
		{ "flowLabel", "label" },
		{ "hopByHop", "hbh" },
		{ "destination", "do" },
		{ "hopByHopDestination", "hbh,do" },
	};
	static const char path[] = "backends.marker.markingStrategy";
	struct json_object *marker = import_find(tree, "backends.marker");
	struct json_object *value = import_find(tree, path);
	size_t i;

	import_set_empty(import, "marks");
	if (!json_object_is_type(marker, json_type_object))
		return;
	for (i = 0; i < sizeof(strategies) / sizeof(strategies[0]); i++) {
		if (strcasecmp(import_text(value, "label"),
			       strategies[i].strategy))
			continue;
		import_set(import, "marks", strategies[i].marks, value, path);
		if (i >= 3)
			import_say(import, value, path,
				   "on TCP the layout is safe, which routers "
				   "do not trip over; layout: ids is that of "
				   "flowd-go");
		return;
	}
	import_say(import, value, path, "is not known");
}

/* An id of a list of them, or the same for none. */
static const char *first_id(struct json_object *plugin, const char *list)
{
	struct json_object *ids = import_find(plugin, list);

	if (!json_object_is_type(ids, json_type_array) ||
	    !json_object_array_length(ids))
		return "0";
	return import_text(json_object_array_get_idx(ids, 0), "0");
}

/* "min-max" of two bounds, of which 0 is none. NULL if both are. */
static const char *port_range(char *buf, size_t size,
			      struct json_object *plugin, const char *min_path,
			      const char *max_path)
{
	const char *min = import_text(import_find(plugin, min_path), "0");
	const char *max = import_text(import_find(plugin, max_path), "0");

	if (!strcmp(min, "0") && !strcmp(max, "0"))
		return NULL;
	snprintf(buf, size, "%s-%s", strcmp(min, "0") ? min : "1",
		 strcmp(max, "0") ? max : "65535");
	return buf;
}

static void take_iperf3(struct import *import, struct json_object *plugin)
{
	const char *cgroup =
		import_text(import_find(plugin, "cgroupPath"), CGROUPS);
	char sport[PORT_RANGE_MAX], dport[PORT_RANGE_MAX];
	struct import_pair pairs[] = {
		{ "experiment", first_id(plugin, "experimentIDs") },
		{ "activity", first_id(plugin, "activityIDs") },
		{ "proto", "tcp" },
		{ "sport", port_range(sport, sizeof(sport), plugin,
				      "minSourcePort", "maxSourcePort") },
		{ "dport",
		  port_range(dport, sizeof(dport), plugin, "minDestinationPort",
			     "maxDestinationPort") },
		{ "cgroup", strcmp(cgroup, CGROUPS) ? cgroup : NULL },
		{ NULL, NULL },
	};

	import_rule(import, pairs, plugin, "plugins.iperf3");
	import_say(import, plugin, "plugins.iperf3",
		   "of experimentIDs and activityIDs (0, 1 and 2 if there are "
		   "none) a rule has the first");
}

static void take_perfsonar(struct import *import, struct json_object *plugin)
{
	struct import_pair pairs[] = {
		{ "experiment",
		  import_text(import_find(plugin, "experimentId"), "0") },
		{ "activity",
		  import_text(import_find(plugin, "activityId"), "0") },
		{ "all", "true" },
		{ NULL, NULL },
	};

	import_rule(import, pairs, plugin, "plugins.perfsonar");
}

/* The rule that all match comes last. */
static void take_rules(struct import *import, struct json_object *tree)
{
	struct json_object *iperf3 = import_find(tree, "plugins.iperf3");
	struct json_object *perfsonar = import_find(tree, "plugins.perfsonar");

	if (json_object_is_type(iperf3, json_type_object))
		take_iperf3(import, iperf3);
	if (json_object_is_type(perfsonar, json_type_object))
		take_perfsonar(import, perfsonar);
}

/* Addresses, and what they are called in fireflies. */
static void take_mapping(struct import *import, struct json_object *mapping)
{
	struct json_object_iterator it, end;

	if (!json_object_is_type(mapping, json_type_object))
		return;
	it = json_object_iter_begin(mapping);
	end = json_object_iter_end(mapping);
	for (; !json_object_iter_equal(&it, &end); json_object_iter_next(&it)) {
		struct json_object *to = json_object_iter_peek_value(&it);
		struct import_pair pairs[] = {
			{ "from", json_object_iter_peek_name(&it) },
			{ "to", import_text(to, "") },
			{ NULL, NULL },
		};

		import_add(import, "fireflies.translate", pairs, to,
			   "backends.firefly.stun.manualMapping");
	}
}

static void take_stun(struct import *import, struct json_object *tree)
{
	static const char path[] = "backends.firefly.stun.stunServers";
	struct json_object *stun = import_find(tree, "backends.firefly.stun");
	struct json_object *servers = import_find(stun, "stunServers");
	const char *wanted =
		import_text(import_find(stun, "stunResolution"), "true");

	if (!json_object_is_type(stun, json_type_object)) {
		/* Where older versions have it. */
		servers = import_find(tree, "stunServers");
		if (json_object_is_type(servers, json_type_array) &&
		    json_object_array_length(servers))
			import_set_stun(import, servers, "", servers,
					"stunServers");
		return;
	}
	take_mapping(import, import_find(stun, "manualMapping"));
	if (!strcasecmp(wanted, "true"))
		import_set_stun(import, servers, STUN_SERVER,
				servers ? servers : stun, path);
}

static void take_collector(struct import *import, struct json_object *tree)
{
	static const char path[] = "backends.firefly.collectorAddress";
	struct json_object *enabled =
		import_find(tree, "backends.firefly.sendToCollector");
	struct json_object *host = import_find(tree, path);
	struct json_object *port =
		import_find(tree, "backends.firefly.collectorPort");

	if (import_is_true(enabled))
		import_set_endpoint(import, "fireflies.collectors",
				    import_text(host, "127.0.0.1"),
				    import_text(port, "10514"),
				    host ? host : enabled, path);
}

/* From milliseconds to whole seconds, at least one. */
static void take_period(struct import *import, struct json_object *tree)
{
	static const char path[] = "enrichers.period";
	struct json_object *value = import_find(tree, path);
	char text[32];
	uint64_t ms;

	if (decimal_parse(&ms, import_text(value, "1000"), UINT32_MAX)) {
		import_say(import, value, path, "is no number");
		return;
	}
	if (ms % 1000 || !ms)
		import_say(import, value, path, "becomes whole seconds");
	snprintf(text, sizeof(text), "%" PRIu64, ms ? (ms + 999) / 1000 : 1);
	import_set(import, "fireflies.period", text, value, path);
}

static void take_enrichment(struct import *import, struct json_object *tree)
{
	static const char path[] = "backends.firefly.enrichmentMode";
	struct json_object *enrich =
		import_find(tree, "backends.firefly.enrich");
	struct json_object *mode = import_find(tree, path);
	const char *text;

	if (!import_is_true(enrich)) {
		import_set(import, "fireflies.period", "0", enrich, path);
		import_set(import, "fireflies.enrichment", "none", enrich,
			   path);
		return;
	}
	if (!mode)
		mode = import_find(tree,
				   "backends.firefly.enrichmentVerbosity");
	text = import_text(mode, "lean");
	take_period(import, tree);
	import_set(import, "fireflies.enrichment", text[0] ? text : "full",
		   mode, path);
}

void import_flowd_go(struct import *import, struct json_object *tree)
{
	struct json_object *firefly = import_find(tree, "backends.firefly");
	bool sends = json_object_is_type(firefly, json_type_object);

	import_check(import, tree, keys, sizeof(keys) / sizeof(keys[0]));
	take_pipe(import, tree);
	take_receiver(import, tree);
	take_marks(import, tree);
	take_rules(import, tree);
	import_set(import, "fireflies.to-remote", sends ? "true" : "false",
		   firefly, "backends.firefly");
	if (sends) {
		take_collector(import, tree);
		take_enrichment(import, tree);
		take_stun(import, tree);
	}
}
