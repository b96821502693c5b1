// SPDX-License-Identifier: GPL-2.0
/*
 * Configurations of flowd and flowd-go. What comes of them is a configuration
 * of ours.
 */
#include "config.h"
#include "file.h"
#include "fuzz.h"
#include "import.h"

static struct fuzz_file input, imported;

/* What has no equivalent, or is wrong: a few of each. */
static void on_remark(void *data, const char *text)
{
	unsigned int *n_remarks = data;

	require(text[0]);
	(*n_remarks)++;
}

static void on_error(void *data, const char *text)
{
	(void)data;
	fprintf(stderr, "%s\n", text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned int n_remarks = 0;
	struct config *config;
	char *text;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	int ret;

	require(out);
	ret = import_file(fuzz_file_set(&input, data, size), out, on_remark,
			  &n_remarks);
	fclose(out);
	if (ret) {
		require(n_remarks);
	} else {
		require(!config_load(&config,
				     fuzz_file_set(&imported, text, len),
				     on_error, NULL));
		config_free(config);
	}
	free(text);
	return 0;
}
