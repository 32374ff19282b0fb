/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What lies behind and above the windows of the test desktop. Loop thread. */
#ifndef PLANECAST_SERVER_CAPTURE_PATTERN_BACKDROP_H
#define PLANECAST_SERVER_CAPTURE_PATTERN_BACKDROP_H

#include <pixman.h>
#include <stdbool.h>
#include <time.h>

#include "server/capture/mark.h"
#include "server/capture/paint.h"

/* The panel holds the mark at its left end. */
#define PANEL_HEIGHT MARK_HEIGHT

void backdrop_draw_wallpaper(const struct paint *paint);
void backdrop_draw_panel(const struct paint *paint);
/* Draws the clock face; what it covers is in *ret_box. */
void backdrop_draw_clock(const struct paint *panel, time_t wall, pixman_box32_t *ret_box);

#endif
