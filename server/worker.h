/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The process that serves one VM: one libevent loop around vm.c. Either fed by
 * a supervisor through a channel, or alone in the foreground.
 */
#ifndef PLANECAST_SERVER_WORKER_H
#define PLANECAST_SERVER_WORKER_H

struct config;

/* Most descriptors a process of ours asks for: more than a VM's viewers can need. */
#define WORKER_FDS_MAX 65536

/*
 * Serves the VM that the supervisor at the other end of channel describes, until
 * it says stop or goes away. Takes channel. Returns the process's exit status.
 */
int worker_run_supervised(const char *name, int channel);

/* Reads the configuration again, for SIGHUP. Problems are the callee's to report. */
typedef int (*worker_load_fn)(void *user, struct config **ret);

/*
 * Serves one VM of config on listeners of its own until SIGTERM or SIGINT.
 * Takes config. name must be in it. Returns the process's exit status.
 */
int worker_run_alone(struct config *config, const char *name, worker_load_fn load, void *user);

/* Raises the soft limit of open files to the hard one, at most to WORKER_FDS_MAX. */
void worker_raise_fd_limit(void);

#endif
