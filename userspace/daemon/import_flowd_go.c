// SPDX-License-Identifier: GPL-2.0
/*
 * Keys and defaults as flowd-go(1) has them, and those of older and newer
 * versions of it.
 */
#include <inttypes.h>
#include <json-c/json.h>
#include <strings.h>

#include "import.h"
#include "number.h"

#define NOT_NEEDED "is not needed"
#define NO_RULES                                                            \
	"has no equivalent here: the module marks connections that nobody " \
	"has announced by rules (scitag(8), \"scitag rule\")"

static const struct import_key keys[] = {
	{ "pidPath", NOT_NEEDED, NULL },
	{ "workDir", NOT_NEEDED, NULL },
	{ "stunServers", "has no equivalent", NULL },
	{ "plugins", NULL, NULL },
	{ "plugins.namedPipe", NULL, NULL },
	{ "plugins.namedPipe.pipePath", NULL, NULL },
	{ "plugins.namedPipe.maxReaders", NOT_NEEDED, NULL },
	{ "plugins.namedPipe.buffSize", NOT_NEEDED, NULL },
	{ "plugins.api", "has no equivalent", "" },
	{ "plugins.firefly", NULL, NULL },
	{ "plugins.firefly.bindAddress", NULL, NULL },
	{ "plugins.firefly.bindPort", NULL, NULL },
	{ "plugins.firefly.bufferSize", NOT_NEEDED, NULL },
	{ "plugins.firefly.deadline", NOT_NEEDED, NULL },
	{ "plugins.firefly.hasSyslogHeader",
	  "is not needed: both kinds are understood", NULL },
	{ "plugins.firefly.fireflyReceivers",
	  "has no equivalent: what is received is sent anew, to "
	  "fireflies.collectors",
	  NULL },
	{ "plugins.perfsonar", NO_RULES, "" },
	{ "plugins.iperf3", NO_RULES, "" },
	{ "backends", NULL, NULL },
	{ "backends.marker", NULL, NULL },
	{ "backends.marker.targetInterfaces",
	  "has no equivalent: what leaves by any interface is marked", NULL },
	{ "backends.marker.discoverInterfaces",
	  "has no equivalent: what leaves by any interface is marked",
	  "false" },
	{ "backends.marker.removeQdisc", NOT_NEEDED, NULL },
	{ "backends.marker.programPath", NOT_NEEDED, "" },
	{ "backends.marker.markingStrategy", NULL, NULL },
	{ "backends.marker.matchAll", NO_RULES, "false" },
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
	{ "backends.firefly.stun", "has no equivalent", "" },
	{ "backends.prometheus", "has no equivalent", "" },
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

static void take_receiver(struct import *import, struct json_object *tree)
{
	static const char path[] = "plugins.firefly.bindAddress";
	struct json_object *plugin = import_find(tree, "plugins.firefly");
	struct json_object *host = import_find(tree, path);
	struct json_object *port =
		import_find(tree, "plugins.firefly.bindPort");

	import_set_empty(import, "receiver.listen");
	if (json_object_is_type(plugin, json_type_object))
		import_set_endpoint(import, "receiver.listen",
				    import_text(host, "127.0.0.1"),
				    import_text(port, "10514"),
				    host ? host : plugin, path);
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
	import_set(import, "fireflies.to-remote", sends ? "true" : "false",
		   firefly, "backends.firefly");
	if (sends) {
		take_collector(import, tree);
		take_enrichment(import, tree);
	}
}
