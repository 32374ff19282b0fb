// SPDX-License-Identifier: GPL-2.0-or-later
/* JFIF files by libjpeg-turbo, and Tight's rectangles of them. */
#include "encoders/jpeg.h"

#include "server/frame.h"

#include <errno.h>
#include <event2/buffer.h>
#include <stdint.h>
#include <stdlib.h>
#include <turbojpeg.h>

/* Tight's own limit. */
#define WIDTH_MAX 2048
/*
 * Clients decode rectangles side by side; and what JPEG can make of such a
 * rectangle fits the 22 bits of a length.
 */
#define HEIGHT_MAX 256
/* A part that ends in the middle of one pays for the whole. Divides both maxima. */
#define BLOCK 16

#define ENCODING_TIGHT 7
#define CONTROL_JPEG 0x90
#define HEADER_BYTES 16 /* rectangle, encoding, control, length */

struct jpeg {
	tjhandle turbo;
	unsigned char *buffer;
	unsigned long bytes;
};

static const int subsamplings[] = {
	[JPEG_CHROMA_FULL] = TJSAMP_444,
	[JPEG_CHROMA_HALF] = TJSAMP_422,
	[JPEG_CHROMA_QUARTER] = TJSAMP_420,
};

/*
 * Levels 0 to 5 and 9 are TurboVNC's, which libvncserver and thus most viewers'
 * users know. 6 to 8 reach at least the PSNR of TurboVNC's 79, 86 and 92 without
 * subsampling with chroma of half the width and a higher quality, in three
 * quarters of the time; 8, which vncviewer asks for, that of the best other
 * server (TigerVNC's, 40.9 dB of a film). The accurate DCT is the faster one: it
 * has the wider vectors.
 */
static const struct {
	int quality;
	enum jpeg_chroma chroma;
} levels[] = {
	{ 15, JPEG_CHROMA_QUARTER }, { 29, JPEG_CHROMA_QUARTER }, { 41, JPEG_CHROMA_QUARTER },
	{ 42, JPEG_CHROMA_HALF }, { 62, JPEG_CHROMA_HALF }, { 77, JPEG_CHROMA_HALF },
	{ 84, JPEG_CHROMA_HALF }, { 90, JPEG_CHROMA_HALF }, { 95, JPEG_CHROMA_HALF },
	{ 100, JPEG_CHROMA_FULL },
};

int jpeg_new(struct jpeg **ret)
{
	struct jpeg *jpeg = calloc(1, sizeof(*jpeg));

	if (!jpeg)
		return -ENOMEM;
	jpeg->turbo = tjInitCompress();
	if (!jpeg->turbo) {
		jpeg_free(jpeg);
		return -ENOMEM;
	}
	*ret = jpeg;
	return 0;
}

void jpeg_free(struct jpeg *jpeg)
{
	if (!jpeg)
		return;
	if (jpeg->turbo)
		tjDestroy(jpeg->turbo);
	free(jpeg->buffer);
	free(jpeg);
}

/* What no file of such a picture can exceed. */
static int reserve(struct jpeg *jpeg, int width, int height, int subsampling)
{
	const unsigned long bytes = tjBufSize(width, height, subsampling);

	if (bytes <= jpeg->bytes)
		return 0;
	free(jpeg->buffer);
	jpeg->buffer = malloc(bytes);
	jpeg->bytes = jpeg->buffer ? bytes : 0;
	return jpeg->buffer ? 0 : -ENOMEM;
}

int jpeg_encode(struct jpeg *jpeg, const struct frame *frame, const pixman_box32_t *box, int quality,
		enum jpeg_chroma chroma, const uint8_t **ret_data, size_t *ret_bytes)
{
	const unsigned char *pixels = frame->data + (size_t)box->y1 * frame->planes[0].stride +
			(size_t)box->x1 * 4;
	const int width = box->x2 - box->x1, height = box->y2 - box->y1;
	unsigned long length;

	if (reserve(jpeg, width, height, subsamplings[chroma]) < 0)
		return -ENOMEM;
	length = jpeg->bytes;
	if (tjCompress2(jpeg->turbo, pixels, width, (int)frame->planes[0].stride, height, TJPF_BGRX,
			    &jpeg->buffer, &length, subsamplings[chroma], quality,
			    TJFLAG_NOREALLOC | TJFLAG_ACCURATEDCT))
		return -ENOMEM; /* its only trouble with sound arguments */
	*ret_data = jpeg->buffer;
	*ret_bytes = length;
	return 0;
}

static size_t put_u16(uint8_t *to, int32_t value)
{
	to[0] = (uint8_t)(value >> 8);
	to[1] = (uint8_t)value;
	return 2;
}

/* Seven bits a byte, the low ones first, the top bit for more; the third byte has eight. */
static size_t put_length(uint8_t *to, size_t length)
{
	to[0] = (uint8_t)(length & 0x7f);
	if (length < 1u << 7)
		return 1;
	to[0] |= 0x80;
	to[1] = (uint8_t)(length >> 7 & 0x7f);
	if (length < 1u << 14)
		return 2;
	to[1] |= 0x80;
	to[2] = (uint8_t)(length >> 14);
	return 3;
}

static int add_one(struct jpeg *jpeg, const struct frame *frame, const pixman_box32_t *box,
		int level, struct evbuffer *output)
{
	uint8_t header[HEADER_BYTES] = { 0 };
	const uint8_t *data;
	size_t n = 0, length;
	int err = jpeg_encode(jpeg, frame, box, levels[level].quality, levels[level].chroma, &data, &length);

	if (err)
		return err;
	n += put_u16(header + n, box->x1);
	n += put_u16(header + n, box->y1);
	n += put_u16(header + n, box->x2 - box->x1);
	n += put_u16(header + n, box->y2 - box->y1);
	n += 2;
	n += put_u16(header + n, ENCODING_TIGHT);
	header[n++] = CONTROL_JPEG;
	n += put_length(header + n, length);
	return evbuffer_add(output, header, n) || evbuffer_add(output, data, length) ?
			-ENOMEM : 0;
}

/* How large each of the fewest equal parts is that are no larger than max. */
static int32_t part_size(int32_t size, int32_t max)
{
	int32_t n = (size + max - 1) / max, part = (size + n - 1) / n;

	return (part + BLOCK - 1) / BLOCK * BLOCK;
}

int jpeg_add(struct jpeg *jpeg, const struct frame *frame, const pixman_box32_t *box, int level,
		struct evbuffer *output)
{
	int32_t width = part_size(box->x2 - box->x1, WIDTH_MAX);
	int32_t height = part_size(box->y2 - box->y1, HEIGHT_MAX);
	int count = 0;

	for (int32_t y = box->y1; y < box->y2; y += height) {
		for (int32_t x = box->x1; x < box->x2; x += width, count++) {
			const pixman_box32_t part = {
				.x1 = x,
				.y1 = y,
				.x2 = box->x2 - x > width ? x + width : box->x2,
				.y2 = box->y2 - y > height ? y + height : box->y2,
			};
			int err = add_one(jpeg, frame, &part, level, output);

			if (err)
				return err;
		}
	}
	return count;
}
