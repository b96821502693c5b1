/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The screen of scitag top: what is drawn, and what keys do.
 */
#ifndef SCITAG_TOPSCREEN_H
#define SCITAG_TOPSCREEN_H

#include <stdbool.h>
#include <stddef.h>

#include "toplist.h"

#define TOPSCREEN_FILTER_MAX 128

struct topscreen;

/* What is to be seen of the flows. */
struct topscreen_view {
	enum toplist_key key;
	bool reverse;
	char filter[TOPSCREEN_FILTER_MAX];
	bool paused;
	bool quit;
	size_t first_row;
	size_t first_column;
	bool typing; /* a filter, which is not in force yet */
	char typed[TOPSCREEN_FILTER_MAX];
};

/*
 * Take over the terminal. Returns 0, -ENOTTY (there is none), -ENOENT (one of a
 * kind that is not known) or -ENOMEM.
 */
int topscreen_open(struct topscreen **out);
void topscreen_close(struct topscreen *screen); /* NULL is fine */

/* error: a text to be shown, or "". Brings the first row in line with the list. */
void topscreen_draw(struct topscreen *screen, struct topscreen_view *view,
		    const struct toplist *list, const char *error);

/* Do what the keys say that were pressed. */
void topscreen_read(struct topscreen *screen, struct topscreen_view *view);

#endif /* SCITAG_TOPSCREEN_H */
