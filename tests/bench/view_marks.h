/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The two marks of a bench scene's picture, found by the picture's size alone. Any thread. */
#ifndef PLANECAST_TESTS_BENCH_VIEW_MARKS_H
#define PLANECAST_TESTS_BENCH_VIEW_MARKS_H

#include <pixman.h>
#include <stdbool.h>
#include <stdint.h>

struct mark;
struct view_picture;

/* False: the picture is too small for marks. */
bool view_marks_boxes(const struct view_picture *picture, pixman_box32_t ret_boxes[2]);
bool view_marks_touched(const struct view_picture *picture, uint32_t x, uint32_t y, uint32_t width, uint32_t height);
/*
 * The older mark of both: so new is all of the picture. -ENOENT: a corner has
 * none. *ret_whole: both are the same.
 */
int view_marks_read(const struct view_picture *picture, struct mark *ret, bool *ret_whole);

#endif
