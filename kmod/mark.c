// SPDX-License-Identifier: GPL-2.0
#include "mark.h"

#include <scitag/label.h>
#include <scitag/option.h>
#include <uapi/linux/scitag.h>

#include <linux/ipv6.h>
#include <linux/skbuff.h>
#include <linux/string.h>
#include <net/ipv6.h>

void scitag_mark_init(struct scitag_mark *mark,
		      const struct scitag_mark_spec *spec, u8 protocol,
		      u32 entropy)
{
	struct scitag_option opt = {
		.layout = spec->layout,
		.type = spec->option_type,
		.experiment = spec->experiment,
		.activity = spec->activity,
		/* Garbage if the ids do not fit; then nothing uses it. */
		.label = scitag_label_encode(spec->experiment, spec->activity,
					     entropy) & SCITAG_LABEL_MASK,
	};
	bool destination = spec->flags & SCITAG_MARK_DO;
	u8 *hdr = mark->headers;

	BUILD_BUG_ON(SCITAG_MARK_HEADERS_MAX < 8 + SCITAG_OPTION_HEADER_MAX);

	mark->spec = *spec;
	mark->label = cpu_to_be32(opt.label);
	mark->first = NEXTHDR_DEST;

	if (spec->flags & SCITAG_MARK_HBH) {
		/* Forwarders parse this one: it needs no shim. */
		if (opt.layout == SCITAG_LAYOUT_SAFE)
			opt.layout = SCITAG_LAYOUT_IDS;
		hdr += scitag_option_header(hdr, destination ? NEXTHDR_DEST :
							       protocol, &opt);
		opt.layout = spec->layout;
		mark->first = NEXTHDR_HOP;
	}
	if (destination)
		hdr += scitag_option_header(hdr, protocol, &opt);
	mark->headers_len = hdr - mark->headers;
}

int scitag_mark_label(struct sk_buff *skb, const struct scitag_mark *mark)
{
	const __be32 label_mask = cpu_to_be32(SCITAG_LABEL_MASK);
	unsigned int end = skb_network_offset(skb) + sizeof(struct ipv6hdr);
	__be32 *word = (__be32 *)skb_network_header(skb);

	if ((*word & label_mask) == mark->label)
		return 0;
	if (skb_ensure_writable(skb, end))
		return -ENOMEM;
	word = (__be32 *)skb_network_header(skb);
	*word = (*word & ~label_mask) | mark->label;
	return 0;
}
