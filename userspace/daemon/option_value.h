/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Kinds of values that several options have: from text, and back as JSON.
 */
#ifndef SCITAGD_OPTION_VALUE_H
#define SCITAGD_OPTION_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"
#include "endpoint.h"
#include "option.h"
#include "prefix.h"

struct json_object;

/* Says what is wrong with a value. Always -EINVAL. */
int option_fail(char error[static OPTION_ERROR_MAX], const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* All of these return what option_set does, and change nothing on an error. */

int option_set_bool(bool *value, const char *text,
		    char error[static OPTION_ERROR_MAX]);

/* A whole number of min to max. */
int option_set_number(uint32_t *value, const char *text, uint32_t min,
		      uint32_t max, char error[static OPTION_ERROR_MAX]);

int option_check_path(const char *text, char error[static OPTION_ERROR_MAX]);

/* To the end of a list. */
int option_add_addr(struct addr **list, size_t *n, const char *text,
		    char error[static OPTION_ERROR_MAX]);

int option_add_prefix(struct prefix **list, size_t *n, const char *text,
		      char error[static OPTION_ERROR_MAX]);

typedef int endpoint_parser(struct endpoint *endpoint, const char *text,
			    char error[static ENDPOINT_ERROR_MAX]);
int option_add_endpoint(struct endpoint **list, size_t *n, const char *text,
			endpoint_parser *parse,
			char error[static OPTION_ERROR_MAX]);

/* Lists as arrays of texts; NULL: no memory. */
struct json_object *option_get_addrs(const struct addr *addrs, size_t n);
struct json_object *option_get_prefixes(const struct prefix *prefixes,
					size_t n);
struct json_object *option_get_endpoints(const struct endpoint *endpoints,
					 size_t n);

#endif /* SCITAGD_OPTION_VALUE_H */
