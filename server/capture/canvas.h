/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The picture of a source that draws itself: one memory frame for as long as
 * nobody else keeps it. Loop thread.
 */
#ifndef PLANECAST_SERVER_CAPTURE_CANVAS_H
#define PLANECAST_SERVER_CAPTURE_CANVAS_H

#include <stdint.h>

struct frame;

/*
 * Makes *frame one that may be drawn on and holds the same picture: itself, or
 * a copy where a reader still has a reference. -ENOMEM leaves it as it is.
 */
int canvas_take(struct frame **frame);

#endif
