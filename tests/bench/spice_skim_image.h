/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Images of SPICE's drawing commands, as far as planecast sends them: plain and LZ4, 32 bits a pixel. Any thread. */
#ifndef PLANECAST_TESTS_BENCH_SPICE_SKIM_IMAGE_H
#define PLANECAST_TESTS_BENCH_SPICE_SKIM_IMAGE_H

#include <stddef.h>
#include <stdint.h>

struct view_decoder;

struct spice_skim_image {
	uint32_t width, height;
	const uint8_t *pixels; /* of the top row; XR24 */
	ptrdiff_t stride;
};

/*
 * Reads the image that begins there. Its pixels are those of data, or of the decoder's scratch.
 * -ENOTSUP: of another kind; -EPROTO with a reason; -ENOMEM.
 */
int spice_skim_image_read(struct view_decoder *decoder, const uint8_t *data, size_t bytes,
		struct spice_skim_image *ret);
/*
 * LZ4's block format (lz4_Block_format.md): appends what the block holds to out, whose first
 * done bytes it may refer to. Bytes that are in out then, or -EPROTO.
 */
int64_t spice_skim_image_expand(const uint8_t *in, size_t in_bytes, uint8_t *out, size_t done, size_t room);

#endif
