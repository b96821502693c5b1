// SPDX-License-Identifier: GPL-2.0
/*
 * scitagd: makes the units, in order, connects them, runs the loop, gives them
 * another configuration when asked to, and unmakes them in reverse. What
 * happens is decided in the units.
 */
#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>
#include <time.h>
#include <unistd.h>

#include "config.h"
#include "emitter.h"
#include "flows.h"
#include "http.h"
#include "import.h"
#include "kernel.h"
#include "local.h"
#include "log.h"
#include "pages.h"
#include "paths.h"
#include "recent.h"
#include "sources.h"
#include "state.h"
#include "token.h"

#define DEFAULT_CONFIG "/etc/scitag/scitagd.conf"

/* Longest text of a status with its NUL. */
#define STATUS_MAX 512

const char *argp_program_version = "scitagd " SCITAG_VERSION;

struct arguments {
	const char *config; /* NULL: DEFAULT_CONFIG, if it is there */
	bool check;
	bool print;
	const char *import; /* NULL: nothing is to be imported */
	int log_level; /* -1: as configured */
};

struct daemon {
	const struct arguments *arguments;
	struct config *config;
	sd_event *event;
	struct local *local;
	struct kernel *kernel;
	struct emitter *emitter;
	struct state *state; /* NULL: flows do not survive a restart */
	struct flows *flows;
	struct sources *sources;
	struct pages pages;
	struct recent recent;
	char *token; /* of the HTTP server; NULL: none */
	struct http **http;
	size_t n_http;
};

enum { KEY_CHECK = 256, KEY_PRINT, KEY_IMPORT, KEY_LOG_LEVEL };

static const struct argp_option argp_options[] = {
	{ "config", 'c', "FILE", 0,
	  "Configuration (default " DEFAULT_CONFIG ", if there is one)", 0 },
	{ "check", KEY_CHECK, NULL, 0,
	  "Check the configuration, print what is wrong with it, and exit", 0 },
	{ "print-config", KEY_PRINT, NULL, 0,
	  "Print all keys and what they are set to, and exit", 0 },
	{ "import", KEY_IMPORT, "FILE", 0,
	  "Print a configuration of flowd or flowd-go as one of scitagd", 0 },
	{ "log-level", KEY_LOG_LEVEL, "LEVEL", 0,
	  "error, warning, notice, info or debug, in place of the configured",
	  0 },
	{ 0 },
};

static error_t parse_argument(int key, char *arg, struct argp_state *state)
{
	struct arguments *arguments = state->input;

	switch (key) {
	case 'c':
		arguments->config = arg;
		return 0;
	case KEY_CHECK:
		arguments->check = true;
		return 0;
	case KEY_PRINT:
		arguments->print = true;
		return 0;
	case KEY_IMPORT:
		arguments->import = arg;
		return 0;
	case KEY_LOG_LEVEL:
		if (config_log_level_parse(&arguments->log_level, arg))
			argp_error(state, "\"%s\" is not a log level", arg);
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "what is \"%s\"?", arg);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = argp_options,
	.parser = parse_argument,
	.doc = "Marks the flows that programs announce, and tells of them by "
	       "fireflies. See scitagd(8) and scitagd.conf(5)."
	       "\v"
	       "Examples: scitagd --check --config new.conf\n"
	       "          scitagd --import /etc/flowd-go/conf.yaml >new.conf\n"
	       "How it is: scitag status. As a service: systemctl start scitagd",
};

/* All are logged; data is room for the first one. */
static void on_config_error(void *data, const char *text)
{
	char *first = data;

	log_err("%s", text);
	if (!first[0])
		snprintf(first, STATUS_MAX, "%s", text);
}

/*
 * Unlike a file that was asked for, the usual one may be missing. error gets
 * the first of what is wrong.
 */
static int load_config(struct config **config, const struct arguments *args,
		       char error[static STATUS_MAX])
{
	const char *path = args->config;
	int ret;

	error[0] = '\0';
	/* What cannot be looked for may be there: reading it says why. */
	if (!path && (access(DEFAULT_CONFIG, F_OK) == 0 || errno != ENOENT))
		path = DEFAULT_CONFIG;
	ret = config_load(config, path, on_config_error, error);
	if (!ret && args->log_level >= 0)
		(*config)->log_level = args->log_level;
	return ret;
}

static void log_counters(const struct daemon *d)
{
	sources_log_counters(d->sources);
	flows_log_counters(d->flows);
	kernel_log_counters(d->kernel);
	emitter_log_counters(d->emitter);
}

static int on_usr1(sd_event_source *source, const struct signalfd_siginfo *info,
		   void *data)
{
	(void)source;
	(void)info;
	log_counters(data);
	return 0;
}

/* What is opened at the start for good. */
static void say_what_stays(const struct config *before,
			   const struct config *config)
{
	static const char *const paths[] = { "http.listen", "http.token-file",
					     "state-file" };
	size_t i;

	for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		if (config_differs(before, config, paths[i]))
			log_warn(
				"%s: takes effect at the next start only: systemctl restart scitagd",
				paths[i]);
}

/*
 * What can fail comes first, so that all is as it was if it does. What is open
 * and stays so is not touched.
 */
static int reload(struct daemon *d, char error[static STATUS_MAX])
{
	struct config *config;
	int ret;

	ret = load_config(&config, d->arguments, error);
	if (ret)
		return ret;
	ret = sources_open(d->sources, config);
	if (!ret)
		ret = emitter_reload(d->emitter, config);
	if (ret) {
		snprintf(error, STATUS_MAX, "%s", strerror(-ret));
		sources_close(d->sources, d->config);
		config_free(config);
		return ret;
	}
	log_set_level(config->log_level);
	local_set(d->local, config->local_addresses, config->n_local_addresses);
	flows_reload(d->flows, config);
	kernel_reload(d->kernel, config);
	sources_close(d->sources, config);
	say_what_stays(d->config, config);
	config_free(d->config);
	d->config = config;
	d->pages.config = config;
	return 0;
}

static int on_hup(sd_event_source *source, const struct signalfd_siginfo *info,
		  void *data)
{
	char error[STATUS_MAX];
	struct timespec now;

	(void)source;
	(void)info;
	clock_gettime(CLOCK_MONOTONIC, &now);
	sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64,
		   (uint64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000);
	if (!reload(data, error)) {
		log_notice("the configuration is reloaded");
		sd_notify(0, "READY=1\nSTATUS=The configuration was reloaded");
		return 0;
	}
	log_err("the configuration is not reloaded: the old one stays");
	/* A key that is quoted may have a line break. */
	error[strcspn(error, "\n")] = '\0';
	sd_notifyf(0, "READY=1\nSTATUS=The old configuration stays: %s", error);
	return 0;
}

static int open_event(struct daemon *d)
{
	sigset_t signals;
	int ret;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	sigaddset(&signals, SIGUSR1);
	sigprocmask(SIG_BLOCK, &signals, NULL);

	ret = sd_event_new(&d->event);
	if (ret < 0)
		return ret;
	/* Without a handler a signal ends the loop. */
	ret = sd_event_add_signal(d->event, NULL, SIGTERM, NULL, NULL);
	if (ret >= 0)
		ret = sd_event_add_signal(d->event, NULL, SIGINT, NULL, NULL);
	if (ret >= 0)
		ret = sd_event_add_signal(d->event, NULL, SIGUSR1, on_usr1, d);
	if (ret >= 0)
		ret = sd_event_add_signal(d->event, NULL, SIGHUP, on_hup, d);
	if (ret >= 0)
		ret = sd_event_set_watchdog(d->event, true);
	return ret < 0 ? ret : 0;
}

static int open_flows(struct daemon *d)
{
	struct flows_calls calls = {
		.mark = kernel_mark,
		.unmark = kernel_unmark,
		.sample = kernel_sample,
		.is_gone = kernel_is_gone,
		.is_there = kernel_can_tell,
		.report = emitter_report,
	};
	int ret;

	ret = local_new(&d->local, d->config->local_addresses,
			d->config->n_local_addresses);
	if (!ret)
		ret = kernel_new(&d->kernel, d->config, d->event);
	if (!ret)
		ret = emitter_new(&d->emitter, d->event, d->config, d->local);
	if (ret)
		return ret;
	if (d->config->state_file &&
	    !state_new(&d->state, d->config->state_file)) {
		calls.note = state_note;
		calls.notes = d->state;
	}
	calls.kernel = d->kernel;
	calls.emitter = d->emitter;
	ret = flows_new(&d->flows, d->config, d->local, &calls);
	if (ret)
		return ret;
	kernel_attach(d->kernel, d->flows);
	if (d->state)
		state_load(d->state, d->flows);
	kernel_settle(d->kernel);
	return 0;
}

static struct pages pages_of(const struct daemon *d)
{
	return (struct pages){
		.config = d->config,
		.flows = d->flows,
		.kernel = d->kernel,
		.emitter = d->emitter,
		.sources = d->sources,
		.recent = &d->recent,
		.start_s = time(NULL),
	};
}

/*
 * As with receivers, a host need not have every address; and who starts the
 * daemon by hand need not have the directory of the usual socket.
 */
static bool is_optional(const struct endpoint *listen, int ret)
{
	if (ret == -ENOENT || ret == -EACCES)
		return !strcmp(listen->host, PATHS_HTTP_SOCKET);
	return ret == -EAFNOSUPPORT || ret == -EADDRNOTAVAIL;
}

/* For good: what is to be answered elsewhere is so after the next start. */
static int open_http(struct daemon *d)
{
	const struct config *config = d->config;
	size_t i;
	int ret;

	if (config->http_token_file) {
		ret = token_read(&d->token, config->http_token_file);
		if (ret)
			return ret;
	}
	d->pages = pages_of(d);
	d->http = calloc(config->n_http + 1, sizeof(*d->http));
	if (!d->http)
		return -ENOMEM;
	for (i = 0; i < config->n_http; i++) {
		ret = http_new(&d->http[d->n_http], d->event, &config->http[i],
			       d->token, &d->pages);
		if (is_optional(&config->http[i], ret))
			continue;
		if (ret)
			return ret;
		d->n_http++;
	}
	return 0;
}

static int start(struct daemon *d)
{
	int ret;

	ret = open_event(d);
	if (!ret)
		ret = open_flows(d);
	if (!ret)
		ret = sources_new(&d->sources, d->event, d->flows, d->local,
				  d->emitter);
	if (!ret)
		ret = sources_open(d->sources, d->config);
	return ret ? ret : open_http(d);
}

/* Also of what start() has begun only. */
static void stop(struct daemon *d)
{
	while (d->n_http)
		http_free(d->http[--d->n_http]);
	free(d->http);
	free(d->token);
	sources_free(d->sources);
	flows_free(d->flows);
	state_free(d->state);
	emitter_free(d->emitter);
	kernel_free(d->kernel);
	local_free(d->local);
	sd_event_unref(d->event);
	config_free(d->config);
}

static int run(struct daemon *d)
{
	int ret;

	sd_notify(0, "READY=1");
	log_notice("scitagd " SCITAG_VERSION " is ready");
	ret = sd_event_loop(d->event);
	sd_notify(0, "STOPPING=1");
	kernel_hand_over(d->kernel);
	if (d->state && state_is_well(d->state) && !d->config->end_at_shutdown)
		flows_hand_over(d->flows);
	else
		flows_end_all(d->flows);
	if (d->state)
		state_compact(d->state);
	log_counters(d);
	return ret;
}

static void on_import_message(void *data, const char *text)
{
	(void)data;
	log_warn("%s", text);
}

static int print_config(const struct config *config)
{
	int ret = config_print(config, NULL, stdout);

	if (ret)
		log_err("the configuration cannot be printed: %s",
			strerror(-ret));
	return ret;
}

int main(int argc, char **argv)
{
	struct arguments arguments = { .log_level = -1 };
	struct daemon d = { .arguments = &arguments };
	char error[STATUS_MAX];
	int ret;

	argp_parse(&argp, argc, argv, 0, NULL, &arguments);
	log_set_observer(recent_note, &d.recent);
	if (arguments.import)
		return import_file(arguments.import, stdout, on_import_message,
				   NULL) ?
			       EXIT_FAILURE :
			       EXIT_SUCCESS;
	ret = load_config(&d.config, &arguments, error);
	if (!ret)
		log_set_level(d.config->log_level);
	if (!ret && arguments.print) {
		ret = print_config(d.config);
	} else if (!ret && !arguments.check) {
		ret = start(&d);
		if (ret)
			log_err("scitagd cannot start: %s", strerror(-ret));
		else
			ret = run(&d);
	}
	stop(&d);
	return ret ? EXIT_FAILURE : EXIT_SUCCESS;
}
