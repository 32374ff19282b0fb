// SPDX-License-Identifier: GPL-2.0-or-later
/* Pictures as PNG: read back by libpng they are what was given, and nobody can change them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <drm_fourcc.h>
#include <errno.h>
#include <event2/event.h>
#include <event2/thread.h>
#include <fcntl.h>
#include <png.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/frame.h"
#include "server/screenshot.h"

struct taken {
	struct event_base *base;
	int result;
	size_t bytes;
	uint8_t *png;
};

static void take(void *user, int result, int fd)
{
	struct taken *taken = user;
	struct stat st;

	taken->result = result;
	if (!result) {
		assert_int_equal(fstat(fd, &st), 0);
		taken->bytes = (size_t)st.st_size;
		taken->png = malloc(taken->bytes);
		assert_non_null(taken->png);
		assert_int_equal(pread(fd, taken->png, taken->bytes, 0), st.st_size);
		assert_int_equal(pwrite(fd, "x", 1, 0), -1);
		assert_int_equal(errno, EPERM);
		assert_int_equal(ftruncate(fd, 0), -1);
	}
	event_base_loopbreak(taken->base);
}

static struct event_base *new_base(void)
{
	assert_int_equal(evthread_use_pthreads(), 0);
	return event_base_new();
}

static struct frame *new_frame(uint32_t width, uint32_t height)
{
	struct frame *frame;
	uint32_t *row;

	assert_int_equal(frame_new_memory(width, height, &frame), 0);
	for (uint32_t y = 0; y < height; y++) {
		row = (uint32_t *)(void *)(frame_memory_pixels(frame) + (size_t)y * frame->planes[0].stride);
		/* The high byte means nothing. */
		for (uint32_t x = 0; x < width; x++)
			row[x] = (x * 0x010305u + y * 0x070b0du) ^ (x << 24);
	}
	return frame;
}

static void check_size(uint32_t width, uint32_t height)
{
	struct frame *frame = new_frame(width, height);
	struct taken taken = { .base = new_base(), .result = 1 };
	png_image image = { .version = PNG_IMAGE_VERSION };
	struct screenshot *screenshot;
	uint8_t *rgb = malloc((size_t)width * height * 3);

	assert_non_null(rgb);
	assert_int_equal(screenshot_new(taken.base, frame, take, &taken, &screenshot), 0);
	assert_int_equal(event_base_loop(taken.base, EVLOOP_NO_EXIT_ON_EMPTY), 0);
	assert_int_equal(taken.result, 0);
	screenshot_free(screenshot);

	assert_true(png_image_begin_read_from_memory(&image, taken.png, taken.bytes));
	assert_int_equal(image.width, width);
	assert_int_equal(image.height, height);
	image.format = PNG_FORMAT_RGB;
	assert_true(png_image_finish_read(&image, NULL, rgb, 0, NULL));
	for (uint32_t y = 0; y < height; y++) {
		for (uint32_t x = 0; x < width; x++) {
			const uint32_t pixel = x * 0x010305u + y * 0x070b0du;
			const uint8_t *got = rgb + ((size_t)y * width + x) * 3;

			if (got[0] != (uint8_t)(pixel >> 16) || got[1] != (uint8_t)(pixel >> 8) ||
					got[2] != (uint8_t)pixel)
				fail_msg("%ux%u: pixel %u,%u", width, height, x, y);
		}
	}
	free(rgb);
	free(taken.png);
	frame_unref(frame);
	event_base_free(taken.base);
}

static void test_pictures_come_back(void **state)
{
	(void)state;
	check_size(1, 1);
	check_size(17, 5);
	check_size(640, 480);
	check_size(3, 4000);
}

/* The thread is at work, or has not begun. */
static void test_freed_at_once(void **state)
{
	struct event_base *base = new_base();
	struct frame *frame = new_frame(1920, 1080);
	struct screenshot *screenshot;

	(void)state;
	for (int i = 0; i < 10; i++) {
		assert_int_equal(screenshot_new(base, frame, take, NULL, &screenshot), 0);
		screenshot_free(screenshot);
	}
	assert_int_equal(atomic_load(&frame->refcount), 1);
	frame_unref(frame);
	event_base_free(base);
}

static void test_other_frames_are_refused(void **state)
{
	struct event_base *base = new_base();
	struct frame *frame = new_frame(16, 16);
	struct screenshot *screenshot;

	(void)state;
	frame->fourcc = DRM_FORMAT_RGB565;
	assert_int_equal(screenshot_new(base, frame, take, NULL, &screenshot), -EINVAL);
	frame->fourcc = DRM_FORMAT_XRGB8888;
	frame->modifier = 1;
	assert_int_equal(screenshot_new(base, frame, take, NULL, &screenshot), -EINVAL);
	frame->modifier = DRM_FORMAT_MOD_LINEAR;
	frame_unref(frame);
	event_base_free(base);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pictures_come_back),
		cmocka_unit_test(test_freed_at_once),
		cmocka_unit_test(test_other_frames_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
