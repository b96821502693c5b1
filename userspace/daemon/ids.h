/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which experiments and activities can be marked as it is configured.
 */
#ifndef SCITAGD_IDS_H
#define SCITAGD_IDS_H

#include <stdbool.h>
#include <stdint.h>

struct config;

/* The largest ones for which all that is to be marked has room. */
struct ids {
	uint32_t experiment;
	uint32_t activity;
	bool label; /* is it a flow label that has no more? */
};
struct ids ids_max(const struct config *config);

#endif /* SCITAGD_IDS_H */
