/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A recording as a script for gnuplot.
 */
#ifndef SCITAG_PLOT_H
#define SCITAG_PLOT_H

#include <stdbool.h>
#include <stdio.h>

struct recording;

/* More flows than that can't be told apart. */
#define PLOT_FLOWS_MAX 8

/*
 * Write the script to file: a panel for each quantity of which there are
 * values, all over the same time. The picture goes to gnuplot's standard
 * output. Returns 0 or -errno of writing.
 */
int plot_script(FILE *file, const struct recording *recording, bool svg);

#endif /* SCITAG_PLOT_H */
