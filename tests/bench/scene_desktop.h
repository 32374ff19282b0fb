/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The desktop that most scenes happen on: wallpaper, panel, windows of text. Any thread. */
#ifndef PLANECAST_TESTS_BENCH_SCENE_DESKTOP_H
#define PLANECAST_TESTS_BENCH_SCENE_DESKTOP_H

#include <stdint.h>

#include "server/capture/mark.h"
#include "server/capture/paint.h"

/* The panel is as high as the mark that covers its left end. */
#define DESKTOP_PANEL_HEIGHT MARK_HEIGHT
#define DESKTOP_CLOCK_WIDTH 80

/* Fills the surface. -ENOMEM. */
int desktop_paint(const struct paint *paint);
/* The clock in the panel, at its right end, so many seconds after the scene began. */
void desktop_paint_clock(const struct paint *paint, uint32_t seconds);

#endif
