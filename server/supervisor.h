/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The supervisor: keeps one worker process a VM, their listening sockets, and
 * the configuration they serve. Handles SIGTERM, SIGINT (end), SIGHUP (reload),
 * SIGCHLD. Reads nothing that a viewer or a guest sends. Loop thread.
 */
#ifndef PLANECAST_SERVER_SUPERVISOR_H
#define PLANECAST_SERVER_SUPERVISOR_H

#include <stdbool.h>

struct channel_status;
struct config;
struct event_base;
struct supervisor;

/* Each optional. */
struct supervisor_events {
	/*
	 * Reads the configuration again; the result becomes the supervisor's.
	 * Problems are the callee's to report; negative errno keeps the old one.
	 */
	int (*load)(void *user, struct config **ret);
	/* A worker accepts viewers: after each start. */
	void (*serving)(void *user, const char *vm);
	/* When something changed, at most once a second. Bytes of state are the worker's word: escape. */
	void (*status)(void *user, const char *vm, const struct channel_status *status);
};

/*
 * Takes config, on success only. Listens and starts all workers; that one cannot
 * is no error, it is tried again. events is borrowed. -ENOMEM.
 */
int supervisor_new(struct event_base *base, struct config *config,
		const struct supervisor_events *events, void *user, struct supervisor **ret);
/*
 * Ends all workers, then the loop of base, within a second: also when one cannot
 * be killed, which is logged. Called again: at once.
 */
void supervisor_stop(struct supervisor *supervisor);
void supervisor_free(struct supervisor *supervisor);

#endif
