/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A landscape that is as hard to compress as a photograph: hills behind hills,
 * clouds, woods and a meadow, with detail down to single pixels. Any thread.
 */
#ifndef PLANECAST_TESTS_BENCH_SCENE_LANDSCAPE_H
#define PLANECAST_TESTS_BENCH_SCENE_LANDSCAPE_H

#include "server/capture/paint.h"

/* No channel is nearer to black or white than this: grain can be added without a look. */
#define LANDSCAPE_MARGIN 8

/* Fills the surface. -ENOMEM. */
int landscape_paint(const struct paint *paint);

#endif
