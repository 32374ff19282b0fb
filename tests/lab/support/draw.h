/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pictures that are wrong if a single pixel is: seeded noise in blocks, in any pixel format. */
#ifndef PLANECAST_TESTS_LAB_DRAW_H
#define PLANECAST_TESTS_LAB_DRAW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pcmdev_plane;
struct frame;

/* Draws the plane's picture into memory, at its first pixel; padding gets noise as well. */
void draw_plane(uint8_t *memory, const struct pcmdev_plane *plane, uint32_t seed);
/* What of it a viewer has to see: width * height pixels 0x00RRGGBB; free() it. */
uint32_t *draw_expect(const uint8_t *memory, const struct pcmdev_plane *plane);
/* The frame's own bytes are those of memory, row by row, padding aside. */
bool draw_same_bytes(struct frame *frame, const uint8_t *memory, const struct pcmdev_plane *plane);
/* The first pixel, counted in rows, in which an XR24 frame is not the expected one; -1: none. */
long draw_find_difference(const struct frame *frame, const uint32_t *expected);
/* Binary PPM. 0 or negative errno. */
int draw_write_ppm(const char *path, const uint32_t *pixels, uint32_t width, uint32_t height);

#endif
