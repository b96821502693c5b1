/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Files of which each line is a command or a rule.
 */
#ifndef SCITAG_LINES_H
#define SCITAG_LINES_H

#include <stddef.h>

struct args;
struct cli;

/* Parse the words of a line that has some. Returns one of enum cli_status. */
typedef int (*lines_cb)(struct cli *cli, struct args *args, unsigned int number,
			void *data);

/*
 * Call cb for all lines of text, which has len octets and a NUL behind them
 * and is changed. Mistakes are reported to cli->err as NAME:LINE: text, the
 * first ones of them, and so are warnings in cli->advice. Returns the status
 * of the first mistake, CLI_OK if there was none.
 */
int lines_parse(struct cli *cli, const char *name, char *text, size_t len,
		lines_cb cb, void *data);

/*
 * Read a whole file, "-" being the standard input, into new memory with a NUL
 * behind it. Returns one of enum cli_status.
 */
int lines_read(struct cli *cli, const char *path, char **text, size_t *len);

#endif /* SCITAG_LINES_H */
