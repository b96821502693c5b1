// SPDX-License-Identifier: GPL-2.0
#include "snapshot_json.h"

#include <json-c/json.h>
#include <linux/inet_diag.h>
#include <linux/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "json_util.h"
#include "number.h"
#include "tcp_json.h"

/* Percent that the kernel takes where none are given. */
#define FACTOR_DEFAULT 200

/* By SK_MEMINFO_*, with what `ss -m` calls them. */
static const struct {
	const char *key;
	const char *brief;
} meminfos[SNAPSHOT_MEMINFO_MAX] = {
	{ "rmem_alloc", "r" }, { "rcvbuf", "rb" },   { "wmem_alloc", "t" },
	{ "sndbuf", "tb" },    { "fwd_alloc", "f" }, { "wmem_queued", "w" },
	{ "optmem", "o" },     { "backlog", "bl" },  { "drops", "d" },
};

static void add_u64(struct json_object *object, const char *key, uint64_t v)
{
	json_object_object_add(object, key, json_new_u64(v));
}

static void add_text(struct json_object *object, const char *key,
		     const char *text)
{
	json_object_object_add(object, key, json_object_new_string(text));
}

static struct json_object *trigger_array(uint32_t trigger)
{
	struct json_object *array = json_object_new_array();
	char buf[SNAPSHOT_TRIGGER_TEXT_MAX];
	char *name, *rest = buf;

	if (!array || !trigger)
		return array;
	snapshot_trigger_format(trigger, buf);
	while ((name = strsep(&rest, ",")))
		json_object_array_add(array, json_object_new_string(name));
	return array;
}

void snapshot_json_add_spec(struct json_object *object,
			    const struct flow_spec *spec)
{
	add_u64(object, "snapshot-interval", spec->snapshot_interval);
	json_object_object_add(object, "snapshot-on",
			       trigger_array(spec->snapshot_on));
	json_object_object_add(object, "snapshot-factor",
			       spec->snapshot_factor ?
				       json_new_u64(spec->snapshot_factor) :
				       NULL);
}

static void add_vegas(struct json_object *info, const struct snapshot *snapshot)
{
	add_u64(info, "enabled", snapshot->cong_info.vegas.enabled);
	add_u64(info, "rttcnt", snapshot->cong_info.vegas.rttcnt);
	add_u64(info, "rtt", snapshot->cong_info.vegas.rtt_us);
	add_u64(info, "minrtt", snapshot->cong_info.vegas.minrtt_us);
}

static void add_dctcp(struct json_object *info, const struct snapshot *snapshot)
{
	add_u64(info, "enabled", snapshot->cong_info.dctcp.enabled);
	add_u64(info, "ce_state", snapshot->cong_info.dctcp.ce_state);
	add_u64(info, "alpha", snapshot->cong_info.dctcp.alpha);
	add_u64(info, "ab_ecn", snapshot->cong_info.dctcp.ab_ecn);
	add_u64(info, "ab_tot", snapshot->cong_info.dctcp.ab_tot);
}

static void add_bbr(struct json_object *info, const struct snapshot *snapshot)
{
	add_u64(info, "bw", snapshot->cong_info.bbr.bw);
	add_u64(info, "min_rtt", snapshot->cong_info.bbr.min_rtt_us);
	add_u64(info, "pacing_gain", snapshot->cong_info.bbr.pacing_gain);
	add_u64(info, "cwnd_gain", snapshot->cong_info.bbr.cwnd_gain);
}

/* {"bbr": {...}} */
static void add_cong_info(struct json_object *object,
			  const struct snapshot *snapshot)
{
	struct json_object *outer = json_object_new_object();
	struct json_object *info = json_object_new_object();
	const char *name = "vegas";

	json_object_object_add(object, "cong-info", outer);
	if (!outer || !info) {
		json_object_put(info);
		return;
	}
	if (snapshot->cong_kind == INET_DIAG_BBRINFO) {
		name = "bbr";
		add_bbr(info, snapshot);
	} else if (snapshot->cong_kind == INET_DIAG_DCTCPINFO) {
		name = "dctcp";
		add_dctcp(info, snapshot);
	} else {
		add_vegas(info, snapshot);
	}
	json_object_object_add(outer, name, info);
}

static void add_socket(struct json_object *object,
		       const struct snapshot *snapshot)
{
	struct json_object *meminfo;
	size_t i;

	add_text(object, "state", tcp_state_name(snapshot->state));
	if (snapshot->closed_from)
		add_text(object, "closed-from",
			 tcp_state_name(snapshot->closed_from));
	json_object_object_add(object, "tcp-info",
			       tcp_json_all(&snapshot->tcp_info,
					    snapshot->tcp_info_len));
	if (snapshot->cong[0])
		add_text(object, "cong", snapshot->cong);
	if (snapshot->cong_kind)
		add_cong_info(object, snapshot);
	meminfo = snapshot->meminfo_len ? json_object_new_object() : NULL;
	if (!meminfo)
		return;
	for (i = 0; i < snapshot->meminfo_len; i++)
		add_u64(meminfo, meminfos[i].key, snapshot->meminfo[i]);
	json_object_object_add(object, "meminfo", meminfo);
}

struct json_object *snapshot_json_new(const struct snapshot *snapshot)
{
	struct json_object *object = json_object_new_object();

	if (!object)
		return NULL;
	add_u64(object, "flow-id", snapshot->flow_id);
	json_object_object_add(object, "trigger",
			       trigger_array(snapshot->trigger));
	add_u64(object, "time", snapshot->time_ns);
	add_u64(object, "age", snapshot->age_ns);
	add_u64(object, "packets", snapshot->packets);
	add_u64(object, "bytes", snapshot->bytes);
	add_u64(object, "marked", snapshot->marked);
	if (snapshot->has_tcp)
		add_socket(object, snapshot);
	return object;
}

/* The value of key; NULL if it is null or not there, or object is NULL. */
static struct json_object *get(struct json_object *object, const char *key)
{
	struct json_object *value = NULL;

	if (object)
		json_object_object_get_ex(object, key, &value);
	return value;
}

static void put(char buf[static OUTPUT_TEXT_MAX], const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Append to buf. */
static void put(char buf[static OUTPUT_TEXT_MAX], const char *format, ...)
{
	size_t len = strlen(buf);
	va_list args;

	va_start(args, format);
	vsnprintf(buf + len, OUTPUT_TEXT_MAX - len, format, args);
	va_end(args);
}

static void join(char buf[static OUTPUT_TEXT_MAX], struct json_object *array)
{
	size_t n = array ? json_object_array_length(array) : 0;
	size_t i;

	for (i = 0; i < n; i++)
		put(buf, "%s%s", i ? "," : "",
		    json_object_get_string(
			    json_object_array_get_idx(array, i)));
}

void snapshot_text_interval(char buf[static OUTPUT_TEXT_MAX],
			    struct json_object *object)
{
	uint64_t ms = json_object_get_int64(get(object, "snapshot-interval"));
	char text[DURATION_TEXT_MAX];

	if (ms)
		put(buf, "%s", duration_format(ms, text));
}

void snapshot_text_on(char buf[static OUTPUT_TEXT_MAX],
		      struct json_object *object)
{
	join(buf, get(object, "snapshot-on"));
}

void snapshot_text_factor(char buf[static OUTPUT_TEXT_MAX],
			  struct json_object *object)
{
	int factor = json_object_get_int(get(object, "snapshot-factor"));
	char on[OUTPUT_TEXT_MAX] = "";

	/* The kernel may tell of it where it is of no use. */
	snapshot_text_on(on, object);
	if (factor && factor != FACTOR_DEFAULT &&
	    (strstr(on, "rtt") || strstr(on, "cwnd")))
		put(buf, "%d", factor);
}

void snapshot_text_trigger(char buf[static OUTPUT_TEXT_MAX],
			   struct json_object *object)
{
	join(buf, get(object, "trigger"));
}

/* A number of tcp-info. Returns false if the kernel did not send it. */
static bool tcp_number(struct json_object *snapshot, const char *key,
		       double *number)
{
	struct json_object *value = get(get(snapshot, "tcp-info"), key);

	*number = json_object_get_double(value);
	return value;
}

void snapshot_text_rtt(char buf[static OUTPUT_TEXT_MAX],
		       struct json_object *object)
{
	double rtt, rttvar;

	if (tcp_number(object, "rtt", &rtt) &&
	    tcp_number(object, "rttvar", &rttvar))
		put(buf, "%.3f/%.3f ms", rtt / 1000, rttvar / 1000);
}

static void put_count(char buf[static OUTPUT_TEXT_MAX],
		      struct json_object *object, const char *key)
{
	double number;

	if (tcp_number(object, key, &number))
		put(buf, "%.0f", number);
}

void snapshot_text_cwnd(char buf[static OUTPUT_TEXT_MAX],
			struct json_object *object)
{
	put_count(buf, object, "snd_cwnd");
}

void snapshot_text_pmtu(char buf[static OUTPUT_TEXT_MAX],
			struct json_object *object)
{
	put_count(buf, object, "pmtu");
}

void snapshot_text_retransmits(char buf[static OUTPUT_TEXT_MAX],
			       struct json_object *object)
{
	put_count(buf, object, "total_retrans");
}

void snapshot_text_acked(char buf[static OUTPUT_TEXT_MAX],
			 struct json_object *object)
{
	put_count(buf, object, "bytes_acked");
}

void snapshot_text_received(char buf[static OUTPUT_TEXT_MAX],
			    struct json_object *object)
{
	put_count(buf, object, "bytes_received");
}

void snapshot_text_rate(char buf[static OUTPUT_TEXT_MAX],
			struct json_object *object)
{
	double rate;

	if (tcp_number(object, "delivery_rate", &rate))
		put(buf, "%.3f Mbit/s", rate / 125000);
}

void snapshot_text_state(char buf[static OUTPUT_TEXT_MAX],
			 struct json_object *object)
{
	const char *state;

	state = json_object_get_string(get(get(object, "snapshot"), "state"));
	put(buf, "%s", state ? state : "");
}

/* What a field is called by ss, and in which unit it is shown. */
struct word {
	const char *key;
	const char *before;
	double divisor;
	const char *after;
};

static const struct word words[] = {
	{ "backoff", "backoff:", 1, "" },
	{ "rcv_mss", "rcvmss:", 1, "" },
	{ "advmss", "advmss:", 1, "" },
	{ "snd_cwnd", "cwnd:", 1, "" },
	{ "bytes_sent", "bytes_sent:", 1, "" },
	{ "bytes_retrans", "bytes_retrans:", 1, "" },
	{ "bytes_acked", "bytes_acked:", 1, "" },
	{ "bytes_received", "bytes_received:", 1, "" },
	{ "segs_out", "segs_out:", 1, "" },
	{ "segs_in", "segs_in:", 1, "" },
	{ "data_segs_out", "data_segs_out:", 1, "" },
	{ "data_segs_in", "data_segs_in:", 1, "" },
	{ "last_data_sent", "lastsnd:", 1, "" },
	{ "last_data_recv", "lastrcv:", 1, "" },
	{ "last_ack_recv", "lastack:", 1, "" },
	{ "pacing_rate", "pacing_rate ", 0.125, "bps" },
	{ "delivery_rate", "delivery_rate ", 0.125, "bps" },
	{ "delivered", "delivered:", 1, "" },
	{ "delivered_ce", "delivered_ce:", 1, "" },
	{ "busy_time", "busy:", 1000, "ms" },
	{ "rwnd_limited", "rwnd_limited:", 1000, "ms" },
	{ "sndbuf_limited", "sndbuf_limited:", 1000, "ms" },
	{ "unacked", "unacked:", 1, "" },
	{ "total_retrans", "retrans:", 1, "" },
	{ "lost", "lost:", 1, "" },
	{ "sacked", "sacked:", 1, "" },
	{ "dsack_dups", "dsack_dups:", 1, "" },
	{ "reord_seen", "reord_seen:", 1, "" },
	{ "rcv_rtt", "rcv_rtt:", 1000, "" },
	{ "rcv_space", "rcv_space:", 1, "" },
	{ "rcv_ssthresh", "rcv_ssthresh:", 1, "" },
	{ "notsent_bytes", "notsent:", 1, "" },
	{ "min_rtt", "minrtt:", 1000, "" },
	{ "rcv_ooopack", "rcv_ooopack:", 1, "" },
	{ "snd_wnd", "snd_wnd:", 1, "" },
	{ "rcv_wnd", "rcv_wnd:", 1, "" },
	{ "rehash", "rehash:", 1, "" },
};

/* A word for a number above 0. */
static void put_word(char buf[static OUTPUT_TEXT_MAX],
		     struct json_object *snapshot, const struct word *word)
{
	double number;

	if (!tcp_number(snapshot, word->key, &number) || number == 0)
		return;
	put(buf, " %s%.15g%s", word->before, number / word->divisor,
	    word->after);
}

static void put_options(char buf[static OUTPUT_TEXT_MAX],
			struct json_object *snapshot)
{
	static const struct {
		unsigned int bit;
		const char *name;
	} options[] = {
		{ TCPI_OPT_TIMESTAMPS, "ts" },
		{ TCPI_OPT_SACK, "sack" },
		{ TCPI_OPT_ECN, "ecn" },
		{ TCPI_OPT_ECN_SEEN, "ecnseen" },
		{ TCPI_OPT_SYN_DATA, "fastopen" },
	};
	double set;
	size_t i;

	if (!tcp_number(snapshot, "options", &set))
		return;
	for (i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		if ((unsigned int)set & options[i].bit)
			put(buf, "%s ", options[i].name);
}

/* Two numbers that ss joins. */
static void put_pair(char buf[static OUTPUT_TEXT_MAX],
		     struct json_object *snapshot, const char *before,
		     const char *first, const char *second, double divisor,
		     char separator)
{
	double a, b;

	if (tcp_number(snapshot, first, &a) &&
	    tcp_number(snapshot, second, &b) && (a != 0 || b != 0))
		put(buf, " %s:%.15g%c%.15g", before, a / divisor, separator,
		    b / divisor);
}

/* At first what ss has at first. */
static void put_times(char buf[static OUTPUT_TEXT_MAX],
		      struct json_object *snapshot)
{
	static const struct word more[] = {
		{ "rto", "rto:", 1000, "" },
		{ "ato", "ato:", 1000, "" },
		{ "snd_mss", "mss:", 1, "" },
		{ "pmtu", "pmtu:", 1, "" },
	};

	put_pair(buf, snapshot, "wscale", "snd_wscale", "rcv_wscale", 1, ',');
	put_word(buf, snapshot, &more[0]);
	put_pair(buf, snapshot, "rtt", "rtt", "rttvar", 1000, '/');
	put_word(buf, snapshot, &more[1]);
	put_word(buf, snapshot, &more[2]);
	put_word(buf, snapshot, &more[3]);
}

void snapshot_text_tcp(char buf[static OUTPUT_TEXT_MAX],
		       struct json_object *object)
{
	struct json_object *snapshot = get(object, "snapshot");
	const char *cong = json_object_get_string(get(snapshot, "cong"));
	double number;
	size_t i;

	if (!get(snapshot, "tcp-info"))
		return;
	put_options(buf, snapshot);
	put(buf, "%s", cong ? cong : "");
	put_times(buf, snapshot);
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		put_word(buf, snapshot, &words[i]);
		/* As long as it is above that, there was no loss. */
		if (strcmp(words[i].key, "snd_cwnd") == 0 &&
		    tcp_number(snapshot, "snd_ssthresh", &number) &&
		    number < 0xffff)
			put(buf, " ssthresh:%.0f", number);
	}
	if (tcp_number(snapshot, "delivery_rate_app_limited", &number) &&
	    number != 0)
		put(buf, " app_limited");
}

static double info_number(struct json_object *info, const char *key)
{
	return json_object_get_double(get(info, key));
}

void snapshot_text_cong(char buf[static OUTPUT_TEXT_MAX],
			struct json_object *object)
{
	struct json_object *outer = get(get(object, "snapshot"), "cong-info");
	struct json_object *info;

	info = get(outer, "dctcp");
	if (info && info_number(info, "enabled") == 0)
		put(buf, "dctcp:fallback_mode");
	else if (info)
		put(buf,
		    "dctcp:(ce_state:%.0f,alpha:%.0f,ab_ecn:%.0f,ab_tot:%.0f)",
		    info_number(info, "ce_state"), info_number(info, "alpha"),
		    info_number(info, "ab_ecn"), info_number(info, "ab_tot"));
	info = get(outer, "bbr");
	if (info)
		put(buf, "bbr:(bw:%.0fbps,mrtt:%g,pacing_gain:%g,cwnd_gain:%g)",
		    info_number(info, "bw") * 8,
		    info_number(info, "min_rtt") / 1000,
		    info_number(info, "pacing_gain") / 256,
		    info_number(info, "cwnd_gain") / 256);
	info = get(outer, "vegas");
	if (info)
		put(buf, "vegas:(rttcnt:%.0f,rtt:%g,minrtt:%g)",
		    info_number(info, "rttcnt"),
		    info_number(info, "rtt") / 1000,
		    info_number(info, "minrtt") / 1000);
}

void snapshot_text_memory(char buf[static OUTPUT_TEXT_MAX],
			  struct json_object *object)
{
	struct json_object *meminfo = get(get(object, "snapshot"), "meminfo");
	size_t i;

	if (!meminfo)
		return;
	for (i = 0; i < SNAPSHOT_MEMINFO_MAX; i++)
		if (get(meminfo, meminfos[i].key))
			put(buf, "%s%s%.0f", i ? "," : "skmem:(",
			    meminfos[i].brief,
			    info_number(meminfo, meminfos[i].key));
	put(buf, ")");
}
