// SPDX-License-Identifier: GPL-2.0
/*
 * Datagrams: header and JSON. What is understood can be sent on, and says the
 * same then.
 */
#include <string.h>

#include "firefly.h"
#include "fuzz.h"
#include "timestamp.h"

#define NOW_US INT64_C(1767323045678901)

static void check_time(int64_t us)
{
	require(us == FIREFLY_UNKNOWN || (us >= 0 && us <= TIMESTAMP_LATEST));
}

/* Sent on with a header of ours, and read again. */
static void relay(struct firefly *f, const struct firefly_sender *sender)
{
	char hostname[FIREFLY_HOSTNAME_MAX], error[FIREFLY_ERROR_MAX];
	char out[FIREFLY_MAX + 1];
	struct firefly_sender again_sender;
	struct firefly again;
	int len;

	firefly_hostname(hostname, sender->hostname);
	require(hostname[0]);
	len = firefly_format(out, f, hostname, "scitagd", NOW_US);
	if (len < 0) {
		require(!f->has_ids);
		return;
	}
	require(len <= FIREFLY_MAX && (size_t)len == strlen(out));
	require(!strchr(out, '\n'));
	require(!firefly_parse(&again, &again_sender, out, len, error));
	require(!strcmp(again_sender.hostname, hostname));
	require(!strcmp(again_sender.app_name, "scitagd"));
	require(again.state == f->state);
	require(flow_key_equal(&again.key, &f->key));
	require(again.experiment == f->experiment);
	require(again.activity == f->activity);
	require(f->start_us < 0 || again.start_us == f->start_us);
	require(f->sent < 0 || again.sent == f->sent);
	require(f->received < 0 || again.received == f->received);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char error[FIREFLY_ERROR_MAX] = "";
	struct firefly_sender sender;
	struct firefly f;

	if (firefly_parse(&f, &sender, (const char *)data, size, error)) {
		require(error[0]);
		return 0;
	}
	require(!error[0]);
	require(f.has_ids || f.state != FIREFLY_START);
	check_time(f.start_us);
	check_time(f.end_us);
	check_time(f.current_us);
	relay(&f, &sender);
	return 0;
}
