/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The options of the section fireflies.
 */
#ifndef SCITAGD_OPTION_FIREFLIES_H
#define SCITAGD_OPTION_FIREFLIES_H

struct option_group;

extern const struct option_group option_fireflies;

#endif /* SCITAGD_OPTION_FIREFLIES_H */
