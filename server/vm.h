/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One VM: capture -> damage -> protocols -> clients, and input back. The file
 * to read first is vm.c. Loop thread; one per worker process.
 */
#ifndef PLANECAST_SERVER_VM_H
#define PLANECAST_SERVER_VM_H

#include <sys/socket.h>

#include "config/config.h"

struct channel_status;
struct event_base;
struct video_drivers;
struct vm;

/*
 * config is borrowed until vm_free() or the next vm_reconfigure(), drivers (NULL: none) until
 * vm_free(). -EINVAL, -ENOMEM, -EMFILE.
 */
int vm_new(struct event_base *base, const struct config_vm *config,
		const struct video_drivers *drivers, struct vm **ret);
void vm_free(struct vm *vm);

/* A client has connected to a listener; the VM owns the socket, also on failure. */
void vm_accept(struct vm *vm, enum config_listeners listener, int fd, const struct sockaddr *peer,
		socklen_t length);
/* Live keys only (config_vm_compare() said CONFIG_LIVE). */
void vm_reconfigure(struct vm *vm, const struct config_vm *config);
/* drivers say something else. */
void vm_drivers_changed(struct vm *vm);
/* What happened since the last call. */
void vm_status(struct vm *vm, struct channel_status *ret);

#endif
