/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The gateway as the supervisor sees it: the listening sockets of the ports that
 * VMs share, its process while there is such a port, and what it is told. Nothing
 * a client sends is read here. Loop thread.
 */
#ifndef PLANECAST_SERVER_SUPERVISOR_GATEWAY_H
#define PLANECAST_SERVER_SUPERVISOR_GATEWAY_H

#include <stdbool.h>
#include <sys/types.h>

struct config;
struct event_base;
struct supervisor;
struct supervisor_gateway;
struct supervisor_sockets;
struct supervisor_vm;

/* -ENOMEM. */
int supervisor_gateway_new(struct event_base *base, struct supervisor *supervisor, struct supervisor_gateway **ret);
/* Kills a gateway that still runs, without waiting for its end. NULL is fine. */
void supervisor_gateway_free(struct supervisor_gateway *gateway);

/* In two steps, as those of VMs (server/supervisor_vm.h), and around theirs; config is borrowed. */
void supervisor_gateway_release(struct supervisor_gateway *gateway, const struct config *config);
void supervisor_gateway_apply(struct supervisor_gateway *gateway, const struct config *config);
/* A key of [server] has changed, and nothing else. */
void supervisor_gateway_tell_server(struct supervisor_gateway *gateway);
/* A VM's worker was started: its door may be another one. */
void supervisor_gateway_tell_doors(struct supervisor_gateway *gateway);
/* There is news of a VM. */
void supervisor_gateway_tell_vm(struct supervisor_gateway *gateway, const struct supervisor_vm *vm);

/* 0: it does not run. */
pid_t supervisor_gateway_pid(const struct supervisor_gateway *gateway);
const struct supervisor_sockets *supervisor_gateway_sockets(const struct supervisor_gateway *gateway);
bool supervisor_gateway_serves(const struct supervisor_gateway *gateway);
void supervisor_gateway_stop(struct supervisor_gateway *gateway);
void supervisor_gateway_kill(struct supervisor_gateway *gateway);
/* waitpid() has returned it. */
void supervisor_gateway_exited(struct supervisor_gateway *gateway, int status);

#endif
