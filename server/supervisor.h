/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The supervisor: keeps one worker process a VM, their listening sockets, and
 * the configuration they serve. Handles SIGTERM, SIGINT (end), SIGHUP (reload),
 * SIGCHLD, and serves the control socket (server/control.h). Reads nothing that a
 * viewer or a guest sends. Loop thread.
 */
#ifndef PLANECAST_SERVER_SUPERVISOR_H
#define PLANECAST_SERVER_SUPERVISOR_H

#include <stdbool.h>

#include "config/config.h"

struct channel_status;
struct event_base;
struct supervisor;
struct supervisor_gateway;
struct supervisor_vm;

/* Each optional. */
struct supervisor_events {
	/*
	 * Reads the configuration again; the result becomes the supervisor's. Problems
	 * are the callee's to log, and go to report (NULL: nobody asks) as well;
	 * negative errno keeps the old one.
	 */
	int (*load)(void *user, config_report_fn report, void *report_user, struct config **ret);
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

/* For the control socket. */

/* As SIGHUP does. -EINVAL: the configuration is wrong; -ENOTSUP: there is none to read; -ESHUTDOWN, -ENOMEM. */
int supervisor_reload(struct supervisor *supervisor, config_report_fn report, void *report_user);
/* Of supervisor and workers, until the next reload; enum log_level. */
void supervisor_set_log_level(struct supervisor *supervisor, int level);
const struct config *supervisor_config(const struct supervisor *supervisor);
/* There always is one, though it need not run. */
const struct supervisor_gateway *supervisor_get_gateway(const struct supervisor *supervisor);
/* NULL: there is none of that name in the configuration. */
struct supervisor_vm *supervisor_find_vm(struct supervisor *supervisor, const char *name);
/* In the order in which they came up in configurations. */
void supervisor_each_vm(struct supervisor *supervisor, void (*each)(void *user, struct supervisor_vm *vm), void *user);

#endif
