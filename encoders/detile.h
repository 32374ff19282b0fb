/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rectangles out of pictures that an Intel GPU laid out in tiles of 4 KiB, for
 * pixels of 32 bits. As the CPU sees the memory itself, on generation 8 and later,
 * where no address bits are swizzled. Compressed layouts are not known.
 *
 * Pure; nothing is allocated. Any thread.
 */
#ifndef PLANECAST_ENCODERS_DETILE_H
#define PLANECAST_ENCODERS_DETILE_H

#include <stddef.h>
#include <stdint.h>

#define DETILE_TILE_BYTES 4096
/* The largest picture, each way. */
#define DETILE_SIZE_MAX 16384

struct detile_layout {
	uint64_t modifier; /* DRM's */
	const char *name; /* "x-tiled" */
	uint16_t tile_width_bytes, tile_height;
	/* Which bits of an address within a tile are x in bytes, and y. */
	uint16_t x_bits, y_bits;
};

/* NULL: not one of these (linear is none, either). */
const struct detile_layout *detile_find(uint64_t modifier);
const struct detile_layout *detile_table(unsigned int *ret_count);

/* A tiled picture of 32-bit pixels; not owned. */
struct detile_picture {
	const struct detile_layout *layout;
	const uint8_t *data;
	size_t bytes; /* that are there to be read */
	size_t stride_bytes; /* of one row of tiles, by the height of a tile */
	uint32_t width, height;
};

struct detile_box {
	uint32_t x, y, width, height;
};

/*
 * 0, or -EINVAL: empty or too large, a stride that is no whole number of tiles or
 * holds less than a row; -ENOSPC: the picture's last tile ends behind bytes.
 */
int detile_check(const struct detile_picture *picture);

/*
 * Copies any box, as rows of dst_stride_bytes each; dst is where its first pixel
 * goes. Errors as above, and -EINVAL for a box outside the picture. Each pixel is read once.
 */
int detile_copy(const struct detile_picture *picture, const struct detile_box *box, uint8_t *dst,
		size_t dst_stride_bytes);

#endif
