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
	unsigned int *n_items; /* that were added to each of its lists */
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
	else if (key->why[0] &&
		 (!key->unless ||
		  strcasecmp(key->unless, import_text(value, "-"))))
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

static void fail(struct import *import, int ret, struct json_object *value,
		 const char *path, const char *error)
{
	if (ret == -EINVAL)
		import_say(import, value, path, error);
	else
		import->error = ret;
}

/* A list is as long as one of ours may be. */
static bool is_full(struct import *import, int option,
		    struct json_object *value, const char *path)
{
	if (!option_get(option)->list ||
	    import->n_items[option]++ < CONFIG_LIST_MAX)
		return false;
	import_say(import, value, path, "is one item too many");
	return true;
}

void import_set(struct import *import, const char *option, const char *text,
		struct json_object *value, const char *path)
{
	char error[OPTION_ERROR_MAX];
	int i = option_find(option);
	int ret;

	if (is_full(import, i, value, path))
		return;
	ret = option_get(i)->set(import->config, text, error);
	if (ret)
		fail(import, ret, value, path, error);
	else
		import->is_set[i] = true;
}

static option_set *find_setter(const struct option_mapping *mapping,
			       const char *key)
{
	size_t i = 0;

	while (strcmp(mapping->keys[i].name, key))
		i++;
	return mapping->keys[i].set;
}

static int add_item(struct config *config, const struct option_mapping *mapping,
		    const struct import_pair *pairs,
		    char error[static OPTION_ERROR_MAX])
{
	int ret = mapping->add(config);

	for (; pairs->key && !ret; pairs++)
		if (pairs->text)
			ret = find_setter(mapping, pairs->key)(config,
							       pairs->text,
							       error);
	return ret ? ret : mapping->check(config, error);
}

/* What cannot be added would stay there in part, so it is tried elsewhere. */
static int try_item(const struct config *config,
		    const struct option_mapping *mapping,
		    const struct import_pair *pairs,
		    char error[static OPTION_ERROR_MAX])
{
	struct config *scratch = calloc(1, sizeof(*scratch));
	int ret;

	if (!scratch)
		return -ENOMEM;
	scratch->marks = config->marks;
	ret = add_item(scratch, mapping, pairs, error);
	if (!ret)
		ret = config_check_rules(scratch, error);
	config_free(scratch);
	return ret;
}

void import_add(struct import *import, const char *option,
		const struct import_pair *pairs, struct json_object *value,
		const char *path)
{
	int i = option_find(option);
	const struct option_mapping *mapping = option_get(i)->mapping;
	char error[OPTION_ERROR_MAX];
	int ret;

	if (is_full(import, i, value, path))
		return;
	ret = try_item(import->config, mapping, pairs, error);
	if (!ret)
		ret = add_item(import->config, mapping, pairs, error);
	if (ret)
		fail(import, ret, value, path, error);
	else
		import->is_set[i] = true;
}

void import_rule(struct import *import, const struct import_pair *pairs,
		 struct json_object *value, const char *path)
{
	if (!import->config->marks) {
		import_set(import, "marks", "label", value, path);
		import_say(import, value, path,
			   "the module finds these connections, and follows "
			   "what it marks only: marks is label");
	}
	import_add(import, "rules", pairs, value, path);
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

/* "host:port" of "stun:host:port"; a host may be called stun, too. */
static const char *skip_scheme(const char *server)
{
	static const char scheme[] = "stun:";
	const char *rest = server + strlen(scheme);

	if (strncasecmp(server, scheme, strlen(scheme)))
		return server;
	return rest[strspn(rest, "0123456789")] ? rest : server;
}

void import_set_stun(struct import *import, struct json_object *servers,
		     const char *otherwise, struct json_object *value,
		     const char *path)
{
	size_t n = 0;

	if (json_object_is_type(servers, json_type_array))
		n = json_object_array_length(servers);
	if (n) {
		value = json_object_array_get_idx(servers, 0);
		otherwise = import_text(value, "");
	}
	if (n > 1)
		import_say(import, servers, path,
			   "only the first one is asked");
	import_set(import, "fireflies.stun", skip_scheme(otherwise), value,
		   path);
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
	yamltree_free(tree);
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
	yamltree_free(tree);
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
	import.n_items = calloc(option_count(), sizeof(*import.n_items));
	if (import.config && import.is_set && import.n_items)
		ret = load(&import);
	if (!ret)
		ret = config_print(import.config, import.is_set, out);
	config_free(import.config);
	free(import.is_set);
	free(import.n_items);
	return ret;
}
