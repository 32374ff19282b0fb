/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The broker (server/broker/broker.h) as the supervisor sees it: its process, while
 * a VM's device is to be found, and the channels from it to workers, which say by
 * themselves who may have which device. Loop thread.
 */
#ifndef PLANECAST_SERVER_SUPERVISOR_BROKER_H
#define PLANECAST_SERVER_SUPERVISOR_BROKER_H

#include <stdbool.h>
#include <sys/types.h>

struct config;
struct config_vm;
struct event_base;
struct supervisor;
struct supervisor_broker;

/* -ENOMEM. */
int supervisor_broker_new(struct event_base *base, struct supervisor *supervisor, struct supervisor_broker **ret);
/* Kills a broker that still runs, without waiting for its end. NULL is fine. */
void supervisor_broker_free(struct supervisor_broker *broker);

/* The broker is to find this VM's device. */
bool supervisor_broker_is_for(const struct config_vm *config);

/* After VMs have been told theirs; config is borrowed. */
void supervisor_broker_apply(struct supervisor_broker *broker, const struct config *config);
/* A key of [server] has changed, and nothing else. */
void supervisor_broker_tell_server(struct supervisor_broker *broker);
/* A VM's worker was started. */
void supervisor_broker_tell_vms(struct supervisor_broker *broker);

/* 0: it does not run. */
pid_t supervisor_broker_pid(const struct supervisor_broker *broker);
void supervisor_broker_stop(struct supervisor_broker *broker);
void supervisor_broker_kill(struct supervisor_broker *broker);
/* waitpid() has returned it. */
void supervisor_broker_exited(struct supervisor_broker *broker, int status);

#endif
