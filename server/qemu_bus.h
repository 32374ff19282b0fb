/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One connection to the D-Bus display of a running QEMU (-display dbus, its docs/interop/dbus-display):
 * made, lost and made again by itself, shared by whoever in the VM's worker talks to QEMU there. Loop thread.
 *
 * Either over a bus of the VM's own (-display dbus,addr=...; QEMU always takes the name org.qemu, so
 * VMs cannot share one; libvirt, too, starts one for each), or from peer to peer (-display dbus,p2p=yes): then
 * each attempt hands QEMU a socket through its QMP monitor. QEMU answers to one peer at a time.
 *
 * Nothing that QEMU says is trusted. One that does not answer is given up after QEMU_BUS_PATIENCE_NS, and there is
 * another attempt with back-off (0.1 s .. 2 s); the log says why, once per change.
 */
#ifndef PLANECAST_SERVER_QEMU_BUS_H
#define PLANECAST_SERVER_QEMU_BUS_H

#include <stdbool.h>
#include <systemd/sd-bus.h>

#include "server/clock.h"

/* How long QEMU may take to answer anything. */
#define QEMU_BUS_PATIENCE_NS (5 * NSEC_PER_SEC)
/* In place of an address: from peer to peer. */
#define QEMU_BUS_P2P "p2p"

struct event_base;
struct guest;
struct qemu_bus;

/* One who talks to QEMU. The struct is his, and stays where it is while he is told. */
struct qemu_bus_user {
	/* QEMU can be called, and objects added to qemu_bus_get(). From the loop, or qemu_bus_add_user(). */
	void (*up)(void *data);
	/* Optional. It cannot any more: its slots are to be unref'ed in here. From the loop. */
	void (*down)(void *data);
	void *data;
	struct qemu_bus_user *next; /* the bus's */
};

/*
 * address: as D-Bus has them ("unix:path=/run/..."), or QEMU_BUS_P2P, which needs guest. guest is borrowed.
 * QEMU may come later. address NULL: *ret is NULL, too. -EINVAL, -ENOMEM.
 */
int qemu_bus_new(struct event_base *base, const char *address, struct guest *guest, struct qemu_bus **ret);
/* All users are gone before. NULL is fine. */
void qemu_bus_free(struct qemu_bus *bus);

void qemu_bus_add_user(struct qemu_bus *bus, struct qemu_bus_user *user);
/* Nothing where it is not among them. Its down() is not called. */
void qemu_bus_remove_user(struct qemu_bus *bus, struct qemu_bus_user *user);

bool qemu_bus_is_up(const struct qemu_bus *bus);
/* While it is not up: why, as one sentence for people; empty: nobody knows yet. Borrowed. */
const char *qemu_bus_trouble(const struct qemu_bus *bus);

/* The connection while it is up, else NULL; borrowed until down(). After a call of sd-bus's own: qemu_bus_wake(). */
sd_bus *qemu_bus_get(const struct qemu_bus *bus);
void qemu_bus_wake(struct qemu_bus *bus);
/* Whom calls go to: QEMU's unique name there, NULL from peer to peer. */
const char *qemu_bus_destination(const struct qemu_bus *bus);
/* On a bus anybody may send us anything. */
bool qemu_bus_is_sender(const struct qemu_bus *bus, sd_bus_message *message);

/*
 * Calls a method without waiting; arguments as sd_bus_message_append() takes them. answered is called from the loop,
 * with an error after QEMU_BUS_PATIENCE_NS too, unless *ret_slot was unref'ed (ret_slot NULL: it is kept for the
 * caller). answered NULL: QEMU is told not to answer. -ENOTCONN: not up; -ENOBUFS: QEMU takes nothing; -ENOMEM.
 */
int qemu_bus_call(struct qemu_bus *bus, sd_bus_slot **ret_slot, const char *path, const char *interface,
		const char *member, sd_bus_message_handler_t answered, void *user, const char *types, ...);
/* Hears a signal of QEMU's until *ret_slot is unref'ed. -ENOTCONN, -ENOMEM. */
int qemu_bus_hear(struct qemu_bus *bus, sd_bus_slot **ret_slot, const char *path, const char *interface,
		const char *member, sd_bus_message_handler_t heard, void *user);

#endif
