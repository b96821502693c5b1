// SPDX-License-Identifier: GPL-2.0
#include "sources.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "log.h"
#include "pipe.h"
#include "receiver.h"

struct sources {
	sd_event *event;
	struct flows *flows;
	struct local *local;
	struct emitter *emitter;
	struct pipe **pipes;
	size_t n_pipes;
	struct receiver **receivers;
	size_t n_receivers;
};

int sources_new(struct sources **out, sd_event *event, struct flows *flows,
		struct local *local, struct emitter *emitter)
{
	struct sources *sources = calloc(1, sizeof(*sources));

	if (!sources)
		return -ENOMEM;
	sources->event = event;
	sources->flows = flows;
	sources->local = local;
	sources->emitter = emitter;
	*out = sources;
	return 0;
}

/* Of the pipes and receivers, all but the first ones, which are the oldest. */
static void close_behind(struct sources *sources, size_t n_pipes,
			 size_t n_receivers)
{
	while (sources->n_receivers > n_receivers)
		receiver_free(sources->receivers[--sources->n_receivers]);
	while (sources->n_pipes > n_pipes)
		pipe_free(sources->pipes[--sources->n_pipes]);
}

void sources_free(struct sources *sources)
{
	if (!sources)
		return;
	close_behind(sources, 0, 0);
	free(sources->receivers);
	free(sources->pipes);
	free(sources);
}

static bool has_pipe(const struct sources *sources, const char *path)
{
	size_t i;

	for (i = 0; i < sources->n_pipes; i++)
		if (pipe_is_at(sources->pipes[i], path))
			return true;
	return false;
}

static int open_pipe(struct sources *sources, const char *path)
{
	struct pipe **pipes;
	int ret;

	if (has_pipe(sources, path))
		return 0;
	pipes = reallocarray(sources->pipes, sources->n_pipes + 1,
			     sizeof(struct pipe *));
	if (!pipes)
		return -ENOMEM;
	sources->pipes = pipes;
	ret = pipe_new(&pipes[sources->n_pipes], sources->event, path,
		       sources->flows);
	if (!ret)
		sources->n_pipes++;
	return ret;
}

static bool has_receiver(const struct sources *sources,
			 const struct endpoint *listen)
{
	size_t i;

	for (i = 0; i < sources->n_receivers; i++)
		if (receiver_is_at(sources->receivers[i], listen))
			return true;
	return false;
}

static int open_receiver(struct sources *sources, const struct endpoint *listen)
{
	struct receiver **receivers;
	int ret;

	if (has_receiver(sources, listen))
		return 0;
	receivers = reallocarray(sources->receivers, sources->n_receivers + 1,
				 sizeof(struct receiver *));
	if (!receivers)
		return -ENOMEM;
	sources->receivers = receivers;
	ret = receiver_new(&receivers[sources->n_receivers], sources->event,
			   listen, sources->flows, sources->local,
			   sources->emitter);
	if (!ret)
		sources->n_receivers++;
	/* A host without IPv6, or without IPv4, runs all the same. */
	return ret == -EAFNOSUPPORT || ret == -EADDRNOTAVAIL ? 0 : ret;
}

int sources_open(struct sources *sources, const struct config *config)
{
	size_t n_pipes = sources->n_pipes;
	size_t n_receivers = sources->n_receivers;
	const char *key = "pipes";
	int ret = 0;
	size_t i;

	for (i = 0; i < config->n_pipes && !ret; i++)
		ret = open_pipe(sources, config->pipes[i]);
	if (!ret)
		key = "receiver.listen";
	for (i = 0; i < config->n_listen && !ret; i++)
		ret = open_receiver(sources, &config->listen[i]);
	if (ret) {
		log_err("%s: not all can be opened: %s", key, strerror(-ret));
		close_behind(sources, n_pipes, n_receivers);
		return ret;
	}
	if (!sources->n_pipes && !sources->n_receivers && !config->n_http)
		log_warn(
			"no pipe, no receiver, no HTTP: no flow will ever start");
	return 0;
}

static bool wants_pipe(const struct config *config, const struct pipe *pipe)
{
	size_t i;

	for (i = 0; i < config->n_pipes; i++)
		if (pipe_is_at(pipe, config->pipes[i]))
			return true;
	return false;
}

static bool wants_receiver(const struct config *config,
			   const struct receiver *receiver)
{
	size_t i;

	for (i = 0; i < config->n_listen; i++)
		if (receiver_is_at(receiver, &config->listen[i]))
			return true;
	return false;
}

void sources_close(struct sources *sources, const struct config *config)
{
	size_t i, n;

	for (i = 0, n = 0; i < sources->n_pipes; i++) {
		if (wants_pipe(config, sources->pipes[i]))
			sources->pipes[n++] = sources->pipes[i];
		else
			pipe_free(sources->pipes[i]);
	}
	sources->n_pipes = n;
	for (i = 0, n = 0; i < sources->n_receivers; i++) {
		if (wants_receiver(config, sources->receivers[i]))
			sources->receivers[n++] = sources->receivers[i];
		else
			receiver_free(sources->receivers[i]);
	}
	sources->n_receivers = n;
}

size_t sources_n_pipes(const struct sources *sources)
{
	return sources->n_pipes;
}

const struct pipe *sources_pipe(const struct sources *sources, size_t number)
{
	return sources->pipes[number];
}

size_t sources_n_receivers(const struct sources *sources)
{
	return sources->n_receivers;
}

const struct receiver *sources_receiver(const struct sources *sources,
					size_t number)
{
	return sources->receivers[number];
}

void sources_log_counters(const struct sources *sources)
{
	size_t i;

	for (i = 0; i < sources->n_pipes; i++)
		pipe_log_counters(sources->pipes[i]);
	for (i = 0; i < sources->n_receivers; i++)
		receiver_log_counters(sources->receivers[i]);
}
