/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One VM as the supervisor sees it: its listening sockets, its worker process,
 * and when that is started again. Nothing a viewer sends is read here. Loop
 * thread.
 */
#ifndef PLANECAST_SERVER_SUPERVISOR_VM_H
#define PLANECAST_SERVER_SUPERVISOR_VM_H

#include <stdbool.h>
#include <sys/types.h>

#include "server/channel.h"
#include "server/supervisor_questions.h"

struct config;
struct config_vm;
struct event_base;
struct supervisor_door;
struct supervisor_sockets;
struct supervisor_vm;

/* What is to be known of a VM, as of now; strings are borrowed. */
struct supervisor_vm_report {
	pid_t pid; /* 0: no worker runs */
	bool serves;
	int64_t started_ns; /* its worker, by clock_now_ns() */
	unsigned int starts; /* of workers, so far */
	struct channel_status status;
	const struct supervisor_sockets *sockets;
};

/* Mandatory. None frees the VM from inside a call. */
struct supervisor_vm_events {
	/* The worker accepts viewers: after each start. */
	void (*serving)(void *user, struct supervisor_vm *vm);
	/* The newest status; zeroes when a worker has ended. */
	void (*status)(void *user, struct supervisor_vm *vm, const struct channel_status *status);
	/* A worker was started, or has ended (how: supervisor_spawn.h) and another starts after delay_ns, -1: none. */
	void (*started)(void *user, struct supervisor_vm *vm, pid_t pid);
	void (*ended)(void *user, struct supervisor_vm *vm, pid_t pid, const char *how, int64_t delay_ns);
	/* What the worker tells: text, bytes long, that may be anything. 0, or -EINVAL: no worker of ours says that. */
	int (*told)(void *user, struct supervisor_vm *vm, const char *text, size_t bytes);
};

/* Binds nothing, starts nothing. -ENOMEM. */
int supervisor_vm_new(struct event_base *base, const char *name,
		const struct supervisor_vm_events *events, void *user, struct supervisor_vm **ret);
/* Kills a worker that still runs, without waiting for its end. Closes the sockets and removes those with a path. */
void supervisor_vm_free(struct supervisor_vm *vm);

const char *supervisor_vm_name(const struct supervisor_vm *vm);
/* What it was last told to be; borrowed; NULL once stopped. */
const struct config_vm *supervisor_vm_config(const struct supervisor_vm *vm);
/* 0: no worker runs. */
pid_t supervisor_vm_pid(const struct supervisor_vm *vm);

/*
 * A change of configuration is two steps, so that an address may move from one
 * VM to another: first every VM gives up what it loses, then each takes up what
 * it gets. config and config_vm are borrowed until the next call. supervisor_vm_apply
 * also starts the first worker, or brings back a VM that was stopped.
 */
void supervisor_vm_release(struct supervisor_vm *vm, const struct config *config, const struct config_vm *config_vm);
void supervisor_vm_apply(struct supervisor_vm *vm, const struct config *config,
		const struct config_vm *config_vm);
/* A key of [server] that workers obey has changed, and nothing else. */
void supervisor_vm_tell_server(struct supervisor_vm *vm);
void supervisor_vm_report(const struct supervisor_vm *vm, struct supervisor_vm_report *ret);
/*
 * Asks the worker; text is a request as on the control socket. answer is called later and
 * once, unless supervisor_question_forget(*ret) comes first. -ENOTCONN: there is no worker that
 * serves; -EBUSY: it has too much to answer already; -ENOMEM, -EINVAL.
 */
int supervisor_vm_ask(struct supervisor_vm *vm, const char *text, supervisor_answer_fn answer, void *user,
		struct supervisor_question **ret);
/* Where the gateway hands over who has come for it; its own, as long as the VM lives. */
struct supervisor_door *supervisor_vm_door(struct supervisor_vm *vm);
/* Another one where the gateway has shut it. */
void supervisor_vm_mend_door(struct supervisor_vm *vm);
/* Its worker runs, gets its device from the broker, and has no channel to that. */
bool supervisor_vm_lacks_broker(const struct supervisor_vm *vm);
/* Gives it one; fd stays the caller's. -1: what it had has ended. */
void supervisor_vm_give_broker(struct supervisor_vm *vm, int fd);
/* Closes its sockets; asks the worker to end and kills it when it does not. */
void supervisor_vm_stop(struct supervisor_vm *vm);
/* No more patience. */
void supervisor_vm_kill(struct supervisor_vm *vm);
/* waitpid() has returned its worker. */
void supervisor_vm_exited(struct supervisor_vm *vm, int status);

#endif
