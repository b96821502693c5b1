/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which of the flows that sources announce are taken.
 */
#ifndef SCITAGD_ADMIT_H
#define SCITAGD_ADMIT_H

#include "flows.h"
#include "local.h"

struct config;
struct firefly;

/*
 * May it be a flow of this host, and is there room for its ids in what is
 * configured? Sets its side. Returns 0; or, with a text in error, -ERANGE,
 * -EINVAL or -EADDRNOTAVAIL as flows_start() does.
 */
int admit(const struct config *config, struct local *local,
	  const struct firefly *said, enum local_side *side,
	  char error[static FLOWS_ERROR_MAX]);

#endif /* SCITAGD_ADMIT_H */
