// SPDX-License-Identifier: GPL-2.0
#include "admit.h"

#include <errno.h>
#include <stdio.h>

#include "config.h"
#include "firefly.h"
#include "ids.h"

static int check_ids(const struct config *config, const struct firefly *said,
		     char error[static FLOWS_ERROR_MAX])
{
	struct ids max = ids_max(config);

	if (said->experiment <= max.experiment &&
	    said->activity <= max.activity)
		return 0;
	snprintf(error, FLOWS_ERROR_MAX,
		 "experiment %u, activity %u: not within 0..%u and 0..%u, "
		 "which is what %s can carry",
		 said->experiment, said->activity, max.experiment, max.activity,
		 max.label ? "a flow label" : "the option");
	return -ERANGE;
}

static int check_address(const struct addr *addr,
			 char error[static FLOWS_ERROR_MAX])
{
	char text[ADDR_TEXT_MAX];

	if (!addr_is_multicast(addr) && !addr_is_unspecified(addr))
		return 0;
	snprintf(error, FLOWS_ERROR_MAX, "%s is no host's address",
		 addr_format(addr, text));
	return -EINVAL;
}

/* May this 5-tuple be a flow of this host? Sets its side. */
static int check_key(struct local *local, const struct flow_key *key,
		     enum local_side *side, char error[static FLOWS_ERROR_MAX])
{
	struct flow_key reverse = flow_key_reverse(key);
	char text[FLOW_KEY_TEXT_MAX];

	if (check_address(&key->src, error) || check_address(&key->dst, error))
		return -EINVAL;
	if (flow_key_equal(key, &reverse)) {
		snprintf(error, FLOWS_ERROR_MAX, "both ends are the same");
		return -EINVAL;
	}
	*side = local_side(local, key);
	if (*side == LOCAL_NONE) {
		snprintf(error, FLOWS_ERROR_MAX,
			 "%s: neither address is this host's",
			 flow_key_text(key, text));
		return -EADDRNOTAVAIL;
	}
	return 0;
}

int admit(const struct config *config, struct local *local,
	  const struct firefly *said, enum local_side *side,
	  char error[static FLOWS_ERROR_MAX])
{
	int ret = check_ids(config, said, error);

	return ret ? ret : check_key(local, &said->key, side, error);
}
