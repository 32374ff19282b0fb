/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guesses by how much a part of the picture moved, from few pixels. scroll.c
 * proves what is guessed here. Loop thread.
 */
#ifndef PLANECAST_SERVER_SCROLL_GUESS_H
#define PLANECAST_SERVER_SCROLL_GUESS_H

#include <pixman.h>
#include <stdint.h>

struct damage_kernels;
struct damage_source;
struct frame;
struct scroll_slot;

/* Memory that guessing needs; zeroed is finished. */
struct scroll_guess {
	uint32_t *old_hash, *new_hash;
	uint32_t *votes;
	struct scroll_slot *slots;
	uint32_t slots_mask;
};

/* lines: the larger of a picture's width and height. -ENOMEM. */
int scroll_guess_init(struct scroll_guess *guess, uint32_t lines);
void scroll_guess_finish(struct scroll_guess *guess);

/* How far down (right) what the box of the shadow showed went in the source; 0: no idea. */
int32_t scroll_guess_dy(struct scroll_guess *guess, const struct damage_kernels *kernels,
		const struct damage_source *source, const struct frame *shadow,
		const pixman_box32_t *box);
int32_t scroll_guess_dx(struct scroll_guess *guess, const struct damage_kernels *kernels,
		const struct damage_source *source, const struct frame *shadow,
		const pixman_box32_t *box);

#endif
