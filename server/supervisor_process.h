/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A process of ours that serves, as the supervisor holds it: started, fed through
 * its channel, watched, asked to end, killed when it does not, and started again,
 * after a delay that grows while it keeps dying. Loop thread.
 */
#ifndef PLANECAST_SERVER_SUPERVISOR_PROCESS_H
#define PLANECAST_SERVER_SUPERVISOR_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "server/channel.h"

struct event;
struct event_base;

/* Mandatory where nothing else is said. None frees the process from inside a call. */
struct supervisor_process_events {
	/* It is about to start. Optional. */
	void (*starting)(void *user);
	/* It runs: it is to be told what it needs. */
	void (*started)(void *user);
	/* What it says; fd is borrowed, -1: none. False: nothing that a process of ours says. */
	bool (*said)(void *user, enum channel_kind kind, const char *payload, size_t bytes, int fd);
	/* The same of what it had said when it ended. Optional. */
	void (*last_word)(void *user, enum channel_kind kind, const char *payload, size_t bytes);
	/* Its channel is closed. Optional. */
	void (*unreachable)(void *user);
	/*
	 * waitpid() has returned it, with status; how: supervisor_spawn.h. expected: it was told to
	 * end. Another one starts after delay_ns, -1: none does. Optional.
	 */
	void (*ended)(void *user, pid_t pid, int status, const char *how, bool expected, int64_t delay_ns);
};

struct supervisor_process {
	/* The owner's, as given. */
	struct event_base *base;
	const char *what; /* "worker": what the log calls it */
	const char *option, *name; /* its command line; name is its VM's, NULL: none */
	const struct supervisor_process_events *events;
	void *user;
	bool privileged; /* it is given what server/privileges.h is about */
	int64_t restart_delay_max_ns; /* the owner's, to be changed at will */
	/* To be read by the owner. */
	pid_t pid; /* 0: none */
	int channel; /* -1: none */
	bool wanted; /* when it ends, another one starts */
	bool stopping; /* asked to end */
	int64_t started_ns;
	unsigned int starts; /* ever */
	/* Its own. */
	struct event *channel_event, *kill_timer, *start_timer;
	int64_t messages_paid_ns; /* up to when the time that passed paid for its messages */
	unsigned int failures; /* in a row */
};

/* Strings and events are borrowed. Starts nothing. -ENOMEM: finish it all the same. */
int supervisor_process_init(struct supervisor_process *process, struct event_base *base, const char *what,
		const char *option, const char *name, const struct supervisor_process_events *events, void *user);
/* Kills what still runs, without waiting for its end. */
void supervisor_process_finish(struct supervisor_process *process);

/* Starts it, or, if one runs, asks that one to end and starts another one then. */
void supervisor_process_start(struct supervisor_process *process);
/* Asks it to end, and kills it when it does not. */
void supervisor_process_stop(struct supervisor_process *process);
/* No more patience. */
void supervisor_process_kill(struct supervisor_process *process);
/* It is of no more use: as if it had died. */
void supervisor_process_abandon(struct supervisor_process *process);
/* An order. Who does not take it is killed. */
void supervisor_process_tell(struct supervisor_process *process, enum channel_kind kind, const void *payload,
		size_t payload_bytes, int fd);
/* It was asked something: its answer is none too much. */
void supervisor_process_asked(struct supervisor_process *process);
/* waitpid() has returned it. */
void supervisor_process_exited(struct supervisor_process *process, int status);

#endif
