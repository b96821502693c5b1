// SPDX-License-Identifier: GPL-2.0
/*
 * The daemon's configuration. What is taken can be printed, and says the same
 * when it is read again.
 */
#include <string.h>

#include "config.h"
#include "file.h"
#include "fuzz.h"

static struct fuzz_file input, printed;

static void on_error(void *data, const char *text)
{
	unsigned int *n_errors = data;

	require(text[0]);
	(*n_errors)++;
}

static char *print(const struct config *config, size_t *len)
{
	char *text;
	FILE *file = open_memstream(&text, len);

	require(file);
	require(!config_print(config, NULL, file));
	fclose(file);
	return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config *config, *again;
	unsigned int n_errors = 0;
	char *text, *text_again;
	size_t len, len_again;

	if (config_load(&config, fuzz_file_set(&input, data, size), on_error,
			&n_errors)) {
		require(n_errors);
		return 0;
	}
	require(!n_errors);
	text = print(config, &len);
	require(!config_load(&again, fuzz_file_set(&printed, text, len),
			     on_error, &n_errors));
	text_again = print(again, &len_again);
	require(len == len_again && !memcmp(text, text_again, len));
	config_free(config);
	config_free(again);
	free(text);
	free(text_again);
	return 0;
}
