/* SPDX-License-Identifier: GPL-2.0 */
/*
 * SIGINT and SIGTERM as something to poll for.
 */
#ifndef SCITAG_SIGNALS_H
#define SCITAG_SIGNALS_H

/*
 * From now on neither ends the process. Returns a descriptor, which is readable
 * once one has come, or -errno.
 */
int signals_open(void);

#endif /* SCITAG_SIGNALS_H */
