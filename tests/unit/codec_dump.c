// SPDX-License-Identifier: GPL-2.0
/*
 * Prints what the codecs of include/scitag make of tags, for test_codec.py,
 * which knows from another implementation what it should be.
 *
 *   label EXPERIMENT ACTIVITY ENTROPY LABEL EXPERIMENT ACTIVITY
 *   option LAYOUT TYPE NEXTHDR EXPERIMENT ACTIVITY LABEL OCTETS
 *   type NUMBER OK DEFAULT
 */
#include <stdio.h>

#include <scitag/label.h>
#include <scitag/option.h>

/* None, all, each of the five bits, and bits that are not entropy. */
static const __u32 entropies[] = {
	0,	 0xc0103, 0x80000, 0x40000,    0x00100,
	0x00002, 0x00001, 0x3fefc, 0xffffffff, 0x12345678,
};

#define N(array) (sizeof(array) / sizeof((array)[0]))

static void dump_labels(void)
{
	__u32 experiment, activity, label;
	size_t i;

	for (experiment = 0; experiment < 512; experiment++)
		for (activity = 0; activity < 64; activity++)
			for (i = 0; i < N(entropies); i++) {
				label = scitag_label_encode(experiment,
							    activity,
							    entropies[i]);
				printf("label %u %u %u %u %u %u\n", experiment,
				       activity, entropies[i], label,
				       scitag_label_experiment(label),
				       scitag_label_activity(label));
			}
}

static void dump_option(__u8 nexthdr, const struct scitag_option *opt)
{
	__u8 header[SCITAG_OPTION_HEADER_MAX];
	unsigned int len, i;

	len = scitag_option_header(header, nexthdr, opt);
	printf("option %u %u %u %u %u %u ", opt->layout, opt->type, nexthdr,
	       opt->experiment, opt->activity, opt->label);
	for (i = 0; i < len; i++)
		printf("%02x", header[i]);
	putchar('\n');
}

/* Every octet that a tag is made of takes every value. */
static void dump_options(void)
{
	static const __u8 nexthdrs[] = { 0, 6, 17, 60, 255 };
	struct scitag_option opt;
	unsigned int layout, type, k;

	for (layout = SCITAG_LAYOUT_IDS; layout <= SCITAG_LAYOUT_SAFE; layout++)
		for (type = 0x1e; type <= 0x1f; type++)
			for (k = 0; k < 65536; k += 7) {
				opt = (struct scitag_option){
					.layout = layout,
					.type = type,
					.experiment = k,
					.activity = k >> 3,
					.label = k * 31 & SCITAG_LABEL_MASK,
				};
				dump_option(nexthdrs[k % N(nexthdrs)], &opt);
			}
}

static void dump_types(void)
{
	unsigned int n;

	for (n = 0; n < 256; n++)
		printf("type %u %d %u\n", n, scitag_option_type_ok(n),
		       scitag_option_default_type(n));
}

int main(void)
{
	dump_labels();
	dump_options();
	dump_types();
	return 0;
}
