/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the pattern source shows: a picture made of layers, whose state is a
 * pure function of the time it was advanced to and of the input so far. Knows
 * no clock, so that a test can ask for any moment. Loop thread.
 */
#ifndef PLANECAST_SERVER_CAPTURE_PATTERN_SCENE_H
#define PLANECAST_SERVER_CAPTURE_PATTERN_SCENE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "server/capture/pattern_cursor.h"

#define SCENE_WIDTH_MIN 320u
#define SCENE_HEIGHT_MIN 200u
#define SCENE_WIDTH_MAX 7680u
#define SCENE_HEIGHT_MAX 4320u

struct input_event;
struct scene;

/* The names "pattern-scene" takes; ends with NULL. */
extern const char *const scene_names[];

/* -ENOENT: no such name; -EINVAL: size; -ENOMEM. */
int scene_new(const char *name, uint32_t width, uint32_t height, struct scene **ret);
void scene_free(struct scene *scene);

/* Moves to time_ns since the start, which never runs back; wall is for the clock face. */
void scene_advance(struct scene *scene, int64_t time_ns, time_t wall);
void scene_input(struct scene *scene, const struct input_event *event);

/* Something is to be painted. */
bool scene_changed(const struct scene *scene);
/*
 * Paints what changed since the last call (the first one: everything) into XR24
 * pixels that hold what the last call left there. -ENOMEM: nothing was painted.
 */
int scene_paint(struct scene *scene, void *pixels, size_t stride);

/* Where the pointer is and what it should look like there. */
void scene_pointer(const struct scene *scene, int32_t *ret_x, int32_t *ret_y, enum pattern_cursor *ret_cursor);

#endif
