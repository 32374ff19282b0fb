/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A machine-readable mark in the top left corner of a test picture: which
 * picture it is and when it was due. A tool at the far end of a VNC or video
 * chain reads it back and knows latency, lost pictures and torn ones.
 *
 * 4 rows of 32 blocks, each 8x8 pixels, dark 0, light 1, row by row from the
 * top left, most significant bit first: sequence (32 bits), due time in
 * microseconds of CLOCK_MONOTONIC (64 bits), check sum over both (32 bits).
 * A block is exactly one luma block of JPEG or H.264 where the picture is cut
 * at multiples of 8, so the mark outlives any quality; the reader averages the
 * middle of each block and compares with a mid grey.
 *
 * Any thread.
 */
#ifndef PLANECAST_SERVER_CAPTURE_MARK_H
#define PLANECAST_SERVER_CAPTURE_MARK_H

#include <stddef.h>
#include <stdint.h>

#define MARK_BLOCK 8
#define MARK_COLUMNS 32
#define MARK_ROWS 4
#define MARK_WIDTH (MARK_COLUMNS * MARK_BLOCK)
#define MARK_HEIGHT (MARK_ROWS * MARK_BLOCK)

struct mark {
	uint32_t sequence; /* gaps: pictures that nobody looked at */
	uint64_t due_us; /* within one boot of one machine */
};

/* XR24 pixels of at least MARK_WIDTH x MARK_HEIGHT; stride in bytes. */
void mark_draw(void *pixels, size_t stride, const struct mark *mark);
/* 0, or -ENOENT: no mark here, a torn or a damaged one; -EINVAL: too small. */
int mark_read(const void *pixels, size_t stride, uint32_t width, uint32_t height, struct mark *ret);

#endif
