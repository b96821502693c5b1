// SPDX-License-Identifier: GPL-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <json-c/json.h>

#include "snapshot_json.h"

static struct snapshot datagrams(void)
{
	return (struct snapshot){
		.flow_id = 17,
		.trigger = 1,
		.time_ns = 1700000000123456789,
		.age_ns = 5000000000,
		.packets = UINT64_MAX,
		.bytes = 1500,
		.marked = 3,
	};
}

static struct snapshot connection(void)
{
	struct snapshot snapshot = datagrams();

	snapshot.has_tcp = true;
	snapshot.state = 1;
	snapshot.tcp_info_len = sizeof(snapshot.tcp_info);
	snapshot.tcp_info.tcpi_state = 1;
	snapshot.tcp_info.tcpi_options = 7;
	snapshot.tcp_info.tcpi_snd_wscale = 7;
	snapshot.tcp_info.tcpi_rcv_wscale = 9;
	snapshot.tcp_info.tcpi_delivery_rate_app_limited = 1;
	snapshot.tcp_info.tcpi_fastopen_client_fail = 2;
	snapshot.tcp_info.tcpi_rto = 204000;
	snapshot.tcp_info.tcpi_rtt = 12345;
	snapshot.tcp_info.tcpi_rttvar = 500;
	snapshot.tcp_info.tcpi_snd_mss = 1428;
	snapshot.tcp_info.tcpi_pmtu = 1500;
	snapshot.tcp_info.tcpi_snd_cwnd = 10;
	snapshot.tcp_info.tcpi_snd_ssthresh = 7;
	snapshot.tcp_info.tcpi_total_retrans = 4;
	snapshot.tcp_info.tcpi_bytes_acked = 5000000000;
	snapshot.tcp_info.tcpi_delivery_rate = 125000000;
	strcpy(snapshot.cong, "cubic");
	return snapshot;
}

static void check_json(const struct snapshot *snapshot, const char *want)
{
	struct json_object *object = snapshot_json_new(snapshot);

	assert_non_null(object);
	assert_string_equal(
		json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN),
		want);
	json_object_put(object);
}

static void test_json(void **state)
{
	struct snapshot snapshot = datagrams();

	(void)state;
	check_json(&snapshot, "{\"flow-id\":17,\"trigger\":[\"interval\"],"
			      "\"time\":1700000000123456789,\"age\":5000000000,"
			      "\"packets\":18446744073709551615,\"bytes\":1500,"
			      "\"marked\":3}");
	/* A kernel that tells of the first eight octets only. */
	snapshot = connection();
	snapshot.trigger = 0;
	snapshot.tcp_info_len = 8;
	snapshot.meminfo_len = 2;
	snapshot.meminfo[1] = 131072;
	check_json(&snapshot,
		   "{\"flow-id\":17,\"trigger\":[],"
		   "\"time\":1700000000123456789,\"age\":5000000000,"
		   "\"packets\":18446744073709551615,\"bytes\":1500,"
		   "\"marked\":3,\"state\":\"established\",\"tcp-info\":{"
		   "\"state\":1,\"ca_state\":0,\"retransmits\":0,"
		   "\"probes\":0,\"backoff\":0,\"options\":7,"
		   "\"snd_wscale\":7,\"rcv_wscale\":9,"
		   "\"delivery_rate_app_limited\":1,"
		   "\"fastopen_client_fail\":2},\"cong\":\"cubic\","
		   "\"meminfo\":{\"rmem_alloc\":0,\"rcvbuf\":131072}}");
}

/*
 * Every octet of struct tcp_info is in one number: with all of them 0xff, none
 * is less than what its size can hold.
 */
static void test_all_fields(void **state)
{
	struct snapshot snapshot = connection();
	struct json_object *object, *tcp;
	size_t octets = 0;

	(void)state;
	memset(&snapshot.tcp_info, 0xff, sizeof(snapshot.tcp_info));
	object = snapshot_json_new(&snapshot);
	assert_true(json_object_object_get_ex(object, "tcp-info", &tcp));
	json_object_object_foreach (tcp, key, value) {
		switch (json_object_get_int64(value)) {
		case 1: /* app limited: with the two bits below, an octet */
		case 15: /* half an octet */
			octets += strcmp(key, "snd_wscale") != 0;
			break;
		case 3:
			break;
		case 255:
			octets += 1;
			break;
		case 65535:
			octets += 2;
			break;
		case 16777215: /* 24 bits */
			octets += 3;
			break;
		case 4294967295:
			octets += 4;
			break;
		default:
			/* All ones in 64 bits is beyond what it can tell. */
			octets += 8;
			break;
		}
	}
	assert_int_equal(octets, sizeof(snapshot.tcp_info));
	json_object_put(object);
}

static void test_cong_info(void **state)
{
	struct snapshot snapshot = connection();
	struct json_object *object;
	const char *text;

	(void)state;
	snapshot.cong_kind = 16;
	snapshot.cong_info.bbr.bw = 1ull << 40;
	snapshot.cong_info.bbr.min_rtt_us = 20000;
	snapshot.cong_info.bbr.pacing_gain = 739;
	snapshot.cong_info.bbr.cwnd_gain = 512;
	object = snapshot_json_new(&snapshot);
	text = json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN);
	assert_non_null(strstr(text,
			       "\"cong-info\":{\"bbr\":{"
			       "\"bw\":1099511627776,\"min_rtt\":20000,"
			       "\"pacing_gain\":739,\"cwnd_gain\":512}}"));
	json_object_put(object);

	memset(&snapshot.cong_info, 0, sizeof(snapshot.cong_info));
	snapshot.cong_kind = 9;
	snapshot.cong_info.dctcp.enabled = 1;
	snapshot.cong_info.dctcp.alpha = 1024;
	object = snapshot_json_new(&snapshot);
	text = json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN);
	assert_non_null(strstr(text, "\"cong-info\":{\"dctcp\":{\"enabled\":1,"
				     "\"ce_state\":0,\"alpha\":1024,"
				     "\"ab_ecn\":0,\"ab_tot\":0}}"));
	json_object_put(object);

	memset(&snapshot.cong_info, 0, sizeof(snapshot.cong_info));
	snapshot.cong_kind = 3;
	snapshot.cong_info.vegas.rtt_us = 77;
	object = snapshot_json_new(&snapshot);
	text = json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN);
	assert_non_null(strstr(text, "\"cong-info\":{\"vegas\":{\"enabled\":0,"
				     "\"rttcnt\":0,\"rtt\":77,"
				     "\"minrtt\":0}}"));
	json_object_put(object);
}

typedef void text_fn(char buf[static OUTPUT_TEXT_MAX],
		     struct json_object *object);

static void check_text(const struct snapshot *snapshot, text_fn *text,
		       const char *want)
{
	struct json_object *object = snapshot_json_new(snapshot);
	char buf[OUTPUT_TEXT_MAX] = "";

	text(buf, object);
	assert_string_equal(buf, want);
	json_object_put(object);
}

/* The same for a text of an object that has it within. */
static void check_within(const struct snapshot *snapshot, text_fn *text,
			 const char *want)
{
	struct json_object *object = json_object_new_object();
	char buf[OUTPUT_TEXT_MAX] = "";

	json_object_object_add(object, "snapshot", snapshot_json_new(snapshot));
	text(buf, object);
	assert_string_equal(buf, want);
	json_object_put(object);
}

static void test_texts(void **state)
{
	struct snapshot snapshot = connection();

	(void)state;
	snapshot.trigger = 33;
	check_text(&snapshot, snapshot_text_trigger, "interval,end");
	check_text(&snapshot, snapshot_text_rtt, "12.345/0.500 ms");
	check_text(&snapshot, snapshot_text_cwnd, "10");
	check_text(&snapshot, snapshot_text_pmtu, "1500");
	check_text(&snapshot, snapshot_text_retransmits, "4");
	check_text(&snapshot, snapshot_text_acked, "5000000000");
	check_text(&snapshot, snapshot_text_received, "0");
	check_text(&snapshot, snapshot_text_rate, "1000.000 Mbit/s");
	/* There may be no socket. */
	snapshot = datagrams();
	check_text(&snapshot, snapshot_text_rtt, "");
	check_text(&snapshot, snapshot_text_cwnd, "");
	check_text(&snapshot, snapshot_text_rate, "");
	check_within(&snapshot, snapshot_text_state, "");
	check_within(&snapshot, snapshot_text_tcp, "");
	check_within(&snapshot, snapshot_text_cong, "");
	check_within(&snapshot, snapshot_text_memory, "");
}

/* As ss prints it. */
static void test_ss(void **state)
{
	struct snapshot snapshot = connection();
	size_t i;

	(void)state;
	check_within(&snapshot, snapshot_text_state, "established");
	check_within(&snapshot, snapshot_text_tcp,
		     "ts sack cubic wscale:7,9 rto:204 rtt:12.345/0.5 "
		     "mss:1428 pmtu:1500 cwnd:10 ssthresh:7 "
		     "bytes_acked:5000000000 delivery_rate 1000000000bps "
		     "retrans:4 app_limited");
	/* Not told, or none yet. */
	snapshot.tcp_info_len = offsetof(struct tcp_info, tcpi_bytes_acked) + 7;
	snapshot.tcp_info.tcpi_snd_ssthresh = 0x7fffffff;
	check_within(&snapshot, snapshot_text_tcp,
		     "ts sack cubic wscale:7,9 rto:204 rtt:12.345/0.5 "
		     "mss:1428 pmtu:1500 cwnd:10 retrans:4 app_limited");

	snapshot.cong_kind = 9;
	check_within(&snapshot, snapshot_text_cong, "dctcp:fallback_mode");
	snapshot.cong_info.dctcp.enabled = 1;
	snapshot.cong_info.dctcp.alpha = 1024;
	snapshot.cong_info.dctcp.ab_ecn = 5;
	check_within(&snapshot, snapshot_text_cong,
		     "dctcp:(ce_state:0,alpha:1024,ab_ecn:5,ab_tot:0)");

	snapshot.meminfo_len = 9;
	for (i = 0; i < 9; i++)
		snapshot.meminfo[i] = i;
	check_within(&snapshot, snapshot_text_memory,
		     "skmem:(r0,rb1,t2,tb3,f4,w5,o6,bl7,d8)");
}

static void test_bbr(void **state)
{
	struct snapshot snapshot = connection();

	(void)state;
	snapshot.cong_kind = 16;
	snapshot.cong_info.bbr.bw = 1250000;
	snapshot.cong_info.bbr.min_rtt_us = 20500;
	snapshot.cong_info.bbr.pacing_gain = 320;
	snapshot.cong_info.bbr.cwnd_gain = 512;
	check_within(&snapshot, snapshot_text_cong,
		     "bbr:(bw:10000000bps,mrtt:20.5,pacing_gain:1.25,"
		     "cwnd_gain:2)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_all_fields),
		cmocka_unit_test(test_cong_info),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_ss),
		cmocka_unit_test(test_bbr),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
