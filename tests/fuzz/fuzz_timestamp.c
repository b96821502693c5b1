// SPDX-License-Identifier: GPL-2.0
/*
 * Points in time as text, there and back.
 */
#include "text.h"
#include "timestamp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);
	char printed[TIMESTAMP_TEXT_MAX];
	int64_t us, again;

	if (!timestamp_parse(&us, text)) {
		require(us >= 0 && us <= TIMESTAMP_LATEST);
		timestamp_format(us, printed);
		require(!timestamp_parse(&again, printed));
		require(again == us);
	}
	free(text);
	return 0;
}
