/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Commands: parsed first, carried out later. Parsing sends nothing, so that a
 * batch can be checked as a whole.
 */
#ifndef SCITAG_COMMAND_H
#define SCITAG_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flow.h"
#include "tag.h"
#include "top.h"

struct args;
struct cli;
struct command;

/* What parsing a command gives. Each command uses some of it. */
struct request {
	const struct command *command;
	struct flow_spec spec; /* a flow, or its key alone */
	uint32_t id; /* a flow, if not 0 */
	struct tag tag;
	const char *path; /* of a file, or of a socket */
	bool list;
	const char *url; /* of registry update */
	const char *cacert; /* NULL: those of the system */
	bool insecure;
	bool force;
	struct top_options top;
	bool no_daemon; /* of status: leave it out */
	bool snapshot; /* with snapshots */
	const char *output; /* path of a file to write */
	uint64_t count; /* how many at most; of check and registry: seconds */
};

/* Most of the functions return one of enum cli_status: see cli.h. */
struct command {
	const char *group; /* first word */
	const char *name; /* second word; NULL if there is none */
	int (*parse)(struct cli *cli, struct args *args,
		     struct request *request);
	int (*run)(struct cli *cli, const struct request *request);
	bool in_batch; /* may stand in a batch */
	/* Carry out many at once; *bad is the refused one, or n. Or NULL. */
	int (*run_many)(struct cli *cli, const struct flow_spec *specs,
			size_t n, size_t *bad);
};

/* Parse a whole command; anything left over is an error, too. */
int command_parse(struct cli *cli, struct args *args, struct request *request);

/* For parse functions of commands that take no words. */
int command_parse_none(struct cli *cli, struct args *args,
		       struct request *request);

/* One table for each file; each ends with a NULL as group. */
extern const struct command cmd_check[];
extern const struct command cmd_flow[];
extern const struct command cmd_monitor[];
extern const struct command cmd_plot[];
extern const struct command cmd_record[];
extern const struct command cmd_registry[];
extern const struct command cmd_rule[];
extern const struct command cmd_stats[];
extern const struct command cmd_status[];
extern const struct command cmd_tag[];
extern const struct command cmd_top[];

#endif /* SCITAG_COMMAND_H */
