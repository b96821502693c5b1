// SPDX-License-Identifier: GPL-2.0
#include "import.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "file.h"
#include "option.h"
#include "pyconf.h"
#include "yamltree.h"

/* Longest "section.section.key" of theirs. */
#define PATH_TEXT_MAX 256

struct import {
	const char *file;
	config_error_cb cb;
	void *data;
	struct config *config; /* what has come of it so far */
	bool *is_set; /* which options it has; of the others nothing is there */
	int error;
};

void import_say(struct import *import, struct json_object *value,
		const char *path, const char *what)
{
	char text[YAMLTREE_ERROR_MAX];

	snprintf(text, sizeof(text), "%s:%u: %s: %s", import->file,
		 yamltree_line(value), path, what);
	import->cb(import->data, text);
}

/* The first len octets of a path are the name of a member, in any case. */
static struct json_object *find_member(struct json_object *object,
				       const char *name, size_t len)
{
	struct json_object_iterator it, end;

	if (!json_object_is_type(object, json_type_object))
		return NULL;
	it = json_object_iter_begin(object);
	end = json_object_iter_end(object);
	for (; !json_object_iter_equal(&it, &end); json_object_iter_next(&it)) {
		const char *key = json_object_iter_peek_name(&it);

		if (strlen(key) == len && !strncasecmp(key, name, len))
			return json_object_iter_peek_value(&it);
	}
	return NULL;
}

struct json_object *import_find(struct json_object *tree, const char *path)
{
	size_t len = strcspn(path, ".");

	tree = find_member(tree, path, len);
	return tree && path[len] ? import_find(tree, path + len + 1) : tree;
}

const char *import_text(struct json_object *value, const char *otherwise)
{
	if (!json_object_is_type(value, json_type_string))
		return otherwise;
	return json_object_get_string(value);
}

bool import_is_true(struct json_object *value)
{
	return !strcasecmp(import_text(value, ""), "true");
}

static const struct import_key *find_key(const struct import_key *keys,
					 size_t n, const char *path)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!strcasecmp(keys[i].path, path))
			return &keys[i];
	return NULL;
}

static void check_mapping(struct import *import, struct json_object *mapping,
			  const char *section, const struct import_key *keys,
			  size_t n);

static void check_value(struct import *import, struct json_object *value,
			const char *path, const struct import_key *keys,
			size_t n)
{
	const struct import_key *key = find_key(keys, n, path);

	if (!key)
		import_say(import, value, path, "is not known");
	else if (!key->why)
		check_mapping(import, value, path, keys, n);
	else if (!key->unless ||
		 strcasecmp(key->unless, import_text(value, "-")))
		import_say(import, value, path, key->why);
}

static void check_mapping(struct import *import, struct json_object *mapping,
			  const char *section, const struct import_key *keys,
			  size_t n)
{
	struct json_object_iterator it, end;
	char path[PATH_TEXT_MAX];

	if (!json_object_is_type(mapping, json_type_object))
		return;
	it = json_object_iter_begin(mapping);
	end = json_object_iter_end(mapping);
	for (; !json_object_iter_equal(&it, &end); json_object_iter_next(&it)) {
		snprintf(path, sizeof(path), "%s%s%s", section,
			 section[0] ? "." : "",
			 json_object_iter_peek_name(&it));
		check_value(import, json_object_iter_peek_value(&it), path,
			    keys, n);
	}
}

void import_check(struct import *import, struct json_object *tree,
		  const struct import_key *keys, size_t n)
{
	check_mapping(import, tree, "", keys, n);
}

void import_set_empty(struct import *import, const char *option)
{
	import->is_set[option_find(option)] = true;
}

void import_set(struct import *import, const char *option, const char *text,
		struct json_object *value, const char *path)
{
	char error[OPTION_ERROR_MAX];
	int i = option_find(option);
	int ret = option_get(i)->set(import->config, text, error);

	if (ret == -EINVAL)
		import_say(import, value, path, error);
	else if (ret)
		import->error = ret;
	else
		import->is_set[i] = true;
}

void import_set_endpoint(struct import *import, const char *option,
			 const char *host, const char *port,
			 struct json_object *value, const char *path)
{
	bool v6 = strchr(host, ':') && host[0] != '[';
	char *text;

	if (asprintf(&text, v6 ? "[%s]:%s" : "%s:%s", host, port) < 0) {
		import->error = -ENOMEM;
		return;
	}
	import_set(import, option, text, value, path);
	free(text);
}

static int load_flowd_go(struct import *import, const char *text, size_t len)
{
	char error[YAMLTREE_ERROR_MAX];
	struct json_object *tree;
	int ret;

	ret = yamltree_parse(&tree, text, len, import->file, error);
	if (ret) {
		import->cb(import->data, error);
		return ret;
	}
	/* Or there is nothing in it. */
	if (json_object_is_type(tree, json_type_object) ||
	    !import_text(tree, "-")[0]) {
		import_flowd_go(import, tree);
	} else {
		import_say(import, tree, "the file",
			   "is no configuration of flowd or flowd-go");
		ret = -EINVAL;
	}
	json_object_put(tree);
	return ret;
}

static int load_flowd(struct import *import, const char *text, size_t len)
{
	char error[PYCONF_ERROR_MAX];
	struct json_object *tree;

	if (strlen(text) != len) {
		snprintf(error, sizeof(error), "%s: a NUL in the file",
			 import->file);
		import->cb(import->data, error);
		return -EINVAL;
	}
	tree = pyconf_parse(text, import->file, error);
	if (!tree) {
		import->cb(import->data, error);
		return -EINVAL;
	}
	import_flowd(import, tree);
	json_object_put(tree);
	return 0;
}

static int load(struct import *import)
{
	char error[YAMLTREE_ERROR_MAX];
	char *text;
	size_t len;
	int ret;

	ret = file_read(import->file, YAMLTREE_FILE_MAX, &text, &len);
	if (ret) {
		snprintf(error, sizeof(error), "%s: %s", import->file,
			 strerror(-ret));
		import->cb(import->data, error);
		return ret;
	}
	ret = pyconf_is(text) ? load_flowd(import, text, len) :
				load_flowd_go(import, text, len);
	free(text);
	return ret ? ret : import->error;
}

int import_file(const char *path, FILE *out, config_error_cb cb, void *data)
{
	struct import import = { .file = path, .cb = cb, .data = data };
	int ret = -ENOMEM;

	import.config = calloc(1, sizeof(*import.config));
	import.is_set = calloc(option_count(), sizeof(*import.is_set));
	if (import.config && import.is_set)
		ret = load(&import);
	if (!ret)
		ret = config_print(import.config, import.is_set, out);
	config_free(import.config);
	free(import.is_set);
	return ret;
}
