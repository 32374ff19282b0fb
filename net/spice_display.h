/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The picture and the pointer of one SPICE viewer: a QXL device of its own in
 * the library, whose thread compresses and sends.
 *
 * The device is given commands only when all it was given before has come out
 * of the library's end; the owner says how far that is. What changes
 * meanwhile adds up (encoders/rects_debt.h), and what is given then is the
 * newest picture. The library keeps commands for as long as they are to be seen;
 * past one and a half pictures of them it is told to let go of some, and past
 * SPICE_DISPLAY_HELD_PICTURES times that it is given nothing until it has.
 *
 * Loop thread; what the library's thread calls is inside.
 */
#ifndef PLANECAST_NET_SPICE_DISPLAY_H
#define PLANECAST_NET_SPICE_DISPLAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct RedsState;
struct cursor;
struct event_base;
struct frame;
struct packet_box;
struct spice_display;
struct update;

#define SPICE_DISPLAY_HELD_PICTURES 2

struct spice_display_events {
	/* Something that feeding waited for has happened: call spice_display_feed() when it is time. */
	void (*ready)(void *user);
};

/*
 * Adds a device to server, showing frame from the start. To be called before the
 * first client is given to server. -ENOMEM, -EINVAL: the library does not like it.
 */
int spice_display_new(struct RedsState *server, struct event_base *base, const struct frame *frame,
		const struct spice_display_events *events, void *user, struct spice_display **ret);
/* Before server is destroyed, and once no channel of it is connected. NULL is fine. */
void spice_display_remove(struct spice_display *display);
/* After server is destroyed. NULL is fine. */
void spice_display_free(struct spice_display *display);

/* The picture has changed. Nothing is drawn before spice_display_feed(). */
void spice_display_update(struct spice_display *display, const struct update *update);
/* Has spice_display_feed() anything to do? */
bool spice_display_owes(const struct spice_display *display, const struct frame *frame);
/*
 * Gives the library what is owed, from frame, the newest. drawn is how many
 * drawing messages have come out of its end (struct spice_filter); idle: none is
 * on its way from there to the client.
 */
void spice_display_feed(struct spice_display *display, struct frame *frame, uint64_t drawn,
		bool idle);
/* Is its surface, as far as this knows, one for frame? */
bool spice_display_shows(const struct spice_display *display, const struct frame *frame);
/*
 * The viewer is shown box, inside the picture, by other means: nothing of it is given. NULL:
 * not any more, and all of it is owed; it is given a part at a time, with what is new.
 */
void spice_display_set_video(struct spice_display *display, const struct packet_box *box);
/* Does the library's thread change the size? events->ready() is called when it has. */
bool spice_display_is_changing(const struct spice_display *display);
/* A client is there to see it, or no longer: what is given does, or does not, come out. */
void spice_display_set_connected(struct spice_display *display, bool connected);
/* cursor is borrowed. */
void spice_display_set_cursor(struct spice_display *display, const struct cursor *cursor);
/* Of the picture as the viewer knows it. */
void spice_display_size(const struct spice_display *display, uint32_t *ret_width,
		uint32_t *ret_height);
/*
 * For how long nothing has come out that has to, as for a client that acknowledges
 * nothing, nor has what it has not read, unread_bytes, become less; 0: nothing has to.
 */
int64_t spice_display_stuck_ns(struct spice_display *display, size_t unread_bytes);
/* Updates given to the library, since the start. */
uint64_t spice_display_updates(const struct spice_display *display);

#endif
