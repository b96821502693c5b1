// SPDX-License-Identifier: GPL-2.0
#include "ids.h"

#include <scitag/label.h>
#include <uapi/linux/scitag.h>

#include "config.h"

/* Ids of the layouts ids and safe: 16 and 8 bits. */
#define OPTION_EXPERIMENT_MAX 65535
#define OPTION_ACTIVITY_MAX 255

struct ids ids_max(const struct config *config)
{
	bool label =
		config->marks & SCITAG_MARK_LABEL ||
		(config->marks && (config->layout == SCITAG_LAYOUT_LABEL ||
				   config->layout == SCITAG_LAYOUT_LABEL4));

	return (struct ids){
		.experiment = label ? SCITAG_LABEL_EXPERIMENT_MAX :
				      OPTION_EXPERIMENT_MAX,
		.activity = label ? SCITAG_LABEL_ACTIVITY_MAX :
				    OPTION_ACTIVITY_MAX,
		.label = label,
	};
}
