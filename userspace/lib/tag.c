// SPDX-License-Identifier: GPL-2.0
#include "tag.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <scitag/label.h>

#include "number.h"
#include "registry.h"

/* Longest name that is looked up. */
#define NAME_MAX_LEN 128

/* Put a text into error, whose size is TAG_ERROR_MAX. Returns ret. */
static int __attribute__((format(printf, 3, 4)))
fail(char *error, int ret, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(error, TAG_ERROR_MAX, format, args);
	va_end(args);
	return ret;
}

/* scitag.flow as applications know it: exp << 6 | act. */
static int parse_scitag_flow(struct tag *tag, const char *text, char *error)
{
	uint64_t n;
	int ret;

	ret = number_parse(&n, text, SCITAG_LABEL_MASK);
	if (ret == -EINVAL)
		return fail(error, ret, "\"%.40s\" is not a number", text);
	if (!ret && n >= SCITAG_FLOW_MIN && n <= SCITAG_FLOW_MAX) {
		tag->experiment = n >> 6;
		tag->activity = n & SCITAG_LABEL_ACTIVITY_MAX;
		return 0;
	}
	if (!ret && n > SCITAG_FLOW_MAX)
		return fail(
			error, -ERANGE,
			"%s is no scitag.flow number (%u..%u); for the flow label of %u/%u write label:%s",
			text, SCITAG_FLOW_MIN, SCITAG_FLOW_MAX,
			scitag_label_experiment(n), scitag_label_activity(n),
			text);
	return fail(error, -ERANGE, "%.40s is no scitag.flow number (%u..%u)",
		    text, SCITAG_FLOW_MIN, SCITAG_FLOW_MAX);
}

static int parse_label(struct tag *tag, const char *text, char *error)
{
	uint64_t n;
	int ret;

	ret = number_parse(&n, text, SCITAG_LABEL_MASK);
	if (ret == -EINVAL)
		return fail(error, ret, "\"%.40s\" is not a number", text);
	if (ret)
		return fail(error, ret, "%.40s is no flow label (0..0x%x)",
			    text, SCITAG_LABEL_MASK);
	tag->experiment = scitag_label_experiment(n);
	tag->activity = scitag_label_activity(n);
	return 0;
}

/* Forms that begin with a word and a separator. */
static const struct {
	const char *word;
	int (*parse)(struct tag *tag, const char *text, char *error);
} forms[] = {
	{ "scitag.flow", parse_scitag_flow },
	{ "scitag", parse_scitag_flow },
	{ "label", parse_label },
};

#define N_FORMS (sizeof(forms) / sizeof(forms[0]))

/* A number without a word says nothing: 206 is 3/14 or, as a label, 0/51. */
static int fail_form(const char *text, char *error)
{
	struct tag tag;
	uint64_t n;

	if (number_parse(&n, text, UINT64_MAX))
		return fail(
			error, -EINVAL,
			"\"%.60s\" is not a tag: write EXPERIMENT/ACTIVITY, scitag:NUMBER or label:NUMBER",
			text);
	if (parse_scitag_flow(&tag, text, error) == 0)
		return fail(
			error, -EINVAL,
			"\"%s\" alone may be two things: write scitag:%s for %u/%u, or label:%s for a flow label",
			text, text, tag.experiment, tag.activity, text);
	if (parse_label(&tag, text, error) == 0)
		return fail(
			error, -EINVAL,
			"\"%s\" alone is not a tag: write label:%s for the flow label of %u/%u",
			text, text, tag.experiment, tag.activity);
	return fail(error, -EINVAL, "\"%.40s\" is not a tag", text);
}

/* Parse a number. Returns 0, -ENOENT if it is a name, or an error with text. */
static int parse_half(uint32_t *id, const char *what, const char *text,
		      uint32_t max, char *error)
{
	uint64_t n;
	int ret;

	if (!*text)
		return fail(error, -EINVAL, "the %s is missing", what);
	ret = number_parse(&n, text, max);
	if (ret == -ERANGE)
		return fail(error, ret, "%s %.40s is out of range 0..%u", what,
			    text, max);
	if (ret)
		return -ENOENT;
	*id = n;
	return 0;
}

int tag_parse_experiment(uint32_t *experiment, const struct registry *registry,
			 const char *text, char error[static TAG_ERROR_MAX])
{
	int ret;

	ret = parse_half(experiment, "experiment", text, TAG_EXPERIMENT_MAX,
			 error);
	if (ret != -ENOENT)
		return ret;
	if (!registry)
		return fail(
			error, ret,
			"experiment \"%.60s\": no registry to look it up in",
			text);
	if (registry_experiment_id(registry, text, experiment) == 0)
		return 0;
	return fail(error, ret, "experiment \"%.60s\" is not in the registry",
		    text);
}

int tag_parse_activity(uint32_t *activity, const struct registry *registry,
		       uint32_t experiment, const char *text,
		       char error[static TAG_ERROR_MAX])
{
	const char *name;
	int ret;

	ret = parse_half(activity, "activity", text, TAG_ACTIVITY_MAX, error);
	if (ret != -ENOENT)
		return ret;
	if (!registry)
		return fail(error, ret,
			    "activity \"%.60s\": no registry to look it up in",
			    text);
	if (registry_activity_id(registry, experiment, text, activity) == 0)
		return 0;
	name = registry_experiment_name(registry, experiment);
	if (!name)
		return fail(
			error, ret,
			"experiment %u is not in the registry, so activity \"%.60s\" has to be a number",
			experiment, text);
	return fail(error, ret,
		    "activity \"%.60s\" of %.60s is not in the registry", text,
		    name);
}

/*
 * Copy len characters without the white space around them. Returns 0 or
 * -EINVAL if they do not fit.
 */
static int copy_trimmed(char buf[static NAME_MAX_LEN], const char *text,
			size_t len)
{
	while (len && strchr(" \t", text[0])) {
		text++;
		len--;
	}
	while (len && strchr(" \t", text[len - 1]))
		len--;
	if (len >= NAME_MAX_LEN)
		return -EINVAL;
	memcpy(buf, text, len);
	buf[len] = '\0';
	return 0;
}

/* Activity names hold slashes, names of experiments do not: the first one. */
static int parse_pair(struct tag *tag, const struct registry *registry,
		      const char *text, const char *slash, char *error)
{
	char experiment[NAME_MAX_LEN], activity[NAME_MAX_LEN];
	int ret;

	if (copy_trimmed(experiment, text, slash - text) ||
	    copy_trimmed(activity, slash + 1, strlen(slash + 1)))
		return fail(error, -EINVAL, "\"%.60s...\" is too long", text);
	ret = tag_parse_experiment(&tag->experiment, registry, experiment,
				   error);
	if (ret)
		return ret;
	return tag_parse_activity(&tag->activity, registry, tag->experiment,
				  activity, error);
}

int tag_parse(struct tag *tag, const struct registry *registry,
	      const char *text, char error[static TAG_ERROR_MAX])
{
	struct tag result;
	const char *slash = strchr(text, '/');
	size_t word = strcspn(text, " :=/");
	size_t i;
	int ret;

	for (i = 0; i < N_FORMS; i++)
		if (strlen(forms[i].word) == word &&
		    strncasecmp(forms[i].word, text, word) == 0)
			break;
	if (i < N_FORMS && text[word] && text[word] != '/')
		ret = forms[i].parse(&result, text + word + 1, error);
	else if (slash)
		ret = parse_pair(&result, registry, text, slash, error);
	else
		ret = fail_form(text, error);
	if (!ret)
		*tag = result;
	return ret;
}

uint32_t tag_scitag_flow(const struct tag *tag)
{
	uint32_t n = tag->experiment << 6 | tag->activity;

	if (tag->activity > SCITAG_LABEL_ACTIVITY_MAX || n < SCITAG_FLOW_MIN ||
	    n > SCITAG_FLOW_MAX)
		return 0;
	return n;
}
