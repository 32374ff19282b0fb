/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which part of the picture goes as video.
 *
 * A film is cheap as video and dear as lossless rectangles; a letter is the other
 * way round, and blurred. Nobody says which is which, so it is told by how the
 * picture changes, in squares of 64 pixels:
 *
 *   how often   the part of the last half second or so in which the square kept
 *               changing: each change counts for the 150 ms that follow it. A
 *               caret, a clock and a window that opens are far below, what is drawn
 *               7 times a second or more is at the top.
 *   how much    the part of the square that a change is about. Letters and pointers
 *               change little of it, a film nearly all.
 *
 * What a scroll or a move explains does not count, nor what it uncovers: viewers
 * are told of those for next to nothing. Squares that change often and much lie
 * together in a moving region when there are enough of them. Its edges are then
 * found to the pixel, by where most of the squares along them changed, so that the
 * frame around a film stays lossless and sharp.
 *
 * Text that runs too fast to be seen as a scroll changes as a film does. So before a
 * region begins, and now and then while it lasts, the caller is asked how much of
 * it is photographic (encoders/photo.h; the only thing that needs pixels). A drawing
 * of lines counts as text there and stays lossless even when it turns.
 *
 * There is one region at a time, the largest. A viewer pays for each new box with a
 * picture coded whole, so the box does not follow what moves: it grows when
 * something keeps moving beyond it, shrinks when much of it was still for seconds,
 * and is otherwise left alone. When nothing moves in it, it rests: what it shows
 * should be sent losslessly now, but the film may go on; a second later it is gone.
 *
 * No I/O, no clock, no timers; reads no pixels. Loop thread.
 */
#ifndef PLANECAST_SERVER_ACTIVITY_H
#define PLANECAST_SERVER_ACTIVITY_H

#include <pixman.h>
#include <stdbool.h>
#include <stdint.h>

struct activity;
struct update;

enum activity_state {
	ACTIVITY_STILL, /* no region: all is lossless */
	ACTIVITY_MOVING, /* what changes in the box goes as video */
	ACTIVITY_RESTING, /* the box is kept; what is in it goes losslessly */
};

struct activity_region {
	enum activity_state state;
	/*
	 * Unless still. Inside the picture; x1 and y1 are even, x2 and y2 are even or
	 * the picture's edge.
	 */
	pixman_box32_t box;
	uint32_t serial; /* another one for each box, and each time a region begins */
};

/* Smaller regions are not worth a stream. */
#define ACTIVITY_PIXELS_MIN 32768
/* To activity_note_photo(): nobody can tell. The region is judged by its motion alone. */
#define ACTIVITY_PHOTO_UNKNOWN (-1)

/* -ENOMEM. */
int activity_new(struct activity **ret);
void activity_free(struct activity *activity);

/*
 * A picture that viewers are shown. now_ns does not run back. Of update->frame the
 * size is read, nothing else; another one, and update->resized, end the region and
 * forget what was seen. -ENOMEM, -EINVAL (a size that no picture has): likewise, until
 * a later picture.
 */
int activity_note_update(struct activity *activity, const struct update *update, int64_t now_ns);
/* Nothing changed up to now_ns. */
void activity_note_time(struct activity *activity, int64_t now_ns);
/* Nobody watches, or the picture is not the guest's: ends the region and gives memory back. */
void activity_drop(struct activity *activity);

/* As of the last note; valid until the next. Never NULL. */
const struct activity_region *activity_region(const struct activity *activity);
/* When activity_note_time() has something to say if nothing changes before. 0: never. */
int64_t activity_due_ns(const struct activity *activity);

/*
 * Whether the last update's picture should be judged. *ret_box: where; of that, only
 * what the update damaged. The answer is the share of those pixels that
 * are photographic, in thousandths, or ACTIVITY_PHOTO_UNKNOWN. Without one no region
 * begins. It may end or begin one at once.
 */
bool activity_wants_photo(const struct activity *activity, pixman_box32_t *ret_box);
void activity_note_photo(struct activity *activity, int permille);

#endif
