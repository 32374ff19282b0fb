// SPDX-License-Identifier: GPL-2.0-or-later
/* What QEMU's D-Bus display says of the picture: put together, and whatever numbers it says. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>
#include <drm_fourcc.h>
#include <pixman.h>

#include "server/capture/dbus_format.h"
#include "server/capture/dbus_picture.h"
#include "server/frame.h"

#define ROUNDS 20000

static struct dbus_picture picture;

static int setup(void **state)
{
	(void)state;
	dbus_picture_init(&picture);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	dbus_picture_finish(&picture);
	return 0;
}

static uint32_t pixel_at(uint32_t x, uint32_t y)
{
	uint32_t pixel;

	memcpy(&pixel, picture.frame->data + y * (size_t)picture.frame->planes[0].stride + x * 4, 4);
	return pixel;
}

static void test_parts_go_where_they_belong(void **state)
{
	uint32_t whole[4 * 3], part[2 * 5];
	struct dbus_pixels pixels = { 4, 3, 16, PIXMAN_x8r8g8b8, whole, sizeof(whole) };
	struct frame *frame;

	(void)state;
	for (uint32_t i = 0; i < 12; i++)
		whole[i] = 0x100 + i;
	for (uint32_t i = 0; i < 10; i++)
		part[i] = 0x200 + i;
	assert_int_equal(dbus_picture_update(&picture, 0, 0, &pixels), -ESTALE);
	assert_int_equal(dbus_picture_scanout(&picture, &pixels), 0);
	frame = picture.frame;
	assert_int_equal(frame->fourcc, DRM_FORMAT_XRGB8888);
	assert_int_equal(pixel_at(3, 2), 0x10b);
	pixman_region32_clear(&picture.damage);

	/* Two rows of two pixels, five apart. */
	pixels = (struct dbus_pixels){ 2, 2, 20, PIXMAN_x8r8g8b8, part, 28 };
	assert_int_equal(dbus_picture_update(&picture, 2, 1, &pixels), 0);
	assert_int_equal(pixel_at(1, 1), 0x105);
	assert_int_equal(pixel_at(2, 1), 0x200);
	assert_int_equal(pixel_at(3, 2), 0x206);
	assert_int_equal(pixman_region32_n_rects(&picture.damage), 1);
	assert_memory_equal(pixman_region32_extents(&picture.damage), (&(pixman_box32_t){ 2, 1, 4, 3 }),
			sizeof(pixman_box32_t));
	assert_int_equal(dbus_picture_update(&picture, 3, 1, &pixels), -ESTALE);
	assert_int_equal(dbus_picture_touch(&picture, 0, 0, 1, 1), -ESTALE);

	/* The same size is drawn in place, another one is another frame. */
	pixels = (struct dbus_pixels){ 4, 3, 16, PIXMAN_x8r8g8b8, whole, sizeof(whole) };
	assert_int_equal(dbus_picture_scanout(&picture, &pixels), 0);
	assert_ptr_equal(picture.frame, frame);
	frame_ref(frame);
	pixels.height = 2;
	assert_int_equal(dbus_picture_scanout(&picture, &pixels), 0);
	assert_ptr_not_equal(picture.frame, frame);
	frame_unref(frame);
	dbus_picture_disable(&picture);
	assert_null(picture.frame);
	assert_true(picture.off);
}

/* Whatever is accepted lies in memory: ASan sees the rest. */
static void test_whatever_numbers(void **state)
{
	static const uint32_t odd[] = { 0, 1, 64, 4096, 16384, 16385, 65536, INT32_MAX, 0x80000000, UINT32_MAX };
	static const uint32_t formats[] = { PIXMAN_x8r8g8b8, PIXMAN_r5g6b5, PIXMAN_r8g8b8, PIXMAN_b8g8r8x8, 0xbad };
	const int fd = memfd_create("picture", MFD_CLOEXEC);
	unsigned int accepted = 0, refused = 0;

	(void)state;
	assert_int_equal(ftruncate(fd, 8192), 0);
	srandom(7);
#define ANY(table) (table)[(size_t)random() % (sizeof(table) / sizeof((table)[0]))]
#define NUMBER (random() % 12 ? (uint32_t)(random() % 40) : ANY(odd))
	for (unsigned int round = 0; round < ROUNDS; round++) {
		const size_t bytes = (size_t)random() % 6400;
		uint8_t *data = malloc(bytes + 1);
		const struct dbus_pixels pixels = {
			.width = NUMBER,
			.height = NUMBER,
			.stride = random() % 2 ? 160 : NUMBER,
			.format = ANY(formats),
			.data = data,
			.bytes = bytes,
		};
		const struct dbus_map map = {
			.fd = fd,
			.offset = NUMBER,
			.width = pixels.width,
			.height = pixels.height,
			.stride = pixels.stride,
			.format = pixels.format,
		};
		int r;

		assert_non_null(data);
		memset(data, 1, bytes + 1);
		switch (random() % 5) {
		case 0:
			r = dbus_picture_scanout(&picture, &pixels);
			break;
		case 1:
			r = dbus_picture_map(&picture, &map);
			break;
		case 2:
			r = dbus_picture_dmabuf(&picture, &map, 0, random() % 2);
			assert_true(r < 0);
			break;
		case 3:
			r = dbus_picture_touch(&picture, (int32_t)NUMBER, (int32_t)NUMBER, (int32_t)NUMBER,
					(int32_t)NUMBER);
			break;
		default:
			r = dbus_picture_update(&picture, (int32_t)NUMBER, (int32_t)NUMBER, &pixels);
		}
		if (r < 0 && r != -ESTALE)
			assert_true(picture.reason[0]);
		accepted += !r;
		refused += r < 0;
		picture.reason[0] = '\0';
		assert_int_equal(dbus_picture_check(&picture), 0);
		if (picture.frame) {
			const pixman_box32_t *box = pixman_region32_extents(&picture.damage);

			assert_in_range(picture.frame->width, 1, FRAME_SIZE_MAX);
			assert_true(box->x1 >= 0 && box->y1 >= 0 && (uint32_t)box->x2 <= picture.frame->width &&
					(uint32_t)box->y2 <= picture.frame->height);
			(void)*(volatile const uint8_t *)(picture.frame->data + picture.frame->data_bytes - 1);
		}
		free(data);
	}
	close(fd);
	print_message("%u accepted, %u refused\n", accepted, refused);
	assert_true(accepted > ROUNDS / 20 && refused > ROUNDS / 20);
}

static void test_formats(void **state)
{
	(void)state;
	assert_int_equal(dbus_format_find(PIXMAN_a8b8g8r8)->fourcc, DRM_FORMAT_ABGR8888);
	assert_int_equal(dbus_format_find_fourcc(DRM_FORMAT_RGB565)->bytes_per_pixel, 2);
	assert_null(dbus_format_find(0));
	/* What has to be converted has no name there. */
	assert_null(dbus_format_find_fourcc(0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_parts_go_where_they_belong, setup, teardown),
		cmocka_unit_test_setup_teardown(test_whatever_numbers, setup, teardown),
		cmocka_unit_test(test_formats),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
