/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The SciTags option of an IPv6 Hop-by-Hop or Destination Options header.
 *
 *   octet 0 next header | 1 hdr ext len | 2 option type | 3 option length
 *   4.. data | padding to a multiple of 8 octets     (RFC 8200, section 4.2)
 *
 * Layouts are those of enum scitag_layout; where each comes from is said in
 * docs/netlink/scitag.yaml.
 */
#ifndef _SCITAG_OPTION_H
#define _SCITAG_OPTION_H

#include <linux/types.h>
#include <uapi/linux/scitag.h>

/* Option types of RFC 4727, section 3.3; both "skip if unknown". */
#define SCITAG_OPTION_TYPE		0x1e
#define SCITAG_OPTION_TYPE_LABEL4	0x1f
#define SCITAG_OPTION_TYPE_SHIM		0x3e

/* Where the data of the option are in a header. */
#define SCITAG_OPTION_DATA		4

/* Longest header that scitag_option_header() writes. */
#define SCITAG_OPTION_HEADER_MAX	16

/**
 * struct scitag_option - what an option says and how
 * @layout: enum scitag_layout
 * @type: option type
 * @experiment: 16 bits
 * @activity: 8 bits
 * @label: 20 bits, host byte order; read by the label layouts only
 */
struct scitag_option {
	__u8 layout;
	__u8 type;
	__u16 experiment;
	__u8 activity;
	__u32 label;
};

/**
 * scitag_option_default_type - the option type that a layout came with
 * @layout: enum scitag_layout
 *
 * Return: 0x1f for the oldest layout, 0x1e for all others.
 */
static inline __u8 scitag_option_default_type(__u8 layout)
{
	return layout == SCITAG_LAYOUT_LABEL4 ? SCITAG_OPTION_TYPE_LABEL4 :
						SCITAG_OPTION_TYPE;
}

/**
 * scitag_option_type_ok - may this number be used as option type?
 * @type: an option type
 *
 * Only numbers whose three high bits are 0 (skip if unknown, no change en
 * route: RFC 8200, section 4.2) will do, and none that IANA has given to
 * something else ("Destination Options and Hop-by-Hop Options" registry):
 * a router would act on it, and some drop what they then find malformed.
 *
 * Return: 1 if it may, 0 if not.
 */
static inline int scitag_option_type_ok(__u8 type)
{
	switch (type) {
	case 0x00: /* Pad1 */
	case 0x01: /* PadN */
	case 0x04: /* tunnel encapsulation limit */
	case 0x05: /* router alert */
	case 0x07: /* CALIPSO */
	case 0x08: /* SMF_DPD */
	case 0x0f: /* performance and diagnostic metrics */
	case 0x11: /* IOAM */
	case 0x12: /* alternate marking */
		return 0;
	}
	return type < 0x20;
}

/**
 * scitag_option_header - write one extension header that holds the option
 * @hdr: room for SCITAG_OPTION_HEADER_MAX octets
 * @nexthdr: protocol number of what follows
 * @opt: the option; SCITAG_LAYOUT_SAFE is for Destination Options, and is
 *       written here with its shim
 *
 * Return: length of the header, 8 or 16 octets.
 */
static inline unsigned int
scitag_option_header(__u8 *hdr, __u8 nexthdr, const struct scitag_option *opt)
{
	hdr[0] = nexthdr;
	hdr[1] = 0;
	hdr[2] = opt->type;
	hdr[7] = 0; /* Pad1; or the last data octet of label4 */

	switch (opt->layout) {
	case SCITAG_LAYOUT_LABEL:
	case SCITAG_LAYOUT_LABEL4:
		hdr[3] = opt->layout == SCITAG_LAYOUT_LABEL4 ? 4 : 3;
		hdr[4] = (opt->label >> 16) & 0x0f;
		hdr[5] = (opt->label >> 8) & 0xff;
		hdr[6] = opt->label & 0xff;
		return 8;
	default:
		hdr[3] = 3;
		hdr[4] = opt->experiment >> 8;
		hdr[5] = opt->experiment & 0xff;
		hdr[6] = opt->activity;
	}
	if (opt->layout != SCITAG_LAYOUT_SAFE)
		return 8;

	/*
	 * A second option of 7 data octets in place of Pad1. Octet 12 is where
	 * a forwarder that takes the header for TCP reads the data offset; 8
	 * words keep it out of trouble (docs/architecture.md, "Layout safe").
	 */
	hdr[1] = 1;
	hdr[7] = SCITAG_OPTION_TYPE_SHIM;
	hdr[8] = 7;
	hdr[9] = 0;
	hdr[10] = 0;
	hdr[11] = 0;
	hdr[12] = 0x80;
	hdr[13] = 0;
	hdr[14] = 0;
	hdr[15] = 0;
	return 16;
}

#endif /* _SCITAG_OPTION_H */
