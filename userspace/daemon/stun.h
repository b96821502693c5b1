/* SPDX-License-Identifier: GPL-2.0 */
/*
 * STUN messages (RFC 8489): the Binding request, and what comes back.
 *
 * Pure: nothing here does input or output.
 */
#ifndef SCITAGD_STUN_H
#define SCITAGD_STUN_H

#include <stddef.h>
#include <stdint.h>

#include "addr.h"

#define STUN_PORT 3478
#define STUN_REQUEST_LEN 20
#define STUN_ID_LEN 12

/* Write a request; id is its transaction ID, drawn at random. */
void stun_request(uint8_t buf[static STUN_REQUEST_LEN],
		  const uint8_t id[static STUN_ID_LEN]);

/*
 * Read a response to it: where the request came from, as the server saw it
 * (XOR-MAPPED-ADDRESS). Returns 0; -EBADMSG if this is no response to that
 * request, which goes on; or -EPROTO if it is one that says nothing of it, and
 * the request has failed. *addr and *port are unchanged then.
 */
int stun_response(struct addr *addr, uint16_t *port, const uint8_t *data,
		  size_t len, const uint8_t id[static STUN_ID_LEN]);

#endif /* SCITAGD_STUN_H */
