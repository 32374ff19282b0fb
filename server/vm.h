/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One VM: capture -> damage -> protocols -> clients, and input back. The file
 * to read first is vm.c. Loop thread; one per worker process.
 */
#ifndef PLANECAST_SERVER_VM_H
#define PLANECAST_SERVER_VM_H

#include <sys/socket.h>

#include "config/config.h"
#include "config/role.h"
#include "net/protocol.h"

struct channel_status;
struct event_base;
struct video_drivers;
struct vm;

/* What happens there; all mandatory. From inside anything: the VM is not to be called back. */
struct vm_events {
	/* A viewer has come (why is NULL), or goes. */
	void (*viewer)(void *user, const struct protocol_viewer *viewer, const char *why);
	void (*auth_failed)(void *user, const char *protocol, const char *peer);
	/* The picture has another size or form; or there is none, for that reason. */
	void (*picture)(void *user, uint32_t width, uint32_t height, const char *reason);
	/* The picture that vm_set_looking() asked for, or a status card; borrowed, XR24, to be kept by a reference. */
	void (*shown)(void *user, struct frame *frame);
};

/*
 * config is borrowed until vm_free() or the next vm_reconfigure(), drivers (NULL: none) and events
 * until vm_free(). -EINVAL, -ENOMEM, -EMFILE.
 */
int vm_new(struct event_base *base, const struct config_vm *config, const struct video_drivers *drivers,
		const struct vm_events *events, void *user, struct vm **ret);
void vm_free(struct vm *vm);

/* A client has connected to a listener; the VM owns the socket, also on failure. */
void vm_accept(struct vm *vm, enum config_listeners listener, int fd, const struct sockaddr *peer,
		socklen_t length);
/* The same for a browser, over VNC: one of ours has asked who it is, and goes between. */
void vm_admit(struct vm *vm, int fd, const struct sockaddr *peer, socklen_t length,
		const struct protocol_proof *proof);
/* Live keys only (config_vm_compare() said CONFIG_LIVE). */
void vm_reconfigure(struct vm *vm, const struct config_vm *config);
/* The way to the broker: capture_take_broker(). Takes fd. */
void vm_take_broker(struct vm *vm, int fd);
/* drivers say something else. */
void vm_drivers_changed(struct vm *vm);
/* Calls each with every viewer, of one protocol after the other. */
void vm_each_viewer(struct vm *vm, protocol_viewer_fn each, void *user);
/* Closes the viewer of that id, 0: all. Returns how many that were. */
unsigned int vm_close_viewer(struct vm *vm, uint64_t id, const char *why);
/*
 * Somebody wants to see the newest picture, once, whether or not anybody watches: shown() is called from
 * in here if it is known, or else after a look. Not from inside an event.
 */
void vm_set_looking(struct vm *vm, bool looking);
/*
 * Makes a password that counts once, for so long, for that protocol ("vnc", "spice") and role:
 * net/tickets.h has the details, and what else it may say. ret_secret has room for
 * TICKETS_CHARS_MAX + 1 and is the caller's to wipe. -ENOENT: no such protocol; -ENOTSUP: it asks
 * nobody for a password.
 */
int vm_issue_ticket(struct vm *vm, const char *protocol, int64_t lifetime_ns, enum role role,
		const char *name, char *ret_secret);
/* What happened since the last call. */
void vm_status(struct vm *vm, struct channel_status *ret);

#endif
