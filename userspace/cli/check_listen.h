/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The far end of scitag check: reads, and answers with how much came,
 * and with which marks.
 */
#ifndef SCITAG_CHECK_LISTEN_H
#define SCITAG_CHECK_LISTEN_H

#include <stdint.h>

struct cli;

/*
 * Listen at a port of all addresses until SIGINT or SIGTERM, and print a line
 * for each connection. Returns one of enum cli_status.
 */
int check_listen(struct cli *cli, uint16_t port);

#endif /* SCITAG_CHECK_LISTEN_H */
