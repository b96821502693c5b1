// SPDX-License-Identifier: GPL-2.0
/*
 * A target without libFuzzer: calls it with the files and with all the files
 * of the directories that are named.
 */
#include <dirent.h>
#include <stdbool.h>
#include <string.h>

#include "fuzz.h"

/* Larger ones are cut; there are none. */
#define INPUT_MAX (1 << 20)

static unsigned long n_inputs;

static bool replay_file(const char *path)
{
	FILE *file = fopen(path, "re");
	uint8_t *all, *data;
	size_t size;

	if (!file)
		return false;
	all = malloc(INPUT_MAX);
	require(all);
	size = fread(all, 1, INPUT_MAX, file);
	fclose(file);
	/* No octet more than there is, for the address sanitizer. */
	data = malloc(size ? size : 1);
	require(data);
	memcpy(data, all, size);
	free(all);
	LLVMFuzzerTestOneInput(data, size);
	free(data);
	n_inputs++;
	return true;
}

static bool replay_directory(const char *path)
{
	const struct dirent *entry;
	DIR *directory = opendir(path);
	char name[4096];
	bool ok = true;

	if (!directory)
		return false;
	while (ok && (entry = readdir(directory))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
		ok = replay_file(name);
		if (!ok)
			perror(name);
	}
	closedir(directory);
	return ok;
}

int main(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++) {
		if (replay_directory(argv[i]) || replay_file(argv[i]))
			continue;
		perror(argv[i]);
		return EXIT_FAILURE;
	}
	printf("%lu inputs\n", n_inputs);
	return n_inputs ? EXIT_SUCCESS : EXIT_FAILURE;
}
