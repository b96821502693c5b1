// SPDX-License-Identifier: GPL-2.0
/*
 * Responses of STUN servers. Length and transaction ID are put right first, as
 * nothing else is looked at without them; the first octet says whether.
 */
#include <errno.h>
#include <string.h>

#include "fuzz.h"
#include "stun.h"

#define UNTOUCHED 4711

/* That of RFC 5769, from which the seeds are. */
static const uint8_t id[STUN_ID_LEN] = { 0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34,
					 0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae };

static void put_right(uint8_t *message, size_t len)
{
	static const uint8_t cookie[] = { 0x21, 0x12, 0xa4, 0x42 };

	message[2] = (len - STUN_REQUEST_LEN) >> 8;
	message[3] = (len - STUN_REQUEST_LEN) & 0xff;
	memcpy(message + 4, cookie, sizeof(cookie));
	memcpy(message + 8, id, sizeof(id));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct addr addr = { .family = UNTOUCHED };
	uint16_t port = UNTOUCHED;
	uint8_t *message;
	size_t len;
	int ret;

	if (!size)
		return 0;
	len = size - 1;
	message = malloc(len ? len : 1);
	require(message);
	memcpy(message, data + 1, len);
	if (data[0] && len >= STUN_REQUEST_LEN)
		put_right(message, len);
	ret = stun_response(&addr, &port, message, len, id);
	if (ret) {
		require(ret == -EBADMSG || ret == -EPROTO);
		require(addr.family == UNTOUCHED && port == UNTOUCHED);
	} else {
		require(addr.family == AF_INET || addr.family == AF_INET6);
	}
	free(message);
	return 0;
}
