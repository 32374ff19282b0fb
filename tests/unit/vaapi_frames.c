// SPDX-License-Identifier: GPL-2.0-or-later
/* Frames for encoders: of the test desktop, in memory and in descriptors. */
#include <drm_fourcc.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "encoders/colour.h"
#include "server/capture/pattern_scene.h"
#include "server/frame.h"
#include "tests/unit/vaapi_rig.h"

/* Of an X tile, in bytes and rows. */
#define TILE_BYTES 512
#define TILE_ROWS 8

struct frame *vaapi_rig_frame(uint32_t width, uint32_t height, int64_t time_ns)
{
	struct frame *frame;
	struct scene *scene;

	assert_int_equal(scene_new("desktop", width, height, &scene), 0);
	assert_int_equal(frame_new_memory(width, height, &frame), 0);
	scene_advance(scene, time_ns, 1700000000);
	assert_int_equal(scene_paint(scene, frame_memory_pixels(frame), frame->planes[0].stride), 0);
	scene_free(scene);
	frame->capture_ns = time_ns + 1;
	frame->stamp = frame_new_stamp();
	return frame;
}

static atomic_int fd_frames;

static void release(struct frame *frame)
{
	frame_finish(frame);
	close(frame->planes[0].fd);
	free(frame);
	atomic_fetch_sub(&fd_frames, 1);
}

static int refuse_to_read(struct frame *frame)
{
	(void)frame;
	return -EACCES;
}

static const struct frame_impl fd_impl = { .release = release, .begin_read = refuse_to_read };

int vaapi_rig_fd_frames(void)
{
	return atomic_load(&fd_frames);
}

static size_t place(uint32_t x, uint32_t y, uint32_t stride, bool tiled)
{
	size_t byte = (size_t)x * 4;

	if (!tiled)
		return (size_t)y * stride + byte;
	return (size_t)(y / TILE_ROWS) * stride * TILE_ROWS +
			byte / TILE_BYTES * TILE_BYTES * TILE_ROWS + y % TILE_ROWS * TILE_BYTES +
			byte % TILE_BYTES;
}

struct frame *vaapi_rig_wrap(int fd, uint32_t width, uint32_t height, uint32_t stride,
		uint32_t fourcc, uint64_t modifier)
{
	struct frame *frame = calloc(1, sizeof(*frame));

	assert_non_null(frame);
	frame_init(frame, &fd_impl);
	frame->width = width;
	frame->height = height;
	frame->fourcc = fourcc;
	frame->modifier = modifier;
	frame->n_planes = 1;
	frame->planes[0].stride = stride;
	frame->planes[0].fd = fd;
	atomic_fetch_add(&fd_frames, 1);
	return frame;
}

void vaapi_rig_draw(uint8_t *memory, uint32_t stride, const struct frame *source, const char *order,
		uint64_t modifier)
{
	for (uint32_t y = 0; y < source->height; y++) {
		const uint8_t *row = source->data + (size_t)y * source->planes[0].stride;

		for (uint32_t x = 0; x < source->width; x++) {
			uint8_t *to = memory + place(x, y, stride, modifier != DRM_FORMAT_MOD_LINEAR);

			for (unsigned int i = 0; i < 4; i++)
				to[i] = row[x * 4 + (size_t)(order[i] - '0')];
		}
	}
}

struct frame *vaapi_rig_fd_frame(const struct frame *source, uint32_t fourcc, const char *order,
		uint64_t modifier)
{
	uint32_t stride = (source->width * 4 + TILE_BYTES - 1) / TILE_BYTES * TILE_BYTES;
	uint32_t rows = (source->height + TILE_ROWS - 1) / TILE_ROWS * TILE_ROWS;
	size_t bytes = (size_t)stride * rows;
	int fd = memfd_create("frame", MFD_CLOEXEC);
	uint8_t *pixels;

	assert_int_equal(ftruncate(fd, (off_t)bytes), 0);
	pixels = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_ptr_not_equal(pixels, MAP_FAILED);
	vaapi_rig_draw(pixels, stride, source, order, modifier);
	munmap(pixels, bytes);
	return vaapi_rig_wrap(fd, source->width, source->height, stride, fourcc, modifier);
}

uint8_t *vaapi_rig_nv12(const struct frame *frame, const struct packet_box *box)
{
	struct packet_box all = { .width = frame->width, .height = frame->height };
	uint32_t width, height;
	uint8_t *nv12;

	box = box ? box : &all;
	width = (box->width + 1) & ~1u;
	height = (box->height + 1) & ~1u;
	nv12 = malloc(rig_nv12_bytes(width, height));
	assert_non_null(nv12);
	assert_int_equal(colour_to_nv12(
					 &(struct colour_rgb){
							 .data = frame->data +
									 (size_t)box->y * frame->planes[0].stride +
									 (size_t)box->x * 4,
							 .stride_bytes = frame->planes[0].stride,
							 .width = box->width,
							 .height = box->height,
							 .fourcc = frame->fourcc,
					 },
					 &(struct colour_box){ .width = box->width, .height = box->height },
					 COLOUR_BT709, COLOUR_LIMITED,
					 &(struct colour_nv12){
							 .luma = nv12,
							 .chroma = nv12 + (size_t)width * height,
							 .luma_stride_bytes = width,
							 .chroma_stride_bytes = width,
							 .width = width,
							 .height = height,
					 }),
			0);
	return nv12;
}

double vaapi_rig_psnr(struct rig_decoder *decoder, const struct packet *packet, const uint8_t *nv12)
{
	/* Decoders read some bytes ahead. */
	struct rig_packet padded = { .data = calloc(1, packet->bytes + 64), .bytes = packet->bytes };
	uint8_t *decoded = malloc(rig_nv12_bytes(packet->width, packet->height));
	double psnr;

	assert_true(padded.data && decoded);
	memcpy(padded.data, packet->data, packet->bytes);
	rig_decode(decoder, &padded, decoded, packet->width, packet->height);
	psnr = rig_psnr(decoded, nv12, packet->width, packet->height);
	free(decoded);
	free(padded.data);
	return psnr;
}
