/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Help, each text at most a screen of 24 lines and 80 columns.
 */
#ifndef SCITAG_HELP_H
#define SCITAG_HELP_H

/* The text for a group of commands; the main one for NULL or no group. */
const char *help_text(const char *group);

#endif /* SCITAG_HELP_H */
