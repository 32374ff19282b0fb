/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A worker's side of the channel to the broker (server/channel.h), which passes a
 * device and the pidfd of the process that has it open: its owner.
 *
 * Whoever uses the device has given back all of it when gone() returns; the broker
 * is told so then. The owner's end is noticed here, before anything else that the
 * loop has to do, and needs no broker. Where the broker itself ends, what is held
 * stays held. A broker that comes anew and passes the device of the same owner
 * changes nothing: the kernel keeps a device that we have open from everybody else,
 * so it is the same one. It is told of what it has passed itself.
 *
 * The broker may look into other processes, but it is of our own making: what it says is
 * checked for size and kind (channel_receive()), and its texts are made printable. A worker
 * names no device, so that one in a viewer's hands can ask for nothing. Loop thread;
 * never blocks.
 */
#ifndef PLANECAST_SERVER_CAPTURE_ATTACH_BROKER_H
#define PLANECAST_SERVER_CAPTURE_ATTACH_BROKER_H

struct attach_broker;
struct channel_owner;
struct event_base;

/* All mandatory. reason: a sentence or two for people, borrowed. */
struct attach_broker_events {
	/* fd, close-on-exec, is the callee's, until it gives it back. owner is borrowed. */
	void (*passed)(void *user, int fd, const struct channel_owner *owner);
	/* What was passed has to be given back before this returns. */
	void (*gone)(void *user, const char *reason);
	/* While there is no device: why. */
	void (*none)(void *user, const char *reason);
};

/* -ENOMEM. */
int attach_broker_new(struct event_base *base, const struct attach_broker_events *events, void *user,
		struct attach_broker **ret);
/* NULL is fine. Calls nobody. */
void attach_broker_free(struct attach_broker *broker);

/* Takes fd, also on failure; in place of one before. -ENOMEM. */
int attach_broker_open(struct attach_broker *broker, int fd);
/* All of what was passed last has been given back, for another reason than gone(). Also from inside passed(). */
void attach_broker_release(struct attach_broker *broker);

#endif
