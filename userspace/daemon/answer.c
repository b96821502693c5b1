// SPDX-License-Identifier: GPL-2.0
#include "answer.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "json_util.h"

#define ERROR_TEXT_MAX 512

void answer_json(struct answer *answer, enum answer_status status,
		 struct json_object *object)
{
	const char *text;

	if (!object)
		return;
	text = json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN);
	answer->text = text ? strdup(text) : NULL;
	if (answer->text) {
		answer->status = status;
		answer->type = ANSWER_JSON;
		answer->len = strlen(text);
	}
	json_object_put(object);
}

void answer_error(struct answer *answer, enum answer_status status,
		  const char *format, ...)
{
	struct json_object *object = json_object_new_object();
	char text[ERROR_TEXT_MAX];
	va_list ap;
	char *p;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	/* It may quote what was asked, which need not be UTF-8. */
	for (p = text; *p; p++)
		if (*p < 0x20 || *p > 0x7e)
			*p = '?';
	json_add(object, "error", json_object_new_string(text));
	answer_json(answer, status, object);
}

void answer_refusal(struct answer *answer, int ret, const char *error)
{
	enum answer_status status = ANSWER_BAD_REQUEST;

	if (ret == -ENOENT)
		status = ANSWER_NOT_FOUND;
	else if (ret == -ENOSPC)
		status = ANSWER_TOO_MANY;
	else if (ret == -ENOMEM)
		status = ANSWER_UNAVAILABLE;
	answer_error(answer, status, "%s", error);
}
