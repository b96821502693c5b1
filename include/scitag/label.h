/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The SciTags flow label: experiment and activity in 15 of the 20 bits of an
 * IPv6 flow label, entropy in the other five.
 *
 *   19 18 | 17 ............... 9 | 8 | 7 ...... 2 | 1 0
 *    E  E |  experiment, reversed | E |  activity  | E E
 *
 * Source: draft-cc-v6ops-wlcg-flow-label-marking-03, section 4.
 * Labels are in host byte order throughout this file.
 */
#ifndef _SCITAG_LABEL_H
#define _SCITAG_LABEL_H

#include <linux/types.h>

#define SCITAG_LABEL_MASK		0xfffff	/* RFC 8200, section 3 */
#define SCITAG_LABEL_TAG_MASK		0x3fefc
#define SCITAG_LABEL_ENTROPY_MASK	0xc0103

/* Largest ids that fit into a label: 9 and 6 bits. */
#define SCITAG_LABEL_EXPERIMENT_MAX	511
#define SCITAG_LABEL_ACTIVITY_MAX	63

/* The 16-bit number that applications pass as "scitag.flow". */
#define SCITAG_FLOW_MIN			65
#define SCITAG_FLOW_MAX			65535

/**
 * scitag_rev9 - reverse the nine low bits
 * @v: value of at most 9 bits
 *
 * Return: bit 8 of @v in bit 0, bit 7 in bit 1, and so on.
 */
static inline __u32 scitag_rev9(__u32 v)
{
	__u32 r = 0;
	int i;

	for (i = 0; i < 9; i++)
		r |= ((v >> i) & 1) << (8 - i);
	return r;
}

/**
 * scitag_label_fits - can a label carry these ids?
 * @experiment: experiment id
 * @activity: activity id
 *
 * Return: 1 if both fit, 0 if not.
 */
static inline int scitag_label_fits(__u32 experiment, __u32 activity)
{
	return experiment <= SCITAG_LABEL_EXPERIMENT_MAX &&
	       activity <= SCITAG_LABEL_ACTIVITY_MAX;
}

/**
 * scitag_label_encode - the flow label of an experiment and activity
 * @experiment: 0..511; check with scitag_label_fits() first
 * @activity: 0..63
 * @entropy: any number; only the bits of SCITAG_LABEL_ENTROPY_MASK are used
 *
 * Return: a label of 20 bits.
 */
static inline __u32 scitag_label_encode(__u32 experiment, __u32 activity,
					__u32 entropy)
{
	return (scitag_rev9(experiment) << 9) | (activity << 2) |
	       (entropy & SCITAG_LABEL_ENTROPY_MASK);
}

/**
 * scitag_label_experiment - the experiment id in a flow label
 * @label: a label of 20 bits, whatever its entropy
 *
 * Return: 0..511.
 */
static inline __u32 scitag_label_experiment(__u32 label)
{
	return scitag_rev9((label >> 9) & 0x1ff);
}

/**
 * scitag_label_activity - the activity id in a flow label
 * @label: a label of 20 bits, whatever its entropy
 *
 * Return: 0..63.
 */
static inline __u32 scitag_label_activity(__u32 label)
{
	return (label >> 2) & 0x3f;
}

#endif /* _SCITAG_LABEL_H */
