/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The picture with the pointer drawn into it, for clients that cannot draw one.
 *
 * Kept only while such a client is there, and brought up to date only when one
 * of them is about to be sent something: what changed is noted and copied then.
 * What it hands out is a frame that nobody changes while it is held. Loop thread.
 */
#ifndef PLANECAST_NET_SOFT_CURSOR_H
#define PLANECAST_NET_SOFT_CURSOR_H

#include <pixman.h>

struct cursor;
struct frame;
struct soft_cursor;

/* Copies of the picture that may be held at the same time. */
#define SOFT_CURSOR_COPIES 3

/* -ENOMEM. */
int soft_cursor_new(struct soft_cursor **ret);
/* NULL is fine. Frames still held outside live on. */
void soft_cursor_free(struct soft_cursor *soft);

/* The newest picture, XR24 in CPU memory; takes a loose reference. changed NULL: all of it. */
void soft_cursor_set_picture(struct soft_cursor *soft, struct frame *picture,
		const pixman_region32_t *changed);
/*
 * The pointer; its shape is borrowed until the next call. Adds to damage (an
 * initialised region) where the composed picture differs from before.
 */
void soft_cursor_set_cursor(struct soft_cursor *soft, const struct cursor *cursor,
		pixman_region32_t *damage);
/*
 * A new reference to the picture with the pointer. -EBUSY: all copies are held,
 * ask again when one was given back; -ENODATA: no picture was set; -ENOMEM.
 */
int soft_cursor_compose(struct soft_cursor *soft, struct frame **ret);
/* Where the pointer is drawn, within the picture; empty when it is not. */
pixman_box32_t soft_cursor_box(const struct cursor *cursor, const struct frame *picture);

#endif
