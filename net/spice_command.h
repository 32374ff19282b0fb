/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Drawing and cursor commands for one QXL device of the library, and the box
 * they wait in until the library's thread comes for them.
 *
 * A command owns the pixels it shows: the library keeps commands for as long as
 * they are visible and draws from them again, long after they were sent. What is
 * out there is counted.
 *
 * Makers are called by the loop thread, the calls marked so by the library's
 * thread; the box itself is safe for both.
 */
#ifndef PLANECAST_NET_SPICE_COMMAND_H
#define PLANECAST_NET_SPICE_COMMAND_H

#include <pixman.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct QXLCommandExt;
struct cursor;
struct frame;
struct spice_box;
struct spice_command;

/*
 * Memory for a whole picture comes from the kernel a page at a time, which takes as
 * long as to fill it, and goes back when it is freed. So the largest command of at
 * least that many bytes that the library was done with is kept for the next one.
 */
#define SPICE_BOX_SPARE_BYTES (128 * 1024)

size_t spice_command_pixel_bytes(const pixman_box32_t *box);
/* A rectangle of frame, which is linear XR24 in CPU memory; box lies inside. spares: NULL is fine. -ENOMEM. */
int spice_command_new_draw(struct spice_box *spares, const struct frame *frame, const pixman_box32_t *box,
		struct spice_command **ret);
/* The pixels of box come from (x1 - dx, y1 - dy). -ENOMEM. */
int spice_command_new_copy(const pixman_box32_t *box, int32_t dx, int32_t dy,
		struct spice_command **ret);
/* A new shape, at its place. A cursor that is not visible hides it. -ENOMEM. */
int spice_command_new_cursor(const struct cursor *cursor, struct spice_command **ret);
/* The same shape elsewhere. -ENOMEM. */
int spice_command_new_cursor_move(const struct cursor *cursor, struct spice_command **ret);
/* One that is in no box and that the library does not have. NULL is fine. */
void spice_command_free(struct spice_command *command);

enum spice_box_kind { SPICE_BOX_DRAW, SPICE_BOX_CURSOR, SPICE_BOX_KINDS };

/* -ENOMEM. */
int spice_box_new(struct spice_box **ret);
/* What was not fetched goes with it; what is still with the library must have been released. */
void spice_box_free(struct spice_box *box);

/* Takes command. The caller wakes the library when all are in. */
void spice_box_put(struct spice_box *box, enum spice_box_kind kind, struct spice_command *command);
/* Library's thread. False: there is none. */
bool spice_box_fetch(struct spice_box *box, enum spice_box_kind kind, struct QXLCommandExt *ret);
/* Any thread. Is there nothing to fetch? */
bool spice_box_is_empty(struct spice_box *box, enum spice_box_kind kind);
/* Library's thread. id is what the library was given as release id, and is done with. */
void spice_box_release(struct spice_box *box, uint64_t id);
/* Gives back what is kept for the next command, and keeps nothing until one of the size is made. Any thread. */
void spice_box_drop_spare(struct spice_box *box);
/* Throws away what was not fetched. */
void spice_box_clear(struct spice_box *box, enum spice_box_kind kind);

struct spice_box_stats {
	unsigned int unfetched; /* drawing commands */
	unsigned int held; /* by the library, of both kinds */
	size_t bytes; /* of pixels, fetched or not */
};
void spice_box_stats(struct spice_box *box, struct spice_box_stats *ret);

#endif
