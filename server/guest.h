/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guest control: input into the running VM through QEMU's QMP socket
 * (input-send-event). Loop thread; asynchronous; reconnects by itself. The
 * process ignores SIGPIPE.
 */
#ifndef PLANECAST_SERVER_GUEST_H
#define PLANECAST_SERVER_GUEST_H

#include <stdbool.h>

struct event_base;
struct guest;
struct input_event;

/* Called from the loop. */
struct guest_events {
	/*
	 * The guest's pointer takes positions, or motion only; told when it changes,
	 * positions at first. QEMU tells nobody by itself and is asked
	 * when it connects and now and then while viewers point.
	 */
	void (*pointer)(void *user, bool absolute);
	/* Optional. The guest holds no keys and buttons any more: it is another one, or was made to let go. */
	void (*let_go)(void *user);
};

/*
 * A socket that is not there is a warning in the log, once per change, and is
 * tried again with back-off (0.1 s .. 2 s). events: NULL if nobody wants to know.
 * -EINVAL, -ENOMEM.
 */
int guest_new(struct event_base *base, const char *qmp_path, const struct guest_events *events, void *user,
		struct guest **ret);
/* Lets go of the keys and buttons that the guest was told of, also of locks it never told of. NULL is fine. */
void guest_free(struct guest *guest);

/*
 * Sends, or forgets when there is no connection. Bounded: pointer motion that
 * waits is joined with newer motion, keys and buttons keep their order; past
 * the limit the oldest motion goes first, then a warning. Keys that are down
 * when a connection is lost are forgotten. Lock keys are pressed where they are not
 * as wanted, as far as that is known (server/locks.h).
 */
void guest_input(struct guest *guest, const struct input_event *event);
/* Which lock keys are on, enum input_led, as far as anybody knows (server/locks.h). */
unsigned int guest_locks(const struct guest *guest);
/* Somebody knows which lock keys are on, enum input_led: that counts until they are pressed again. */
void guest_note_leds(struct guest *guest, unsigned int leds);

/*
 * Has QEMU speak D-Bus on fd, one end of a socketpair (getfd, add_client @dbus-display), in place of any given before.
 * fd stays the caller's to close. If QEMU refuses, the log says why, once, and the pair's other end hears its end.
 * -ENOTCONN: not connected, guest_set_ready() tells when; -EAGAIN: QEMU has not read what it was sent before; others
 * of sendmsg().
 */
int guest_add_display(struct guest *guest, int fd);

/* Whom to tell, from the loop, each time that QEMU takes commands; NULL: nobody. */
void guest_set_ready(struct guest *guest, void (*ready)(void *user), void *user);

#endif
