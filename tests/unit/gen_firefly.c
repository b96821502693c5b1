// SPDX-License-Identifier: GPL-2.0
/*
 * Writes fireflies of all kinds, one per line with the name of its enrichment
 * in front, for test_firefly_schema.py:
 *
 *   gen_firefly COUNT SEED
 *
 * Every choice and every number is drawn; extremes are drawn often.
 */
#include <linux/inet_diag.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "firefly.h"
#include "snapshot.h"
#include "timestamp.h"

static unsigned int draw(unsigned int n)
{
	return rand() % n;
}

static uint64_t draw_number(uint64_t max)
{
	uint64_t number = ((uint64_t)rand() << 42) ^ ((uint64_t)rand() << 21) ^
			  (uint64_t)rand();

	switch (draw(4)) {
	case 0:
		return 0;
	case 1:
		return max;
	default:
		return max == UINT64_MAX ? number : number % (max + 1);
	}
}

static void draw_addr(struct addr *addr, sa_family_t family)
{
	size_t i;

	memset(addr, 0, sizeof(*addr));
	addr->family = family;
	for (i = 0; i < (family == AF_INET6 ? 16 : 4); i++)
		addr->octets[i] = draw(3) ? draw(256) : 0;
}

static void draw_key(struct flow_key *key)
{
	sa_family_t family = draw(2) ? AF_INET6 : AF_INET;

	memset(key, 0, sizeof(*key));
	draw_addr(&key->src, family);
	draw_addr(&key->dst, family);
	key->sport = 1 + draw_number(65534);
	key->dport = 1 + draw_number(65534);
	key->protocol = draw(2) ? IPPROTO_TCP : IPPROTO_UDP;
}

/* Anything at all, of any length that fits, valid UTF-8 or not. */
static void draw_application(char *text)
{
	static const char *const pieces[] = {
		"xrdcp", " ",	     "/5.5.3",	     "\"",
		"\\",	 "\n",	     "\t",	     "\x01",
		"\x7f",	 "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x9a\x80",
		"\xff",	 "\xc0\x80", "\xed\xa0\x80", "<>&'{}[]",
	};
	const size_t n_pieces = sizeof(pieces) / sizeof(pieces[0]);
	unsigned int n = draw(40);
	size_t len = 0;

	for (text[0] = '\0'; n; n--) {
		const char *piece = pieces[draw(n_pieces)];

		if (len + strlen(piece) >= FIREFLY_APPLICATION_MAX)
			break;
		strcpy(text + len, piece);
		len += strlen(piece);
	}
}

/* Every number of tcp_info is drawn, or the same as its neighbours. */
static void draw_snapshot(struct snapshot *s)
{
	static const uint32_t kinds[] = { 0, INET_DIAG_VEGASINFO,
					  INET_DIAG_DCTCPINFO,
					  INET_DIAG_BBRINFO };
	unsigned char *octets = (unsigned char *)s;
	size_t i;

	for (i = 0; i < sizeof(*s); i++)
		octets[i] = draw_number(255);
	s->has_tcp = draw(4);
	s->tcp_info_len = draw(4) ? sizeof(s->tcp_info) :
				    draw(sizeof(s->tcp_info) + 1);
	for (i = 0; i < SNAPSHOT_CONG_MAX - 1; i++)
		if (!s->cong[i])
			break;
	s->cong[i] = '\0';
	s->cong_kind = kinds[draw(4)];
	s->meminfo_len = draw(SNAPSHOT_MEMINFO_MAX + 1);
}

static void draw_firefly(struct firefly *f, struct snapshot *snapshot)
{
	struct flow_key key;

	draw_key(&key);
	firefly_init(f, draw(3), &key);
	f->has_ids = true;
	f->experiment = draw_number(65535);
	f->activity = draw_number(255);
	if (draw(2))
		f->start_us = draw_number(TIMESTAMP_LATEST);
	if (draw(2))
		f->current_us = draw_number(TIMESTAMP_LATEST);
	if (draw(2))
		f->end_us = draw_number(TIMESTAMP_LATEST);
	if (draw(2))
		f->sent = draw_number(INT64_MAX);
	if (draw(2))
		f->received = draw_number(INT64_MAX);
	if (draw(2))
		f->rtt_us = draw_number(INT64_MAX);
	f->enrichment = draw(4);
	draw_snapshot(snapshot);
	if (draw(2))
		f->snapshot = snapshot;
	if (draw(2))
		draw_application(f->application);
}

int main(int argc, char **argv)
{
	static const char *const hosts[] = { "host.example.org", "my_host.a b",
					     "", "2001:db8::1" };
	static const char *const modes[] = { "lean", "compatible", "full",
					     "none" };
	char longest[FIREFLY_HOSTNAME_MAX], buf[FIREFLY_MAX + 1];
	struct snapshot snapshot;
	struct firefly f;
	int i, len;

	if (argc != 3)
		return 2;
	srand(atoi(argv[2]));
	memset(longest, 'h', sizeof(longest) - 1);
	/* What is longer than 63 between dots is no host's name. */
	for (i = 63; i < FIREFLY_HOSTNAME_MAX - 1; i += 64)
		longest[i] = '.';
	longest[sizeof(longest) - 1] = '\0';
	for (i = 0; i < atoi(argv[1]); i++) {
		draw_firefly(&f, &snapshot);
		len = firefly_format(buf, &f,
				     draw(5) ? hosts[draw(4)] : longest,
				     "scitagd", draw_number(TIMESTAMP_LATEST));
		if (len < 0 || strlen(buf) != (size_t)len)
			return 1;
		printf("%s %s\n", modes[f.enrichment], buf);
	}
	return 0;
}
