// SPDX-License-Identifier: GPL-2.0
#include "option_value.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "number.h"

int option_fail(char error[static OPTION_ERROR_MAX], const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(error, OPTION_ERROR_MAX, format, ap);
	va_end(ap);
	return -EINVAL;
}

int option_set_bool(bool *value, const char *text,
		    char error[static OPTION_ERROR_MAX])
{
	bool yes = !strcasecmp(text, "true") || !strcasecmp(text, "yes") ||
		   !strcasecmp(text, "on");

	if (!yes && strcasecmp(text, "false") && strcasecmp(text, "no") &&
	    strcasecmp(text, "off"))
		return option_fail(error, "\"%s\" is not true or false", text);
	*value = yes;
	return 0;
}

int option_set_number(uint32_t *value, const char *text, uint32_t min,
		      uint32_t max, char error[static OPTION_ERROR_MAX])
{
	uint64_t number;

	if (decimal_parse(&number, text, max) || number < min)
		return option_fail(error, "\"%s\" is not a number of %u..%u",
				   text, min, max);
	*value = number;
	return 0;
}

int option_check_path(const char *text, char error[static OPTION_ERROR_MAX])
{
	if (text[0] != '/')
		return option_fail(error, "\"%s\" is not an absolute path",
				   text);
	return 0;
}

int option_add_addr(struct addr **list, size_t *n, const char *text,
		    char error[static OPTION_ERROR_MAX])
{
	struct addr *more;

	more = reallocarray(*list, *n + 1, sizeof(*more));
	if (!more)
		return -ENOMEM;
	*list = more;
	if (addr_parse(&more[*n], text))
		return option_fail(error, "\"%s\" is not an address", text);
	(*n)++;
	return 0;
}

int option_add_prefix(struct prefix **list, size_t *n, const char *text,
		      char error[static OPTION_ERROR_MAX])
{
	struct prefix *more;
	int ret;

	more = reallocarray(*list, *n + 1, sizeof(*more));
	if (!more)
		return -ENOMEM;
	*list = more;
	ret = prefix_parse(&more[*n], text, error);
	if (!ret)
		(*n)++;
	return ret;
}

struct json_object *option_get_prefixes(const struct prefix *prefixes, size_t n)
{
	struct json_object *list = json_object_new_array();
	char text[PREFIX_TEXT_MAX];
	size_t i;

	for (i = 0; list && i < n; i++)
		json_object_array_add(list, json_object_new_string(
						    prefix_format(&prefixes[i],
								  text)));
	return list;
}

struct json_object *option_get_addrs(const struct addr *addrs, size_t n)
{
	struct json_object *list = json_object_new_array();
	char text[ADDR_TEXT_MAX];
	size_t i;

	for (i = 0; list && i < n; i++)
		json_object_array_add(list,
				      json_object_new_string(
					      addr_format(&addrs[i], text)));
	return list;
}

int option_add_endpoint(struct endpoint **list, size_t *n, const char *text,
			endpoint_parser *parse,
			char error[static OPTION_ERROR_MAX])
{
	struct endpoint *more;
	int ret;

	more = reallocarray(*list, *n + 1, sizeof(*more));
	if (!more)
		return -ENOMEM;
	*list = more;
	ret = parse(&more[*n], text, error);
	if (!ret)
		(*n)++;
	return ret;
}

struct json_object *option_get_endpoints(const struct endpoint *endpoints,
					 size_t n)
{
	struct json_object *list = json_object_new_array();
	size_t i;

	for (i = 0; list && i < n; i++) {
		char *text = endpoint_text(&endpoints[i]);

		if (text)
			json_object_array_add(list,
					      json_object_new_string(text));
		free(text);
	}
	return list;
}
