// SPDX-License-Identifier: GPL-2.0
/*
 * What `scitag record` has written, and the script for gnuplot that becomes of
 * it, which must do nothing but plot.
 */
#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "fuzz.h"
#include "plot.h"
#include "recording.h"

/* All that a line of a script may begin with, besides numbers. */
static const char *const words[] = { "set ",   "if (",	"plot ",
				     "unset ", "$flow", "END" };

static bool is_known(const char *line)
{
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (!strncmp(line, words[i], strlen(words[i])))
			return true;
	return isdigit((unsigned char)line[0]) || line[0] == '-';
}

/* No text from outside gets out of its quotes. */
static void check_script(char *script)
{
	unsigned int n_quotes;
	char *line, *rest, *c;

	for (line = strtok_r(script, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest)) {
		require(is_known(line));
		require(!strchr(line, '`'));
		require(!strchr(line, '\\'));
		for (c = line, n_quotes = 0; *c; c++)
			n_quotes += *c == '\'';
		require(n_quotes % 2 == 0);
	}
}

static void plot(const struct recording *recording, bool svg)
{
	char *script;
	size_t len;
	FILE *file = open_memstream(&script, &len);

	require(file);
	require(!plot_script(file, recording, svg));
	fclose(file);
	require(strlen(script) == len);
	check_script(script);
	free(script);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char error[RECORDING_ERROR_MAX] = "";
	struct recording recording;
	FILE *file;
	int ret;

	if (!size)
		return 0;
	file = fmemopen((void *)data, size, "r");
	require(file);
	ret = recording_read(&recording, file, 0, error);
	fclose(file);
	require(!ret == !error[0]);
	/* As many as the command lets through. */
	if (!ret && recording.n_flows && recording.n_flows <= PLOT_FLOWS_MAX) {
		plot(&recording, true);
		plot(&recording, false);
	}
	recording_exit(&recording);
	return 0;
}
