/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Commands from a file, one in each line.
 */
#ifndef SCITAG_BATCH_H
#define SCITAG_BATCH_H

#include <stddef.h>

#include "command.h"

struct cli;

struct batch_line {
	unsigned int number;
	struct request request;
};

struct batch {
	const char *name; /* of the file, for messages */
	struct batch_line *lines;
	size_t n;
	size_t size;
};

/*
 * Parse all lines of text, which has len octets and a NUL behind them and is
 * changed, and used until batch_exit(). Mistakes are reported to cli->err as
 * NAME:LINE: text, the first ones of them. Returns the status of the first
 * mistake, CLI_OK if there was none.
 */
int batch_parse(struct batch *batch, struct cli *cli, char *text, size_t len);

/*
 * Carry out all commands, those that add flows (or replace) and follow each
 * other in messages of up to GENL_BATCH_MAX. Ends with the first that is
 * refused, which is reported; returns its status.
 */
int batch_run(const struct batch *batch, struct cli *cli);

void batch_exit(struct batch *batch);

/* Read, parse and carry out a file; "-" is the standard input. */
int batch_file(struct cli *cli, const char *path);

#endif /* SCITAG_BATCH_H */
