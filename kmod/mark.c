// SPDX-License-Identifier: GPL-2.0
#include "mark.h"

#include <scitag/label.h>
#include <scitag/option.h>
#include <uapi/linux/scitag.h>

#include <linux/hashtable.h>
#include <linux/jhash.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <net/ipv6.h>

/*
 * One for each way of marking that is in use: tens, rarely hundreds. All
 * namespaces share them, and who has one of his own may make very many.
 */
static DEFINE_HASHTABLE(marks, 12);
static DEFINE_SPINLOCK(marks_lock); /* of changes to marks */
static u32 marks_secret __ro_after_init; /* where in it they are */

/* Write one extension header; returns what follows it. */
static u8 *mark_header(struct scitag_mark *mark, u8 *hdr, u8 nexthdr,
		       const struct scitag_option *opt, u8 *label_at)
{
	if (opt->layout == SCITAG_LAYOUT_LABEL ||
	    opt->layout == SCITAG_LAYOUT_LABEL4)
		*label_at = hdr - mark->headers + SCITAG_OPTION_DATA;
	return hdr + scitag_option_header(hdr, nexthdr, opt);
}

static void mark_init(struct scitag_mark *mark,
		      const struct scitag_mark_spec *spec)
{
	struct scitag_option opt = {
		.layout = spec->layout,
		.type = spec->option_type,
		.experiment = spec->experiment,
		.activity = spec->activity,
		/* Garbage if the ids do not fit; then nothing uses it. */
		.label = scitag_label_encode(spec->experiment, spec->activity,
					     0) & SCITAG_LABEL_MASK,
	};
	bool destination = spec->flags & SCITAG_MARK_DO;
	u8 *hdr = mark->headers;

	BUILD_BUG_ON(SCITAG_MARK_HEADERS_MAX < 8 + SCITAG_OPTION_HEADER_MAX);

	mark->spec = *spec;
	mark->label = opt.label;
	if (spec->entropy != SCITAG_ENTROPY_NONE)
		mark->entropy_mask = SCITAG_LABEL_ENTROPY_MASK;
	mark->first = NEXTHDR_DEST;

	if (spec->flags & SCITAG_MARK_HBH) {
		/* Forwarders parse this one: it needs no shim. */
		if (opt.layout == SCITAG_LAYOUT_SAFE)
			opt.layout = SCITAG_LAYOUT_IDS;
		hdr = mark_header(mark, hdr, destination ? NEXTHDR_DEST :
							   spec->protocol,
				  &opt, &mark->label_at[0]);
		opt.layout = spec->layout;
		mark->first = NEXTHDR_HOP;
	}
	if (destination)
		hdr = mark_header(mark, hdr, spec->protocol, &opt,
				  &mark->label_at[1]);
	mark->headers_len = hdr - mark->headers;
}

static u32 mark_hash(const struct scitag_mark_spec *spec)
{
	BUILD_BUG_ON(sizeof(*spec) != 12);
	return jhash2((const u32 *)spec, sizeof(*spec) / sizeof(u32),
		      marks_secret);
}

/* Find a mark and take a reference; the lock is held. */
static struct scitag_mark *mark_find(const struct scitag_mark_spec *spec)
{
	struct scitag_mark *mark;

	hash_for_each_possible(marks, mark, node, mark_hash(spec))
		if (!memcmp(&mark->spec, spec, sizeof(*spec)) &&
		    refcount_inc_not_zero(&mark->refs))
			return mark;
	return NULL;
}

struct scitag_mark *scitag_mark_get(const struct scitag_mark_spec *spec)
{
	struct scitag_mark *mark, *new;

	spin_lock_bh(&marks_lock);
	mark = mark_find(spec);
	spin_unlock_bh(&marks_lock);
	if (mark)
		return mark;

	new = kzalloc(sizeof(*new), GFP_KERNEL_ACCOUNT);
	if (!new)
		return NULL;
	refcount_set(&new->refs, 1);
	mark_init(new, spec);

	/* Another one may have made the same in the meantime. */
	spin_lock_bh(&marks_lock);
	mark = mark_find(spec);
	if (!mark)
		hash_add(marks, &new->node, mark_hash(spec));
	spin_unlock_bh(&marks_lock);
	if (!mark)
		return new;
	kfree(new);
	return mark;
}

void scitag_mark_put(struct scitag_mark *mark)
{
	if (!mark || !refcount_dec_and_test(&mark->refs))
		return;
	spin_lock_bh(&marks_lock);
	hash_del(&mark->node);
	spin_unlock_bh(&marks_lock);
	kfree_rcu(mark, rcu);
}

void __init scitag_mark_init(void)
{
	get_random_bytes(&marks_secret, sizeof(marks_secret));
}
