/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where things are that more than one program looks for.
 */
#ifndef SCITAG_PATHS_H
#define SCITAG_PATHS_H

/* Where the daemon answers HTTP unless configured otherwise. */
#define PATHS_HTTP_SOCKET "/run/scitagd/http.sock"

/* A registry that was fetched. */
#define PATHS_REGISTRY_UPDATED "/var/lib/scitag/registry.json"

#endif /* SCITAG_PATHS_H */
