/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The listening sockets of one VM, or of the gateway. They belong to the supervisor and
 * outlive workers, so that viewers who come while a worker restarts wait in the backlog.
 * Loop thread.
 */
#ifndef PLANECAST_SERVER_SUPERVISOR_SOCKETS_H
#define PLANECAST_SERVER_SUPERVISOR_SOCKETS_H

#include <stdbool.h>
#include <sys/types.h>

#include "config/address.h"
#include "config/config.h"

struct supervisor_socket {
	enum config_listeners protocol;
	char *address; /* as the configuration writes it */
	int fd; /* -1: could not be bound so far */
	bool complained;
	dev_t device; /* what a path named when it was bound; zeroes otherwise */
	ino_t inode;
};

#define SUPERVISOR_SOCKETS_MAX (CONFIG_LISTENERS * CONFIG_ADDRESSES_MAX)

struct supervisor_sockets {
	unsigned int count;
	struct supervisor_socket sockets[SUPERVISOR_SOCKETS_MAX];
};

/* Mandatory. The socket's fields are borrowed. */
struct supervisor_sockets_events {
	void (*opened)(void *user, const struct supervisor_socket *socket);
	void (*closing)(void *user, const struct supervisor_socket *socket);
};

/* "KEY ADDRESS", which tells a listener from the VM's others. Always terminates buf; returns it. */
#define SUPERVISOR_SOCKET_NAME_MAX (ADDRESS_TEXT_MAX + 16)
const char *supervisor_socket_name(const struct supervisor_socket *socket,
		char buf[SUPERVISOR_SOCKET_NAME_MAX]);
/* Where it listens, with the port that the kernel chose; as configured while it does not. Returns buf. */
const char *supervisor_socket_address(const struct supervisor_socket *socket, char buf[ADDRESS_TEXT_MAX]);
/* In what follows config_vm is one of config's; NULL: the listeners are those that all VMs share. */

/* Closes what the configuration does not name; closing() is called for each that was bound. */
void supervisor_sockets_keep(struct supervisor_sockets *sockets, const struct config *config,
		const struct config_vm *config_vm, const struct supervisor_sockets_events *events,
		void *user);
/*
 * Takes up the addresses that are new, and binds
 * whatever is not bound; opened() is called for each that now is. Bound anew,
 * after closing(), is also what a worker has shut down, and a unix socket whose
 * path was removed or taken over; what is then at the path is not touched while
 * somebody listens there. An address
 * that cannot be had is one line in the log, the first time. Returns how many
 * are not bound. -ENOMEM.
 */
int supervisor_sockets_bind(struct supervisor_sockets *sockets, const struct config *config,
		const struct config_vm *config_vm, const struct supervisor_sockets_events *events,
		void *user);
/* Closes all, without a call. */
void supervisor_sockets_finish(struct supervisor_sockets *sockets);

#endif
