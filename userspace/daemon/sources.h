/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What tells the daemon of flows: its pipes and receivers, as configured.
 */
#ifndef SCITAGD_SOURCES_H
#define SCITAGD_SOURCES_H

#include <systemd/sd-event.h>

struct config;
struct emitter;
struct flows;
struct local;
struct pipe;
struct receiver;
struct sources;

/* None are open as yet. All is used as long as this lives. 0 or -errno. */
int sources_new(struct sources **out, sd_event *event, struct flows *flows,
		struct local *local, struct emitter *emitter);
void sources_free(struct sources *sources); /* NULL is fine */

/*
 * Open those that config has and that are not open; an address that this host
 * does not have is left out. Those that are open stay as they are, so that
 * nothing is lost that is on its way to them.
 * Returns 0; or, with all that it has opened closed again, -errno: the key is
 * logged.
 */
int sources_open(struct sources *sources, const struct config *config);

/* Close those that config does not have. */
void sources_close(struct sources *sources, const struct config *config);

/* Those that are open, by number. */
size_t sources_n_pipes(const struct sources *sources);
const struct pipe *sources_pipe(const struct sources *sources, size_t number);
size_t sources_n_receivers(const struct sources *sources);
const struct receiver *sources_receiver(const struct sources *sources,
					size_t number);

void sources_log_counters(const struct sources *sources);

#endif /* SCITAGD_SOURCES_H */
