// SPDX-License-Identifier: GPL-2.0
/*
 * Flow labels and extension headers, which the module writes with the same
 * code. The options of a header are walked as RFC 8200, section 4.2, says.
 */
#include <string.h>

#include <scitag/label.h>
#include <scitag/option.h>

#include "fuzz.h"

/* What the octets choose. */
struct choice {
	uint32_t experiment;
	uint32_t activity;
	uint32_t entropy;
	uint8_t layout;
	uint8_t type;
	uint8_t nexthdr;
};

static uint32_t check_label(const struct choice *c)
{
	uint32_t experiment = c->experiment % (SCITAG_LABEL_EXPERIMENT_MAX + 1);
	uint32_t activity = c->activity % (SCITAG_LABEL_ACTIVITY_MAX + 1);
	uint32_t label;

	require(scitag_label_fits(experiment, activity));
	label = scitag_label_encode(experiment, activity, c->entropy);
	require(!(label & ~SCITAG_LABEL_MASK));
	require(scitag_label_experiment(label) == experiment);
	require(scitag_label_activity(label) == activity);
	require((label & SCITAG_LABEL_ENTROPY_MASK) ==
		(c->entropy & SCITAG_LABEL_ENTROPY_MASK));
	/* Of whatever label there is on the wire. */
	require(scitag_label_experiment(c->entropy & SCITAG_LABEL_MASK) <=
		SCITAG_LABEL_EXPERIMENT_MAX);
	return label;
}

static void check_header(const struct choice *c, uint32_t label)
{
	const struct scitag_option option = {
		.layout = c->layout,
		.type = c->type,
		.experiment = c->experiment,
		.activity = c->activity,
		.label = label,
	};
	uint8_t header[SCITAG_OPTION_HEADER_MAX];
	unsigned int len, at, n_options = 0;

	memset(header, 0xa5, sizeof(header));
	len = scitag_option_header(header, c->nexthdr, &option);
	require(len == (header[1] + 1) * 8u && len <= sizeof(header));
	require(header[0] == c->nexthdr);
	require(header[2] == c->type);
	for (at = 2; at < len; at += header[at] ? header[at + 1] + 2u : 1) {
		if (header[at])
			n_options++;
		require(!header[at] || at + 1 < len);
	}
	require(at == len && n_options);
	for (; at < sizeof(header); at++)
		require(header[at] == 0xa5);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct choice choice;

	if (size < sizeof(choice))
		return 0;
	memcpy(&choice, data, sizeof(choice));
	/* The module lets no other type come so far. */
	if (scitag_option_type_ok(choice.type))
		check_header(&choice, check_label(&choice));
	return 0;
}
