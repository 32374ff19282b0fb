// SPDX-License-Identifier: GPL-2.0-or-later
/* Frames in descriptors: formats, tilings, the cache of their surfaces, and bad geometry. */
#include <drm_fourcc.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <va/va.h>
#include <va/va_vpp.h>

#include <cmocka.h>

#include "encoders/vaapi_candidate.h"
#include "encoders/vaapi_import.h"
#include "encoders/vaapi_memory.h"
#include "encoders/vaapi_thread.h"
#include "server/clock.h"
#include "server/format.h"
#include "server/frame.h"
#include "tests/unit/vaapi_rig.h"

#define WIDTH 320
#define HEIGHT 240
#define BROKEN VAAPI_HEADLESS "broken"

/* Read by the driver alone: no CPU of ours may. */
static void test_formats_and_tilings(void **state)
{
	static const struct {
		uint32_t fourcc;
		const char *order;
		uint64_t modifier;
	} rows[] = {
		{ DRM_FORMAT_XRGB8888, "0123", DRM_FORMAT_MOD_LINEAR },
		{ DRM_FORMAT_ARGB8888, "0123", DRM_FORMAT_MOD_LINEAR },
		{ DRM_FORMAT_XBGR8888, "2103", DRM_FORMAT_MOD_LINEAR },
		{ DRM_FORMAT_ABGR8888, "2103", DRM_FORMAT_MOD_LINEAR },
		{ DRM_FORMAT_BGRX8888, "3210", DRM_FORMAT_MOD_LINEAR },
		{ DRM_FORMAT_RGBX8888, "3012", DRM_FORMAT_MOD_LINEAR },
		{ DRM_FORMAT_XRGB8888, "0123", I915_FORMAT_MOD_X_TILED },
		{ DRM_FORMAT_XBGR8888, "2103", I915_FORMAT_MOD_X_TILED },
	};
	struct frame *source = vaapi_rig_frame(WIDTH, HEIGHT, 0);
	uint8_t *nv12 = vaapi_rig_nv12(source, NULL);
	struct vaapi_rig rig;

	(void)state;
	vaapi_rig_open(&rig, VAAPI_SOFTWARE, 0);
	for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct frame *frame = vaapi_rig_fd_frame(
				source, rows[i].fourcc, rows[i].order, rows[i].modifier);
		struct rig_decoder *decoder = rig_decoder_new();

		vaapi_rig_submit(&rig, frame, NULL, 20, true);
		vaapi_rig_run(&rig, i + 1, 0);
		assert_true(vaapi_rig_psnr(decoder, rig.packets[i], nv12) > 42);
		rig_decoder_free(decoder);
		frame_unref(frame);
	}
	vaapi_rig_close(&rig);
	free(nv12);
	frame_unref(source);
	assert_int_equal(vaapi_rig_fd_frames(), 0);
}

/* Where the driver does not read it, the CPU does, tiling and all. */
static void test_tiled_without_import(void **state)
{
	struct frame *source = vaapi_rig_frame(WIDTH, HEIGHT, 0), *frame, *readable;
	struct rig_decoder *decoder = rig_decoder_new();
	const struct packet_box box = { 33, 17, 200, 150 };
	uint8_t *nv12 = vaapi_rig_nv12(source, &box);
	struct vaapi_rig rig;
	ssize_t bytes;

	(void)state;
	frame = vaapi_rig_fd_frame(source, DRM_FORMAT_XRGB8888, "0123", I915_FORMAT_MOD_X_TILED);
	bytes = lseek(frame->planes[0].fd, 0, SEEK_END);
	assert_int_equal(frame_new_memory(frame->planes[0].stride / 4, HEIGHT, &readable), 0);
	assert_true(readable->data_bytes >= (size_t)bytes);
	assert_int_equal(pread(frame->planes[0].fd, frame_memory_pixels(readable), (size_t)bytes, 0),
			bytes);
	readable->width = WIDTH;
	readable->modifier = I915_FORMAT_MOD_X_TILED;
	vaapi_rig_open(&rig, VAAPI_SOFTWARE, 0);
	assert_true(vaapi_rig_psnr(decoder, vaapi_rig_encode(&rig, readable, &box, 20), nv12) > 42);
	/* And where neither can, that is said, and costs nobody else anything. */
	readable->modifier = I915_FORMAT_MOD_4_TILED;
	vaapi_rig_submit(&rig, readable, NULL, 20, false);
	vaapi_rig_run(&rig, 1, 1);
	assert_int_equal(rig.err, -ENOTSUP);
	/* A buffer that the kernel does not let be read just now. */
	frame->data = readable->data;
	frame->data_bytes = readable->data_bytes;
	frame->fourcc = DRM_FORMAT_YUYV;
	vaapi_rig_submit(&rig, frame, NULL, 20, false);
	vaapi_rig_run(&rig, 1, 2);
	assert_int_equal(rig.err, -EIO);
	vaapi_rig_close(&rig);
	rig_decoder_free(decoder);
	free(nv12);
	frame_unref(readable);
	frame_unref(frame);
	frame_unref(source);
}

static bool has_destroyed(void *user)
{
	return atomic_load(&vaapi_rig_broken()->destroyed) >= *(const int *)user;
}

/* A buffer is imported once, whatever order buffers are shown in, and let go with its frame. */
static void test_cache(void **state)
{
	struct frame *source = vaapi_rig_frame(WIDTH, HEIGHT, 0), *frames[3];
	struct broken_driver *broken = vaapi_rig_broken();
	struct vaapi_rig rig;
	int destroyed;

	(void)state;
	vaapi_rig_open(&rig, BROKEN, 0);
	atomic_store(&broken->imported_2, 0);
	for (unsigned int i = 0; i < 3; i++)
		frames[i] = vaapi_rig_fd_frame(
				source, DRM_FORMAT_XRGB8888, "0123", DRM_FORMAT_MOD_LINEAR);
	for (unsigned int i = 0; i < 12; i++)
		vaapi_rig_encode(&rig, frames[i * 5 % 3], NULL, 30);
	assert_int_equal(broken->imported_2, 3);
	atomic_store(&broken->derived, 0);
	/* Its memory is free again without another picture being asked for. */
	destroyed = atomic_load(&broken->destroyed) + 1;
	frame_unref(frames[0]);
	assert_int_equal(vaapi_rig_fd_frames(), 2);
	vaapi_rig_run_until(&rig, has_destroyed, &destroyed);
	vaapi_rig_encode(&rig, frames[1], NULL, 30);
	assert_int_equal(broken->imported_2, 3);
	/* After a failure the display is another, and so are its surfaces. */
	vaapi_rig_break(BROKEN_ERROR, 1);
	assert_true(vaapi_rig_encode(&rig, frames[1], NULL, 30)->keyframe);
	vaapi_rig_encode(&rig, frames[2], NULL, 30);
	assert_int_equal(broken->imported_2, 5);
	assert_int_equal(broken->derived, 0);
	/* One frame goes after the encoder, one before. */
	frame_unref(frames[1]);
	vaapi_rig_close(&rig);
	assert_true(vaapi_threads_wait(30 * NSEC_PER_SEC));
	frame_unref(frames[2]);
	assert_int_equal(vaapi_rig_fd_frames(), 0);
	frame_unref(source);
}

/* A driver that accepts the newer kind without listing it would show nothing of the frame. */
static void test_older_import(void **state)
{
	struct frame *source = vaapi_rig_frame(WIDTH, HEIGHT, 0), *frame;
	struct rig_decoder *decoder = rig_decoder_new();
	struct broken_driver *broken = vaapi_rig_broken();
	uint8_t *nv12 = vaapi_rig_nv12(source, NULL);
	struct vaapi_rig rig;

	(void)state;
	vaapi_rig_break(BROKEN_OLD, 0);
	atomic_store(&broken->imported, 0);
	atomic_store(&broken->imported_2, 0);
	frame = vaapi_rig_fd_frame(source, DRM_FORMAT_XRGB8888, "0123", DRM_FORMAT_MOD_LINEAR);
	vaapi_rig_open(&rig, BROKEN, 0);
	assert_true(vaapi_rig_psnr(decoder, vaapi_rig_encode(&rig, frame, NULL, 20), nv12) > 42);
	assert_int_equal(broken->imported, 1);
	assert_int_equal(broken->imported_2, 0);
	vaapi_rig_break(BROKEN_NOT, 0);
	vaapi_rig_close(&rig);
	frame_unref(frame);
	frame_unref(source);
	free(nv12);
	rig_decoder_free(decoder);
}

/* Processing is told of the colours what the CPU takes them for. */
static void test_colours_of_yuv(void **state)
{
	struct frame *source = vaapi_rig_frame(WIDTH, HEIGHT, 0), *frame;
	struct broken_driver *broken = vaapi_rig_broken();
	int fd = memfd_create("yuv", MFD_CLOEXEC);
	struct vaapi_rig rig;

	(void)state;
	assert_int_equal(ftruncate(fd, 2 * WIDTH * HEIGHT), 0);
	vaapi_rig_break(BROKEN_YUV, 0);
	vaapi_rig_open(&rig, BROKEN, 0);
	frame = vaapi_rig_wrap(fd, WIDTH, HEIGHT, 2 * WIDTH, DRM_FORMAT_YUYV, DRM_FORMAT_MOD_LINEAR);
	vaapi_rig_encode(&rig, frame, NULL, 30);
	assert_int_equal(broken->source_standard, VAProcColorStandardBT709);
	assert_int_equal(broken->source_range, VA_SOURCE_RANGE_REDUCED);
	frame_unref(frame);
	frame = vaapi_rig_fd_frame(source, DRM_FORMAT_XRGB8888, "0123", DRM_FORMAT_MOD_LINEAR);
	vaapi_rig_encode(&rig, frame, NULL, 30);
	assert_int_equal(broken->source_standard, VAProcColorStandardNone);
	assert_int_equal(broken->source_range, VA_SOURCE_RANGE_FULL);
	frame_unref(frame);
	vaapi_rig_break(BROKEN_NOT, 0);
	vaapi_rig_close(&rig);
	frame_unref(source);
}

/* Without processing the CPU converts; without derived images and waits for buffers, in another way. */
static void test_lesser_drivers(void **state)
{
	static const enum broken_fault faults[] = { BROKEN_UNPROCESSED, BROKEN_UNSYNCED };
	struct frame *source = vaapi_rig_frame(WIDTH, HEIGHT, 0), *unreadable;
	uint8_t *nv12 = vaapi_rig_nv12(source, NULL);

	(void)state;
	unreadable = vaapi_rig_fd_frame(source, DRM_FORMAT_XRGB8888, "0123", DRM_FORMAT_MOD_LINEAR);
	for (unsigned int i = 0; i < 2; i++) {
		struct rig_decoder *decoder = rig_decoder_new();
		struct vaapi_rig rig;

		vaapi_rig_break(faults[i], 0);
		vaapi_rig_open(&rig, BROKEN, 0);
		for (unsigned int j = 0; j < 3; j++)
			assert_true(vaapi_rig_psnr(decoder, vaapi_rig_encode(&rig, source, NULL, 20),
						    nv12) > 42);
		assert_true(vaapi_rig_broken()->waited > 0);
		if (faults[i] == BROKEN_UNPROCESSED) {
			vaapi_rig_submit(&rig, unreadable, NULL, 20, false);
			vaapi_rig_run(&rig, 3, 1);
			assert_int_equal(rig.err, -ENOTSUP);
		}
		vaapi_rig_close(&rig);
		rig_decoder_free(decoder);
	}
	vaapi_rig_break(BROKEN_NOT, 0);
	free(nv12);
	frame_unref(unreadable);
	frame_unref(source);
}

/* What is larger than the encoder's largest picture is made smaller on the way. */
static void test_scaling(void **state)
{
	struct frame *source = vaapi_rig_frame(800, 400, 0), *frame;
	const struct packet *packet;
	struct vaapi_rig rig;

	(void)state;
	vaapi_rig_break(BROKEN_SMALL, 0);
	frame = vaapi_rig_fd_frame(source, DRM_FORMAT_XRGB8888, "0123", DRM_FORMAT_MOD_LINEAR);
	vaapi_rig_open(&rig, BROKEN, 0);
	packet = vaapi_rig_encode(&rig, frame, NULL, 20);
	assert_true(packet->scaled);
	assert_int_equal(packet->width, 320);
	assert_int_equal(packet->height, 160);
	assert_int_equal(packet->box.width, 800);
	/* A part that fits is not. */
	packet = vaapi_rig_encode(&rig, frame, &(struct packet_box){ 8, 8, 240, 240 }, 20);
	assert_false(packet->scaled);
	assert_int_equal(packet->width, 240);
	vaapi_rig_break(BROKEN_NOT, 0);
	vaapi_rig_close(&rig);
	frame_unref(frame);
	frame_unref(source);
}

/* A quarter of each picture's pixels, the mean of four. */
static struct frame *halve(const struct frame *frame)
{
	struct frame *half;

	assert_int_equal(frame_new_memory(frame->width / 2, frame->height / 2, &half), 0);
	for (uint32_t y = 0; y < half->height; y++)
		for (uint32_t x = 0; x < half->width * 4; x++) {
			const uint8_t *from = frame->data +
					(size_t)y * 2 * frame->planes[0].stride + x / 4 * 8 + x % 4;
			const uint8_t *below = from + frame->planes[0].stride;

			frame_memory_pixels(half)[(size_t)y * half->planes[0].stride + x] =
					(uint8_t)((from[0] + from[4] + below[0] + below[4]) / 4);
		}
	return half;
}

/* So does the CPU where it is the one to read the picture. */
static void test_scaling_by_cpu(void **state)
{
	struct frame *source = vaapi_rig_frame(640, 402, 0), *half = halve(source);
	uint8_t *nv12 = vaapi_rig_nv12(half, &(struct packet_box){ 0, 0, 320, 200 });
	struct rig_decoder *decoder = rig_decoder_new();
	const struct packet *packet;
	struct vaapi_rig rig;

	(void)state;
	vaapi_rig_break(BROKEN_SMALL, 0);
	vaapi_rig_open(&rig, BROKEN, 0);
	packet = vaapi_rig_encode(&rig, source, &(struct packet_box){ 0, 0, 640, 400 }, 20);
	assert_true(packet->scaled);
	assert_int_equal(packet->width, 320);
	assert_int_equal(packet->height, 200);
	assert_int_equal(packet->box.width, 640);
	assert_true(vaapi_rig_psnr(decoder, packet, nv12) > 40);
	/* Of an odd size, up to the picture's end. */
	packet = vaapi_rig_encode(&rig, source, &(struct packet_box){ 101, 3, 539, 399 }, 20);
	assert_true(packet->scaled);
	assert_int_equal(packet->width, 320);
	assert_int_equal(packet->height, 236);
	/* What cannot be scaled costs nobody else anything. */
	source->fourcc = DRM_FORMAT_RGB565;
	vaapi_rig_submit(&rig, source, NULL, 20, false);
	vaapi_rig_run(&rig, 2, 1);
	assert_int_equal(rig.err, -ENOTSUP);
	source->fourcc = DRM_FORMAT_XRGB8888;
	assert_true(vaapi_rig_encode(&rig, source, NULL, 20)->scaled);
	vaapi_rig_break(BROKEN_NOT, 0);
	vaapi_rig_close(&rig);
	rig_decoder_free(decoder);
	free(nv12);
	frame_unref(half);
	frame_unref(source);
}

static void test_geometry(void **state)
{
	static const struct {
		uint32_t width, height, stride, offset, fourcc;
		uint64_t modifier, bytes;
		int err;
	} rows[] = {
		{ 100, 10, 400, 0, DRM_FORMAT_XRGB8888, DRM_FORMAT_MOD_LINEAR, 4000, 0 },
		{ 100, 10, 400, 0, DRM_FORMAT_XRGB8888, DRM_FORMAT_MOD_LINEAR, 3999, -ENOSPC },
		{ 100, 10, 400, 1, DRM_FORMAT_XRGB8888, DRM_FORMAT_MOD_LINEAR, 4000, -ENOSPC },
		{ 100, 10, 400, 4001, DRM_FORMAT_XRGB8888, DRM_FORMAT_MOD_LINEAR, 4000, -ENOSPC },
		{ 100, 10, 399, 0, DRM_FORMAT_XRGB8888, DRM_FORMAT_MOD_LINEAR, 4000, -EINVAL },
		{ 100, 10, 500, 0, DRM_FORMAT_XRGB8888, DRM_FORMAT_MOD_LINEAR, 4900, 0 },
		{ 100, 10, 500, 0, DRM_FORMAT_XRGB8888, DRM_FORMAT_MOD_LINEAR, 4899, -ENOSPC },
		{ 100, 10, 200, 0, DRM_FORMAT_RGB565, DRM_FORMAT_MOD_LINEAR, 2000, 0 },
		{ 100, 10, UINT32_MAX, 0, DRM_FORMAT_XRGB8888, DRM_FORMAT_MOD_LINEAR, UINT32_MAX,
				-ENOSPC },
		{ 16384, 16384, 65536, 0, DRM_FORMAT_XRGB8888, DRM_FORMAT_MOD_LINEAR, 1u << 30, 0 },
		{ 0, 10, 400, 0, DRM_FORMAT_XRGB8888, DRM_FORMAT_MOD_LINEAR, 4000, -EINVAL },
		{ 100, 0, 400, 0, DRM_FORMAT_XRGB8888, DRM_FORMAT_MOD_LINEAR, 4000, -EINVAL },
		{ 100, 10, 512, 0, DRM_FORMAT_XRGB8888, I915_FORMAT_MOD_X_TILED, 8192, 0 },
		{ 100, 10, 512, 0, DRM_FORMAT_XRGB8888, I915_FORMAT_MOD_X_TILED, 8191, -ENOSPC },
		{ 100, 10, 500, 0, DRM_FORMAT_XRGB8888, I915_FORMAT_MOD_X_TILED, 8192, -EINVAL },
		{ 100, 40, 512, 0, DRM_FORMAT_XRGB8888, I915_FORMAT_MOD_Y_TILED, 32768, 0 },
		{ 100, 40, 512, 0, DRM_FORMAT_XRGB8888, I915_FORMAT_MOD_Y_TILED, 32767, -ENOSPC },
		{ 100, 40, 512, 0, DRM_FORMAT_XRGB8888, I915_FORMAT_MOD_Yf_TILED, 32768, 0 },
		{ 100, 10, 512, 0, DRM_FORMAT_RGB565, I915_FORMAT_MOD_X_TILED, 8192, -ENOTSUP },
		{ 100, 10, 512, 0, DRM_FORMAT_XRGB8888, DRM_FORMAT_MOD_INVALID, 8192, -ENOTSUP },
		{ 100, 10, 512, 0, DRM_FORMAT_NV12, DRM_FORMAT_MOD_LINEAR, 8192, -ENOTSUP },
	};

	(void)state;
	for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct frame frame = {
			.width = rows[i].width,
			.height = rows[i].height,
			.fourcc = rows[i].fourcc,
			.modifier = rows[i].modifier,
			.n_planes = 1,
			.planes[0] = { 0, rows[i].offset, rows[i].stride },
		};
		int err = vaapi_memory_check(&frame, rows[i].bytes);

		if (err != rows[i].err)
			fail_msg("row %u: %d", i, err);
		frame.planes[0].fd = -1;
		assert_int_equal(vaapi_memory_check(&frame, rows[i].bytes), -ENOTSUP);
	}
}

/* What a guest may say of its buffer that cannot be; 0: as it is. */
static const struct {
	uint32_t height, offset, stride, fourcc;
	uint64_t modifier;
	unsigned int n_planes;
	off_t bytes;
} impossible[] = {
	{ .bytes = 4096 },
	{ .bytes = 1 },
	{ .height = HEIGHT + 1 },
	{ .height = 16384 },
	{ .offset = 1536 },
	{ .offset = UINT32_MAX },
	{ .stride = WIDTH * 4 - 1 },
	{ .stride = 3 },
	{ .stride = 1600 },
	{ .stride = UINT32_MAX },
	{ .fourcc = DRM_FORMAT_NV12 },
	{ .fourcc = 0x20202020 },
	{ .modifier = DRM_FORMAT_MOD_INVALID - 1 },
	{ .modifier = I915_FORMAT_MOD_Y_TILED_CCS },
	{ .modifier = I915_FORMAT_MOD_X_TILED, .stride = WIDTH * 4 + 4 },
	{ .modifier = I915_FORMAT_MOD_Y_TILED, .height = 16384 },
	{ .n_planes = 2 },
};

static void distort(struct frame *frame, unsigned int row)
{
	struct frame_plane *plane = &frame->planes[0];

	frame->height = impossible[row].height ? impossible[row].height : frame->height;
	frame->fourcc = impossible[row].fourcc ? impossible[row].fourcc : frame->fourcc;
	frame->modifier = impossible[row].modifier ? impossible[row].modifier : frame->modifier;
	frame->n_planes = impossible[row].n_planes ? impossible[row].n_planes : frame->n_planes;
	plane->offset = impossible[row].offset ? impossible[row].offset : plane->offset;
	plane->stride = impossible[row].stride ? impossible[row].stride : plane->stride;
}

/* Neither does a driver get to see it, nor does anybody lose more than that picture. */
static void test_impossible_buffers(void **state)
{
	static const unsigned int count = sizeof(impossible) / sizeof(impossible[0]);
	const struct packet_box box = { 0, 0, WIDTH, HEIGHT };
	struct frame *source = vaapi_rig_frame(WIDTH, HEIGHT, 0);
	struct broken_driver *broken = vaapi_rig_broken();
	struct vaapi_rig rig;

	(void)state;
	vaapi_rig_open(&rig, BROKEN, 0);
	vaapi_rig_encode(&rig, source, NULL, 20);
	atomic_store(&broken->imported_2, 0);
	for (unsigned int i = 0; i < count; i++) {
		struct frame *frame = vaapi_rig_fd_frame(
				source, DRM_FORMAT_XRGB8888, "0123", DRM_FORMAT_MOD_LINEAR);

		if (impossible[i].bytes)
			assert_int_equal(ftruncate(frame->planes[0].fd, impossible[i].bytes), 0);
		distort(frame, i);
		rig.err = 0;
		vaapi_rig_submit(&rig, frame, &box, 20, false);
		vaapi_rig_run(&rig, i + 1, i + 1);
		if (rig.err != -ENOTSUP || broken->imported_2)
			fail_msg("row %u: %d, %d imported", i, rig.err, broken->imported_2);
		frame_unref(frame);
		/* The same encoder goes on with whatever comes next. */
		vaapi_rig_encode(&rig, source, NULL, 20);
	}
	vaapi_rig_close(&rig);
	frame_unref(source);
}

/* Nor does the CPU read beyond what it was given. */
static void test_impossible_memory(void **state)
{
	static const unsigned int count = sizeof(impossible) / sizeof(impossible[0]);
	const struct packet_box box = { 0, 0, WIDTH, HEIGHT };
	struct frame *source = vaapi_rig_frame(WIDTH, HEIGHT, 0);
	unsigned int refused = 0;
	struct vaapi_rig rig;

	(void)state;
	vaapi_rig_open(&rig, BROKEN, 0);
	vaapi_rig_encode(&rig, source, NULL, 20);
	for (unsigned int i = 0; i < count; i++) {
		const bool says_size = impossible[i].height || impossible[i].stride ||
				impossible[i].fourcc || impossible[i].modifier;
		struct frame *frame;

		/* Where the picture begins is in its pointer already. */
		if (!says_size && !impossible[i].bytes)
			continue;
		assert_int_equal(frame_new_memory(WIDTH, HEIGHT, &frame), 0);
		if (impossible[i].bytes)
			frame->data_bytes = (size_t)impossible[i].bytes;
		distort(frame, i);
		rig.err = 0;
		vaapi_rig_submit(&rig, frame, &box, 20, false);
		refused++;
		vaapi_rig_run(&rig, refused, refused);
		if (rig.err != -ENOTSUP)
			fail_msg("row %u: %d", i, rig.err);
		frame_unref(frame);
		vaapi_rig_encode(&rig, source, NULL, 20);
	}
	vaapi_rig_close(&rig);
	frame_unref(source);
}

/* Everything that a guest can show in RGB has a name in VA-API. */
static void test_format_table(void **state)
{
	unsigned int count;
	const struct vaapi_format *table = vaapi_format_table(&count);

	(void)state;
	for (unsigned int i = 0; i < count; i++) {
		const struct format *format = format_find(table[i].drm);
		const struct vaapi_format *twin = vaapi_format_find(table[i].twin);

		/* Which stand for each other. */
		assert_true(twin ? twin->twin == table[i].drm && twin->rt == table[i].rt : !table[i].twin);
		if (!format || format->refusal)
			continue;
		assert_ptr_equal(vaapi_format_find(table[i].drm), &table[i]);
		assert_int_equal(table[i].bytes_per_pixel, format->bytes_per_pixel);
	}
	assert_null(vaapi_format_find(0));
	assert_int_equal(vaapi_format_find(DRM_FORMAT_XRGB8888)->va, VA_FOURCC_BGRX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_formats_and_tilings),
		cmocka_unit_test(test_tiled_without_import),
		cmocka_unit_test(test_cache),
		cmocka_unit_test(test_older_import),
		cmocka_unit_test(test_colours_of_yuv),
		cmocka_unit_test(test_lesser_drivers),
		cmocka_unit_test(test_scaling),
		cmocka_unit_test(test_scaling_by_cpu),
		cmocka_unit_test(test_geometry),
		cmocka_unit_test(test_impossible_buffers),
		cmocka_unit_test(test_impossible_memory),
		cmocka_unit_test(test_format_table),
	};

	return cmocka_run_group_tests(tests, vaapi_rig_setup, vaapi_rig_teardown);
}
