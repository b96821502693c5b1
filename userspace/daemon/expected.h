/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Ends that the kernel has yet to tell: of flows that were deleted here. Until
 * then what it tells of them is old.
 */
#ifndef SCITAGD_EXPECTED_H
#define SCITAGD_EXPECTED_H

#include <stdbool.h>

struct flow_key;

struct expected {
	void *by_key; /* as in table.h; in one direction */
};

void expected_clear(struct expected *expected);

/* One more end of this flow. Without memory it is not expected. */
void expected_add(struct expected *expected, const struct flow_key *key);
bool expected_has(const struct expected *expected, const struct flow_key *key);

/* It has come. Returns whether it was expected. */
bool expected_take(struct expected *expected, const struct flow_key *key);

#endif /* SCITAGD_EXPECTED_H */
