/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Marks of the packets that a TCP socket receives.
 */
#ifndef SCITAG_SEEN_H
#define SCITAG_SEEN_H

#include <stdint.h>

struct seen {
	uint32_t label; /* 20 bits */
	uint32_t headers; /* SCITAG_MARK_HBH and SCITAG_MARK_DO */
};

/*
 * Have a listener's connections keep what came with their packets. Best
 * effort: if it fails, there is nothing to be seen.
 */
void seen_ask(int listener);

/* What came with the latest packet that had something. */
struct seen seen_read(int fd);

#endif /* SCITAG_SEEN_H */
