/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The pictures that every server of the bench is shown: what picture n of a
 * scene looks like depends on n and on the size, on nothing else. Who feeds a
 * server and who checks what a viewer received paint the same bytes, whatever
 * the machine: only integers are calculated with (letters look as this build's
 * FreeType renders them).
 *
 *	idle	a desktop of text windows over a wallpaper like a photograph; only
 *		each BENCH_IDLE_PERIOD-th picture differs from the one before it
 *	typing	a few letters a picture in an editor amid that desktop
 *	scroll	text over half the desktop moves up by 16 pixels a picture
 *	window	a window of text is dragged over the wallpaper
 *	video	a film of half the desktop's width and height amid it
 *	film	a film that fills the picture: a landscape under a camera that pans
 *		and zooms, balloons that cross it, grain
 *	text-1, text-10, text-100
 *		a page of text that covers so many percent of that desktop, another
 *		one in each picture
 *
 * Pixels are XR24 with 0xff in the byte that is not looked at. One thread a
 * scene.
 */
#ifndef PLANECAST_TESTS_BENCH_SCENE_H
#define PLANECAST_TESTS_BENCH_SCENE_H

#include <pixman.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "server/capture/mark.h"

#define BENCH_SCENE_WIDTH_MIN 640u
#define BENCH_SCENE_HEIGHT_MIN 400u
#define BENCH_SCENE_WIDTH_MAX 7680u
#define BENCH_SCENE_HEIGHT_MAX 4320u
#define BENCH_IDLE_PERIOD 30u

struct bench_scene;

/* Ends with NULL. */
extern const char *const bench_scene_names[];

/* -ENOENT: no such scene; -EINVAL: a size outside the limits; -ENOMEM. */
int bench_scene_new(const char *name, uint32_t width, uint32_t height, struct bench_scene **ret);
void bench_scene_free(struct bench_scene *scene);

/*
 * Paints picture n over pixels that hold picture n-1; whole: over anything, and
 * so is picture 0. Stride in bytes, a multiple of 4. The region, initialised by
 * the caller, becomes what was painted: empty where n equals n-1, everything
 * where whole. The marks of picture n-1 may be in the pixels; they stay, or
 * what is below them appears. -ENOMEM.
 */
int bench_scene_paint(struct bench_scene *scene, uint32_t n, bool whole, void *pixels, size_t stride,
		pixman_region32_t *ret_damage);

/* The mark goes into two corners, so that a picture which came in part is told from a whole one. */
void bench_scene_marks(const struct bench_scene *scene, void *pixels, size_t stride, const struct mark *mark);
void bench_scene_mark_boxes(const struct bench_scene *scene, pixman_box32_t ret_boxes[2]);
/* 0 where both corners agree; else -ENOENT. */
int bench_scene_read_marks(const struct bench_scene *scene, const void *pixels, size_t stride,
		struct mark *ret);

#endif
