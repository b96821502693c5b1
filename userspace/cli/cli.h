/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What all commands of one run share: where output goes, the registry, the
 * connection to the kernel, and the text of what went wrong.
 *
 * Commands return one of enum cli_status; where it is not CLI_OK, error holds
 * the text, which only main.c and batch.c print.
 */
#ifndef SCITAG_CLI_H
#define SCITAG_CLI_H

#include <stdbool.h>
#include <stdio.h>

/* Exit status. */
enum cli_status {
	CLI_OK,
	CLI_REFUSED, /* by the kernel, or a name that is not known */
	CLI_USAGE,
	CLI_NO_MODULE,
};

#define CLI_ERROR_MAX 512

struct genl;
struct output;
struct registry;

struct cli {
	struct output *out;
	FILE *err; /* warnings and errors */
	const char *registry_path; /* NULL: the default ones */
	struct registry *registry;
	bool registry_tried;
	bool registry_bad; /* not just absent */
	char registry_error[CLI_ERROR_MAX]; /* "" if it is there */
	struct genl *genl;
	char error[CLI_ERROR_MAX];
	char warning[CLI_ERROR_MAX]; /* of the kernel; "" if none */
	char advice[CLI_ERROR_MAX]; /* on the command that was parsed */
};

/* err is stderr but in tests. */
int cli_init(struct cli *cli, FILE *out, FILE *err);
void cli_exit(struct cli *cli);

/* Put a text into error. Returns status. */
int cli_fail(struct cli *cli, int status, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * The registry, read at the first call; NULL if there is none. Then
 * registry_error has the reason.
 */
const struct registry *cli_registry(struct cli *cli);

/* Connect to the kernel, once. */
int cli_connect(struct cli *cli);

/*
 * Warn that names are missing in what was printed, if a registry was wanted
 * and is bad. That there is none at all is not worth a word.
 */
void cli_warn_registry(const struct cli *cli);

/* From the return value of a genl function to a status and texts. */
int cli_genl_status(struct cli *cli, int ret);

#endif /* SCITAG_CLI_H */
