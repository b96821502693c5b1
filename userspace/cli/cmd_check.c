// SPDX-License-Identifier: GPL-2.0
#include "command.h"

#include <errno.h>
#include <json-c/json.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include "args.h"
#include "check_listen.h"
#include "cli.h"
#include "genl.h"
#include "json_util.h"
#include "number.h"
#include "output.h"
#include "probe.h"
#include "signals.h"

#define N(array) (sizeof(array) / sizeof((array)[0]))

#define TIMEOUT_DEFAULT 5
#define TIMEOUT_MAX 60

/* More retransmissions than without a mark that are no accident. */
#define RETRANSMITS_MORE 4

/* The registry's "default" in both. */
#define EXPERIMENT 1
#define ACTIVITY 1

/* The kinds of marks. */
static const struct kind {
	const char *name;
	uint32_t mark; /* 0: none */
	int layout;
} kinds[] = {
	{ "plain", 0, FLOW_LAYOUT_DEFAULT },
	{ "label", SCITAG_MARK_LABEL, FLOW_LAYOUT_DEFAULT },
	{ "hbh", SCITAG_MARK_HBH, FLOW_LAYOUT_DEFAULT },
	{ "do", SCITAG_MARK_DO, SCITAG_LAYOUT_SAFE },
	{ "hbh+do", SCITAG_MARK_HBH | SCITAG_MARK_DO, SCITAG_LAYOUT_SAFE },
	{ "do-8", SCITAG_MARK_DO, SCITAG_LAYOUT_IDS },
};

/* What came of one. */
struct outcome {
	uint32_t mark; /* of its kind */
	struct probe_result probe;
	bool has_flow; /* as the kernel had one that it counted for */
	struct flow_state flow;
};

enum verdict {
	OK,
	NOT_MARKED,
	STRIPPED,
	SLOW,
	STALLED,
	NOTHING_ARRIVES,
	NO_CONNECTION,
};

static const char *const verdicts[] = {
	[OK] = "ok",
	[NOT_MARKED] = "not-marked",
	[STRIPPED] = "stripped",
	[SLOW] = "slow",
	[STALLED] = "stalled",
	[NOTHING_ARRIVES] = "nothing-arrives",
	[NO_CONNECTION] = "no-connection",
};

/* Did it arrive without its mark? Only our own far end tells. */
static bool is_stripped(const struct outcome *outcome)
{
	const struct probe_result *probe = &outcome->probe;

	if (!probe->answered || !outcome->has_flow)
		return false;
	if (outcome->mark & SCITAG_MARK_LABEL &&
	    probe->label != outcome->flow.label)
		return true;
	return outcome->mark & ~SCITAG_MARK_LABEL & ~probe->headers;
}

/* plain is what the path does without marks. */
static enum verdict judge(const struct outcome *outcome,
			  const struct outcome *plain)
{
	const struct probe_result *probe = &outcome->probe;

	if (probe->end == PROBE_NO_CONNECTION)
		return NO_CONNECTION;
	if (!probe->acked && plain->probe.acked)
		return NOTHING_ARRIVES;
	/* Some services end what they do not understand. */
	if (probe->end == PROBE_TIMEOUT ||
	    (probe->end == PROBE_RESET && plain->probe.end == PROBE_DONE))
		return probe->acked ? STALLED : NOTHING_ARRIVES;
	if (probe->answered && probe->arrived < PROBE_OCTETS)
		return STALLED;
	if (outcome->has_flow && !outcome->flow.marked)
		return NOT_MARKED;
	if (is_stripped(outcome))
		return STRIPPED;
	if (probe->retransmits >= plain->probe.retransmits + RETRANSMITS_MORE)
		return SLOW;
	return OK;
}

static void explain(char *buf, size_t size, enum verdict verdict,
		    const struct probe_result *probe)
{
	switch (verdict) {
	case OK:
		snprintf(buf, size, "ok");
		break;
	case NOT_MARKED:
		snprintf(buf, size, "not marked: scitag stats says why");
		break;
	case STRIPPED:
		snprintf(buf, size, "arrives without the mark");
		break;
	case SLOW:
		snprintf(buf, size, "slow (%ju retransmissions)",
			 (uintmax_t)probe->retransmits);
		break;
	case STALLED:
		snprintf(buf, size, "stalls (%ju of %d octets arrive)",
			 (uintmax_t)(probe->answered ? probe->arrived :
						       probe->acked),
			 PROBE_OCTETS);
		break;
	case NOTHING_ARRIVES:
		snprintf(buf, size, "nothing arrives");
		break;
	case NO_CONNECTION:
		snprintf(buf, size, "no connection (%s)",
			 probe->error ? strerror(probe->error) : "no answer");
		break;
	}
}

static const struct output_field fields[] = {
	{ .heading = "KIND", .key = "kind" },
	{ .heading = "RESULT", .key = "text" },
	{ .heading = "MS", .key = "time", .right = true },
	{ .heading = "ACKED", .key = "acked", .right = true },
	{ .heading = "RETRANSMITS", .key = "retransmits", .right = true },
	{ .heading = "MSS", .key = "snd-mss", .right = true },
	{ .heading = "PMTU", .key = "pmtu", .right = true },
	{ .heading = "PACKETS", .key = "packets", .right = true },
	{ .heading = "MARKED", .key = "marked", .right = true },
};

static void add_number(struct json_object *object, const char *key, bool there,
		       uint64_t value)
{
	json_object_object_add(object, key, there ? json_new_u64(value) : NULL);
}

static struct json_object *outcome_json(const struct kind *kind,
					const struct outcome *outcome,
					enum verdict verdict)
{
	const struct probe_result *probe = &outcome->probe;
	struct json_object *object = json_object_new_object();
	bool connected = probe->end != PROBE_NO_CONNECTION;
	char text[128], headers[FLOW_MARK_TEXT_MAX];

	if (!object)
		return NULL;
	explain(text, sizeof(text), verdict, probe);
	json_object_object_add(object, "kind",
			       json_object_new_string(kind->name));
	json_object_object_add(object, "result",
			       json_object_new_string(verdicts[verdict]));
	json_object_object_add(object, "text", json_object_new_string(text));
	add_number(object, "time", connected, probe->time_ms);
	add_number(object, "acked", connected, probe->acked);
	add_number(object, "arrived", probe->answered, probe->arrived);
	add_number(object, "arrived-label", probe->answered, probe->label);
	json_object_object_add(object, "arrived-headers",
			       probe->answered ?
				       json_object_new_string(
					       flow_mark_format(probe->headers,
								headers)) :
				       NULL);
	add_number(object, "retransmits", connected, probe->retransmits);
	add_number(object, "snd-mss", connected, probe->mss);
	add_number(object, "pmtu", connected, probe->pmtu);
	add_number(object, "packets", outcome->has_flow, outcome->flow.packets);
	add_number(object, "marked", outcome->has_flow, outcome->flow.marked);
	return object;
}

/*
 * The flow ends by itself should this process be killed: nothing of a check
 * stays.
 */
static int add_flow(struct cli *cli, const struct kind *kind,
		    const struct flow_key *key, unsigned int timeout)
{
	struct flow_spec spec = {
		.key = *key,
		.experiment = EXPERIMENT,
		.activity = ACTIVITY,
		.mark = kind->mark,
		.layout = kind->layout,
		.option_type = FLOW_OPTION_TYPE_DEFAULT,
		.hard_timeout = 2 * timeout + 10,
	};
	size_t bad;

	return cli_genl_status(cli, genl_flow_add(cli->genl, &spec, 1, &bad));
}

/* One transfer in the namespace's table, and out again whatever it does. */
static int run_marked(struct cli *cli, const struct kind *kind,
		      struct probe *probe, const struct request *request,
		      int stop, struct outcome *outcome)
{
	const struct flow_key *key = &request->spec.key;
	int status, ret;

	status = add_flow(cli, kind, key, request->count);
	if (status)
		return status;
	ret = probe_run(probe, request->count * 1000, stop, &outcome->probe);
	outcome->has_flow = !genl_flow_get(cli->genl, key, &outcome->flow);
	genl_flow_del(cli->genl, key);
	if (ret)
		return cli_fail(cli, CLI_REFUSED, "interrupted");
	return CLI_OK;
}

static int run_kind(struct cli *cli, const struct kind *kind,
		    const struct request *request, int stop,
		    struct outcome *outcome)
{
	struct request copy = *request;
	struct probe *probe;
	int status = CLI_OK;
	int ret;

	memset(outcome, 0, sizeof(*outcome));
	outcome->mark = kind->mark;
	ret = probe_new(&probe, &copy.spec.key);
	if (ret) {
		/* No route, or one that refuses: as good as no connection. */
		outcome->probe.error = -ret;
		return CLI_OK;
	}
	if (kind->mark)
		status = run_marked(cli, kind, probe, &copy, stop, outcome);
	else if (probe_run(probe, request->count * 1000, stop, &outcome->probe))
		status = cli_fail(cli, CLI_REFUSED, "interrupted");
	probe_free(probe);
	return status;
}

/* " hbh do-8" of those that are not ok. */
static void note_failure(char *failed, size_t size, const struct kind *kind)
{
	size_t len = strlen(failed);

	snprintf(failed + len, size - len, "%s%s", len ? ", " : "", kind->name);
}

static int check_kinds(struct cli *cli, const struct request *request, int stop)
{
	struct outcome outcomes[N(kinds)];
	enum verdict verdict;
	char failed[64] = "";
	size_t i, n;
	int status;

	/* Without a connection there is nothing to compare with. */
	for (n = 0; n < N(kinds); n++) {
		status = run_kind(cli, &kinds[n], request, stop, &outcomes[n]);
		if (status)
			return status;
		if (judge(&outcomes[0], &outcomes[0]) >= STALLED) {
			n++;
			break;
		}
	}
	output_list_begin(cli->out, fields, N(fields));
	for (i = 0; i < n; i++) {
		verdict = judge(&outcomes[i], &outcomes[0]);
		output_list_add(cli->out,
				outcome_json(&kinds[i], &outcomes[i], verdict));
		if (verdict != OK)
			note_failure(failed, sizeof(failed), &kinds[i]);
	}
	output_list_end(cli->out);
	if (!failed[0])
		return CLI_OK;
	if (n < N(kinds))
		return cli_fail(
			cli, CLI_REFUSED,
			"the far end cannot be reached even without a mark");
	return cli_fail(cli, CLI_REFUSED, "not ok: %s", failed);
}

/* What rules make of the connection without a mark is not asked for here. */
static void warn_of_rules(struct cli *cli)
{
	struct genl_status status;

	if (!genl_status_get(cli->genl, &status) && status.rules)
		fprintf(cli->err,
			"warning: %u rules are in force: they may mark what is called plain\n",
			status.rules);
}

static int run_check(struct cli *cli, const struct request *request)
{
	int status, stop;

	if (request->list)
		return check_listen(cli, request->spec.key.dport);
	status = cli_connect(cli);
	if (status)
		return status;
	warn_of_rules(cli);
	stop = signals_open();
	if (stop < 0)
		return cli_fail(cli, CLI_REFUSED, "signals: %s",
				strerror(-stop));
	status = check_kinds(cli, request, stop);
	close(stop);
	return status;
}

static int parse_port(struct cli *cli, const char *text, uint16_t *port)
{
	if (text && port_parse(port, text) == 0)
		return CLI_OK;
	return cli_fail(cli, CLI_USAGE, "\"%s\" is not a port (1..65535)",
			text ? text : "");
}

/* ADDRESS, or [ADDRESS]:PORT. */
static int parse_target(struct cli *cli, const char *text, struct flow_key *key)
{
	const char *end = text[0] == '[' ? strchr(text, ']') : NULL;
	char address[ADDR_TEXT_MAX + 2];
	size_t len = end ? (size_t)(end + 1 - text) : strlen(text);

	snprintf(address, sizeof(address), "%.*s", (int)len, text);
	if (len >= sizeof(address) || addr_parse(&key->dst, address) ||
	    (text[len] && text[len] != ':'))
		return cli_fail(
			cli, CLI_USAGE,
			"\"%s\" is not an IPv6 address, or [ADDRESS]:PORT",
			text);
	if (key->dst.family != AF_INET6)
		return cli_fail(cli, CLI_USAGE,
				"%s: IPv4 packets carry no marks", text);
	return text[len] ? parse_port(cli, text + len + 1, &key->dport) :
			   CLI_OK;
}

static int parse_timeout(struct cli *cli, const char *text, uint64_t *timeout)
{
	if (text && !decimal_parse(timeout, text, TIMEOUT_MAX) && *timeout)
		return CLI_OK;
	return cli_fail(cli, CLI_USAGE,
			"--timeout: write a number of seconds (1..%d)",
			TIMEOUT_MAX);
}

static int parse_word(struct cli *cli, struct args *args,
		      struct request *request)
{
	struct flow_key *key = &request->spec.key;
	const char *word = args_take(args);

	if (strcmp(word, "--listen") == 0) {
		request->list = true;
		return parse_port(cli, args_take(args), &key->dport);
	}
	if (strcmp(word, "--port") == 0)
		return parse_port(cli, args_take(args), &key->dport);
	if (strcmp(word, "--timeout") == 0)
		return parse_timeout(cli, args_take(args), &request->count);
	if (word[0] == '-' || key->dst.family)
		return cli_fail(cli, CLI_USAGE, "what is \"%s\"?", word);
	return parse_target(cli, word, key);
}

static int parse_check(struct cli *cli, struct args *args,
		       struct request *request)
{
	struct flow_key *key = &request->spec.key;
	int status = CLI_OK;

	request->count = TIMEOUT_DEFAULT;
	while (!status && args_peek(args))
		status = parse_word(cli, args, request);
	if (status)
		return status;
	if (request->list && key->dst.family)
		return cli_fail(cli, CLI_USAGE,
				"--listen takes no address beside it");
	if (!request->list && !key->dst.family)
		return cli_fail(
			cli, CLI_USAGE,
			"check what? write the address of the far end, or --listen PORT");
	if (!key->dport)
		return cli_fail(
			cli, CLI_USAGE,
			"which port? write --port PORT, of something that listens there");
	return CLI_OK;
}

const struct command cmd_check[] = {
	{ "check", NULL, parse_check, run_check, false, NULL },
	{ .group = NULL },
};
