// SPDX-License-Identifier: GPL-2.0
#include "args.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

const char *args_peek(const struct args *args)
{
	return args->next < args->n ? args->words[args->next] : NULL;
}

const char *args_take(struct args *args)
{
	return args->next < args->n ? args->words[args->next++] : NULL;
}

bool args_take_option(struct args *args, const char *brief, const char *name)
{
	size_t i, kept = args->next;

	for (i = args->next; i < args->n; i++)
		if (strcmp(args->words[i], brief) != 0 &&
		    strcmp(args->words[i], name) != 0)
			args->words[kept++] = args->words[i];
	i = args->n;
	args->n = kept;
	return i > kept;
}

bool args_take_value(struct args *args, const char *name, const char **value)
{
	size_t i, kept = args->next;
	bool there = false;

	for (i = args->next; i < args->n; i++) {
		if (strcmp(args->words[i], name) == 0) {
			*value = ++i < args->n ? args->words[i] : NULL;
			there = true;
		} else {
			args->words[kept++] = args->words[i];
		}
	}
	args->n = kept;
	return there;
}

static int fail(char *error, const char *text)
{
	snprintf(error, ARGS_ERROR_MAX, "%s", text);
	return -EINVAL;
}

/*
 * Move one word, which begins at *from, to *to, without its quotes; both go
 * on to behind it. Returns 0 or -EINVAL.
 */
static int move_word(char **from, char **to, char *error)
{
	char quote = '\0';
	char *in = *from;
	char *out = *to;

	for (; *in && (quote || !strchr(" \t\r\f\v", *in)); in++) {
		if (*in == '\\' && quote != '\'') {
			if (!*++in)
				return fail(error, "nothing follows the \\");
			*out++ = *in;
		} else if (quote ? *in == quote : *in == '"' || *in == '\'') {
			quote = quote ? '\0' : *in;
		} else {
			*out++ = *in;
		}
	}
	if (quote)
		return fail(error, quote == '"' ? "the \" is not closed" :
						  "the ' is not closed");
	*from = in;
	*to = out;
	return 0;
}

int args_split(char *line, char **words, size_t *n,
	       char error[static ARGS_ERROR_MAX])
{
	char *in = line;
	char *out = line;

	for (*n = 0;; (*n)++) {
		in += strspn(in, " \t\r\f\v");
		if (!*in || *in == '#')
			return 0;
		if (*n == ARGS_MAX)
			return fail(error, "too many words");
		words[*n] = out;
		if (move_word(&in, &out, error))
			return -EINVAL;
		/* out may be where in is: take the blank before ending. */
		if (*in)
			in++;
		*out++ = '\0';
	}
}
