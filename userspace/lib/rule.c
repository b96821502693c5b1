// SPDX-License-Identifier: GPL-2.0
#include "rule.h"

#include <errno.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "number.h"

/* Longest first half of a value ("4294967295-..." and the like). */
#define HALF_MAX 64

/* Where cgroups are mounted; the kernel's paths begin behind it. */
#define CGROUP_MOUNT "/sys/fs/cgroup"

static int fail(char error[static RULE_ERROR_MAX], const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Says what is wrong. Always -EINVAL. */
static int fail(char error[static RULE_ERROR_MAX], const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(error, RULE_ERROR_MAX, format, ap);
	va_end(ap);
	return -EINVAL;
}

/*
 * Split a value at the first separator, which gives NULL as second half if it
 * is not there. Returns 0, or -1 if the first half is too long for one.
 */
static int split(char first[static HALF_MAX], const char **second,
		 const char *text, char separator)
{
	size_t len = strcspn(text, (char[]){ separator, '\0' });

	if (len >= HALF_MAX)
		return -1;
	memcpy(first, text, len);
	first[len] = '\0';
	*second = text[len] ? text + len + 1 : NULL;
	return 0;
}

static int parse_protocol(struct rule_spec *spec, const char *text,
			  char error[static RULE_ERROR_MAX])
{
	if (protocol_parse(&spec->protocol, text))
		return fail(error, "\"%s\" is neither tcp nor udp", text);
	return 0;
}

static int parse_src(struct rule_spec *spec, const char *text,
		     char error[static RULE_ERROR_MAX])
{
	return prefix_parse(&spec->src, text, error);
}

static int parse_dst(struct rule_spec *spec, const char *text,
		     char error[static RULE_ERROR_MAX])
{
	return prefix_parse(&spec->dst, text, error);
}

static int parse_ports(struct port_range *range, const char *text,
		       char error[static RULE_ERROR_MAX])
{
	char min[HALF_MAX];
	const char *max;

	if (split(min, &max, text, '-') || port_parse(&range->min, min) ||
	    port_parse(&range->max, max ? max : min) || range->min > range->max)
		return fail(
			error,
			"\"%s\" is neither a port (1..65535) nor a range of them (5201-5210)",
			text);
	return 0;
}

static int parse_sport(struct rule_spec *spec, const char *text,
		       char error[static RULE_ERROR_MAX])
{
	return parse_ports(&spec->sport, text, error);
}

static int parse_dport(struct rule_spec *spec, const char *text,
		       char error[static RULE_ERROR_MAX])
{
	return parse_ports(&spec->dport, text, error);
}

static int parse_port(struct rule_spec *spec, const char *text,
		      char error[static RULE_ERROR_MAX])
{
	return parse_ports(&spec->port, text, error);
}

/* Two numbers. False if it is not that; names may have a "-", too. */
static bool parse_uid_range(const char *text, struct rule_spec *spec)
{
	uint64_t n_min, n_max;
	char min[HALF_MAX];
	const char *max;

	/* The last number stands for nobody at all. */
	if (split(min, &max, text, '-') ||
	    decimal_parse(&n_min, min, UINT32_MAX - 1) ||
	    decimal_parse(&n_max, max ? max : min, UINT32_MAX - 1) ||
	    n_min > n_max)
		return false;
	spec->uid_min = n_min;
	spec->uid_max = n_max;
	return true;
}

static int parse_uid(struct rule_spec *spec, const char *text,
		     char error[static RULE_ERROR_MAX])
{
	const struct passwd *user;

	spec->has_uid = true;
	if (parse_uid_range(text, spec))
		return 0;
	user = getpwnam(text);
	if (!user)
		return fail(
			error,
			"\"%s\" is not a number, a range of them (1000-1999), or the name of a user here",
			text);
	spec->uid_min = user->pw_uid;
	spec->uid_max = user->pw_uid;
	return 0;
}

static int parse_fwmark(struct rule_spec *spec, const char *text,
			char error[static RULE_ERROR_MAX])
{
	uint64_t value, mask = UINT32_MAX;
	char value_text[HALF_MAX];
	const char *mask_text;

	if (split(value_text, &mask_text, text, '/') ||
	    number_parse(&value, value_text, UINT32_MAX) ||
	    (mask_text && number_parse(&mask, mask_text, UINT32_MAX)))
		return fail(
			error,
			"\"%s\" is not a number of 32 bits, or two as VALUE/MASK",
			text);
	if (value & ~mask)
		return fail(
			error,
			"\"%s\" never matches: the value has bits that the mask has not",
			text);
	spec->has_fwmark = true;
	spec->fwmark = value;
	spec->fwmask = mask;
	return 0;
}

static int parse_string(char *buf, size_t size, const char *text,
			char error[static RULE_ERROR_MAX])
{
	if (!text[0] || strlen(text) >= size)
		return fail(error, "\"%s\" is empty or longer than %zu octets",
			    text, size - 1);
	strcpy(buf, text);
	return 0;
}

static int parse_cgroup(struct rule_spec *spec, const char *text,
			char error[static RULE_ERROR_MAX])
{
	size_t mount = strlen(CGROUP_MOUNT);

	if (strncmp(text, CGROUP_MOUNT "/", mount + 1) == 0)
		text += mount;
	return parse_string(spec->cgroup, sizeof(spec->cgroup), text, error);
}

static int parse_oif(struct rule_spec *spec, const char *text,
		     char error[static RULE_ERROR_MAX])
{
	return parse_string(spec->oif, sizeof(spec->oif), text, error);
}

static const struct {
	const char *name;
	int (*parse)(struct rule_spec *spec, const char *text,
		     char error[static RULE_ERROR_MAX]);
} conditions[] = {
	{ "proto", parse_protocol }, { "src", parse_src },
	{ "sport", parse_sport },    { "dst", parse_dst },
	{ "dport", parse_dport },    { "port", parse_port },
	{ "uid", parse_uid },	     { "cgroup", parse_cgroup },
	{ "fwmark", parse_fwmark },  { "oif", parse_oif },
};

#define N_CONDITIONS (sizeof(conditions) / sizeof(conditions[0]))

int rule_condition_parse(struct rule_spec *spec, const char *name,
			 const char *text, char error[static RULE_ERROR_MAX])
{
	size_t i;

	for (i = 0; i < N_CONDITIONS; i++)
		if (!strcmp(name, conditions[i].name))
			return conditions[i].parse(spec, text, error);
	return -ENOENT;
}

int rule_priority_parse(struct rule_spec *spec, const char *text,
			char error[static RULE_ERROR_MAX])
{
	uint64_t n;

	if (decimal_parse(&n, text, UINT32_MAX))
		return fail(error, "\"%s\" is not a number of 0..%u", text,
			    UINT32_MAX);
	spec->priority = n;
	return 0;
}

int rule_check(const struct rule_spec *spec, char error[static RULE_ERROR_MAX])
{
	if (spec->src.addr.family && spec->dst.addr.family &&
	    spec->src.addr.family != spec->dst.addr.family)
		return fail(error,
			    "one of src and dst is IPv4, the other IPv6");
	return 0;
}
