/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pointer shapes that are wrong if a single pixel is: seeded noise with alpha, in a pcmdev device's memory. */
#ifndef PLANECAST_TESTS_LAB_POINTER_H
#define PLANECAST_TESTS_LAB_POINTER_H

#include <stdbool.h>
#include <stdint.h>

struct pcmdev_plane;

/*
 * Draws a shape for the plane, whose format is AR24 or AB24, at memory. What viewers
 * have to see of it, 0xAARRGGBB and not premultiplied, is returned; free() it.
 * premultiplied: as drivers want it, in colours for which nothing is lost.
 */
uint32_t *pointer_draw(uint8_t *memory, const struct pcmdev_plane *plane, bool premultiplied, uint32_t seed);
/* For viewers' command "shape". 0 or negative errno. */
int pointer_write(const char *path, const struct pcmdev_plane *plane, const uint32_t *argb);

#endif
