// SPDX-License-Identifier: GPL-2.0
#include "registry.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "file.h"
#include "json_util.h"
#include "paths.h"

/* The value of "version" that this code reads. */
#define REGISTRY_VERSION 1

/* A name and its number: an experiment or an activity. */
struct entry {
	uint32_t id;
	char *name;
};

struct entries {
	size_t n;
	struct entry *entry;
};

/* activities[i] are those of experiments.entry[i]. */
struct registry {
	char *modified; /* NULL: it does not say */
	struct entries experiments;
	struct entries *activities;
};

/* Names in the file, and the range, of one kind of entry. */
struct kind {
	const char *what;
	const char *id_key;
	const char *name_key;
	uint32_t id_max;
};

static const struct kind experiment_kind = {
	"experiment",
	"expId",
	"expName",
	TAG_EXPERIMENT_MAX,
};

static const struct kind activity_kind = {
	"activity",
	"activityId",
	"activityName",
	TAG_ACTIVITY_MAX,
};

static const char *const default_paths[] = {
	PATHS_REGISTRY_UPDATED,
	"/etc/scitag/registry.json",
	SCITAG_DATADIR "/registry.json",
};

/* Put a text into error, whose size is REGISTRY_ERROR_MAX. */
static int __attribute__((format(printf, 2, 3)))
bad(char *error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(error, REGISTRY_ERROR_MAX, format, args);
	va_end(args);
	return -EBADMSG;
}

static const struct entry *find_id(const struct entries *entries, uint32_t id)
{
	size_t i;

	for (i = 0; i < entries->n; i++)
		if (entries->entry[i].id == id)
			return &entries->entry[i];
	return NULL;
}

static const struct entry *find_name(const struct entries *entries,
				     const char *name)
{
	size_t i;

	for (i = 0; i < entries->n; i++)
		if (strcasecmp(entries->entry[i].name, name) == 0)
			return &entries->entry[i];
	return NULL;
}

static void entries_exit(struct entries *entries)
{
	size_t i;

	for (i = 0; i < entries->n; i++)
		free(entries->entry[i].name);
	free(entries->entry);
}

static int entries_init(struct entries *entries, size_t size)
{
	/* calloc() of nothing may return NULL. */
	entries->entry = calloc(size + 1, sizeof(*entries->entry));
	return entries->entry ? 0 : -ENOMEM;
}

/* Names are shown on terminals: no escape sequences. */
static bool name_ok(const char *name)
{
	if (!*name)
		return false;
	for (; *name; name++)
		if ((unsigned char)*name < ' ' || *name == 0x7f)
			return false;
	return true;
}

/* Add what object says to entries, which have room for it. */
static int entry_add(struct entries *entries, const struct kind *kind,
		     struct json_object *object, char *error)
{
	struct json_object *id_value, *name_value;
	struct entry *entry = &entries->entry[entries->n];
	const char *name;
	uint64_t id;

	if (!json_object_is_type(object, json_type_object))
		return bad(error, "an %s is not an object", kind->what);
	json_object_object_get_ex(object, kind->name_key, &name_value);
	name = json_get_text(name_value);
	if (!name || !name_ok(name))
		return bad(error, "an %s has no valid \"%s\"", kind->what,
			   kind->name_key);
	json_object_object_get_ex(object, kind->id_key, &id_value);
	if (json_get_u64(id_value, kind->id_max, &id))
		return bad(error, "%s \"%s\": \"%s\" is not a number of 0..%u",
			   kind->what, name, kind->id_key, kind->id_max);
	if (find_id(entries, id))
		return bad(error, "%s \"%s\": id %u is there twice", kind->what,
			   name, (unsigned int)id);
	if (find_name(entries, name))
		return bad(error, "%s \"%s\" is there twice", kind->what, name);

	entry->name = strdup(name);
	if (!entry->name)
		return -ENOMEM;
	entry->id = id;
	entries->n++;
	return 0;
}

static int activities_parse(struct entries *activities,
			    const struct entry *experiment,
			    struct json_object *object, char *error)
{
	char inner[REGISTRY_ERROR_MAX - 64];
	struct json_object *array;
	size_t i, n;
	int ret;

	json_object_object_get_ex(object, "activities", &array);
	if (!json_object_is_type(array, json_type_array))
		return bad(error, "experiment \"%s\" has no \"activities\"",
			   experiment->name);
	n = json_object_array_length(array);
	ret = entries_init(activities, n);
	for (i = 0; i < n && !ret; i++)
		ret = entry_add(activities, &activity_kind,
				json_object_array_get_idx(array, i), error);
	if (ret == -EBADMSG) {
		snprintf(inner, sizeof(inner), "%s", error);
		bad(error, "experiment \"%.40s\": %s", experiment->name, inner);
	}
	return ret;
}

static int experiments_parse(struct registry *registry,
			     struct json_object *array, char *error)
{
	struct entries *experiments = &registry->experiments;
	size_t n = json_object_array_length(array);
	struct json_object *object;
	size_t i;
	int ret;

	registry->activities = calloc(n + 1, sizeof(*registry->activities));
	if (!registry->activities)
		return -ENOMEM;
	ret = entries_init(experiments, n);
	for (i = 0; i < n && !ret; i++) {
		object = json_object_array_get_idx(array, i);
		ret = entry_add(experiments, &experiment_kind, object, error);
		if (!ret)
			ret = activities_parse(&registry->activities[i],
					       &experiments->entry[i], object,
					       error);
	}
	return ret;
}

static int modified_parse(struct registry *registry, struct json_object *root)
{
	struct json_object *value;
	const char *text;

	json_object_object_get_ex(root, "modified", &value);
	text = json_get_text(value);
	if (!text || !name_ok(text))
		return 0;
	registry->modified = strdup(text);
	return registry->modified ? 0 : -ENOMEM;
}

static int root_parse(struct registry *registry, struct json_object *root,
		      char *error)
{
	struct json_object *version, *array;
	uint64_t number;

	if (!json_object_is_type(root, json_type_object))
		return bad(error, "is not a JSON object");
	json_object_object_get_ex(root, "version", &version);
	if (json_get_u64(version, UINT64_MAX, &number) ||
	    number != REGISTRY_VERSION)
		return bad(error, "\"version\" is not %d", REGISTRY_VERSION);
	json_object_object_get_ex(root, "experiments", &array);
	if (!json_object_is_type(array, json_type_array))
		return bad(error, "has no list \"experiments\"");
	if (modified_parse(registry, root))
		return -ENOMEM;
	return experiments_parse(registry, array, error);
}

int registry_parse(struct registry **out, const char *text, size_t len,
		   char error[static REGISTRY_ERROR_MAX])
{
	struct registry *registry;
	struct json_object *root;
	int ret;

	snprintf(error, REGISTRY_ERROR_MAX, "no memory");
	registry = calloc(1, sizeof(*registry));
	if (!registry)
		return -ENOMEM;
	root = json_parse(text, len, error);
	ret = root ? root_parse(registry, root, error) : -EBADMSG;
	json_object_put(root);
	if (ret) {
		registry_free(registry);
		return ret;
	}
	*out = registry;
	return 0;
}

const char *registry_default_path(void)
{
	const size_t n = sizeof(default_paths) / sizeof(default_paths[0]);
	const char *path = getenv("SCITAG_REGISTRY");
	size_t i;

	if (path && *path)
		return path;
	for (i = 0; i < n - 1; i++)
		if (access(default_paths[i], F_OK) == 0)
			break;
	return default_paths[i];
}

int registry_load(struct registry **out, const char *path,
		  char error[static REGISTRY_ERROR_MAX])
{
	char inner[REGISTRY_ERROR_MAX];
	char *text;
	size_t len;
	int ret;

	if (!path)
		path = registry_default_path();
	ret = file_read(path, REGISTRY_SIZE_MAX, &text, &len);
	if (ret) {
		bad(error, "registry %s: %s", path, strerror(-ret));
		return ret;
	}
	ret = registry_parse(out, text, len, inner);
	free(text);
	if (ret)
		bad(error, "registry %s: %s", path, inner);
	return ret;
}

void registry_free(struct registry *registry)
{
	size_t i;

	if (!registry)
		return;
	/* One more than experiments.n: the one that failed. */
	if (registry->activities)
		for (i = 0; i <= registry->experiments.n; i++)
			entries_exit(&registry->activities[i]);
	free(registry->activities);
	entries_exit(&registry->experiments);
	free(registry->modified);
	free(registry);
}

const char *registry_modified(const struct registry *registry)
{
	return registry->modified;
}

size_t registry_n_experiments(const struct registry *registry)
{
	return registry->experiments.n;
}

size_t registry_n_tags(const struct registry *registry)
{
	size_t i, n = 0;

	for (i = 0; i < registry->experiments.n; i++)
		n += registry->activities[i].n;
	return n;
}

/* The activities of an experiment; NULL if it is not known. */
static const struct entries *activities_of(const struct registry *registry,
					   uint32_t experiment)
{
	const struct entry *entry = find_id(&registry->experiments, experiment);

	if (!entry)
		return NULL;
	return &registry->activities[entry - registry->experiments.entry];
}

const char *registry_experiment_name(const struct registry *registry,
				     uint32_t experiment)
{
	const struct entry *entry = find_id(&registry->experiments, experiment);

	return entry ? entry->name : NULL;
}

const char *registry_activity_name(const struct registry *registry,
				   uint32_t experiment, uint32_t activity)
{
	const struct entries *activities = activities_of(registry, experiment);
	const struct entry *entry;

	entry = activities ? find_id(activities, activity) : NULL;
	return entry ? entry->name : NULL;
}

int registry_experiment_id(const struct registry *registry, const char *name,
			   uint32_t *experiment)
{
	const struct entry *entry = find_name(&registry->experiments, name);

	if (!entry)
		return -ENOENT;
	*experiment = entry->id;
	return 0;
}

int registry_activity_id(const struct registry *registry, uint32_t experiment,
			 const char *name, uint32_t *activity)
{
	const struct entries *activities = activities_of(registry, experiment);
	const struct entry *entry;

	entry = activities ? find_name(activities, name) : NULL;
	if (!entry)
		return -ENOENT;
	*activity = entry->id;
	return 0;
}

int registry_walk(const struct registry *registry, registry_cb cb, void *data)
{
	const struct entries *experiments = &registry->experiments;
	size_t i, j;
	int ret = 0;

	for (i = 0; i < experiments->n && !ret; i++) {
		const struct entries *activities = &registry->activities[i];

		for (j = 0; j < activities->n && !ret; j++) {
			struct tag tag = {
				.experiment = experiments->entry[i].id,
				.activity = activities->entry[j].id,
			};

			ret = cb(&tag, data);
		}
	}
	return ret;
}
