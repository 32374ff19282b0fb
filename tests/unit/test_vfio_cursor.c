// SPDX-License-Identifier: GPL-2.0-or-later
/* What can be a pointer, how its pixels are read, and where it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <drm_fourcc.h>
#include <errno.h>
#include <linux/vfio.h>

#include "server/capture/vfio_cursor.h"

#define UNKNOWN UINT32_MAX

static void believes_what_can_be_a_pointer(void **state)
{
	static const struct {
		uint32_t fourcc;
		uint64_t modifier;
		uint32_t width, height, stride, size;
		int result;
		const char *says;
	} planes[] = {
		{ DRM_FORMAT_ARGB8888, 0, 64, 64, 256, 16384, 0, NULL },
		{ DRM_FORMAT_ARGB8888, 0, 256, 256, 1024, 262144, 0, NULL },
		{ DRM_FORMAT_ABGR8888, 0, 128, 128, 512, 65536, 0, NULL },
		{ DRM_FORMAT_ARGB8888, 0, 24, 17, 128, 128 * 17, 0, NULL },
		{ DRM_FORMAT_ARGB8888, 0, 1, 1, 4, 4, 0, NULL },
		{ 0, 0, 0, 0, 0, 0, -ENODATA, "not enabled" },
		{ 0, 0, 64, 64, 256, 16384, -ENODATA, "not enabled" },
		{ DRM_FORMAT_ARGB8888, 0, 257, 64, 1028, 65792, -EINVAL, "257x64" },
		{ DRM_FORMAT_ARGB8888, 0, 64, 257, 256, 65792, -EINVAL, "64x257" },
		{ DRM_FORMAT_ARGB8888, 0, 64, 64, 128, 16384, -EINVAL, "overlap" },
		{ DRM_FORMAT_ARGB8888, 0, 64, 64, 256, 16383, -EINVAL, "has only 16383" },
		{ DRM_FORMAT_XRGB8888, 0, 64, 64, 256, 16384, -ENOTSUP, "without alpha" },
		{ DRM_FORMAT_C8, 0, 64, 64, 64, 4096, -ENOTSUP, "palette" },
		{ DRM_FORMAT_ARGB8888, I915_FORMAT_MOD_X_TILED, 64, 64, 512, 32768, -ENOTSUP, "X-tiled" },
	};
	char reason[VFIO_REASON_BYTES];
	struct vfio_plane plane;

	(void)state;
	for (size_t i = 0; i < sizeof(planes) / sizeof(planes[0]); i++) {
		const struct vfio_device_gfx_plane_info info = {
			.drm_format = planes[i].fourcc,
			.drm_format_mod = planes[i].modifier,
			.width = planes[i].width,
			.height = planes[i].height,
			.stride = planes[i].stride,
			.size = planes[i].size,
		};
		int r = vfio_cursor_check(&info, &plane, reason);

		if (r != planes[i].result || (r && !strstr(reason, planes[i].says)))
			fail_msg("plane %zu: %d %s", i, r, r ? reason : "");
	}
}

static void reads_pixels(void **state)
{
	static const struct {
		uint32_t fourcc;
		uint32_t pixels[4]; /* two rows of two, with padding between them */
		uint32_t expected[4];
	} shapes[] = {
		/* Premultiplied. */
		{ DRM_FORMAT_ARGB8888, { 0xff102030, 0x80402000, 0x00000000, 0x01010001 },
			{ 0xff102030, 0x80804000, 0x00000000, 0x01ff00ff } },
		{ DRM_FORMAT_ABGR8888, { 0xff102030, 0x80402000, 0x00000000, 0x01010001 },
			{ 0xff302010, 0x80004080, 0x00000000, 0x01ff00ff } },
		/* It cannot be: one colour is larger than its alpha, if only where nothing is to be seen. */
		{ DRM_FORMAT_ARGB8888, { 0xff102030, 0x80402000, 0x00010000, 0x01010001 },
			{ 0xff102030, 0x80402000, 0x00010000, 0x01010001 } },
		{ DRM_FORMAT_ABGR8888, { 0xff102030, 0x80402081, 0x00000000, 0x01010001 },
			{ 0xff302010, 0x80812040, 0x00000000, 0x01010001 } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		const struct vfio_plane plane = { .fourcc = shapes[i].fourcc, .width = 2, .height = 2, .stride = 12 };
		uint32_t data[5], found[4];

		memset(data, 0xee, sizeof(data));
		memcpy(data, shapes[i].pixels, 8);
		memcpy(data + 3, shapes[i].pixels + 2, 8);
		vfio_cursor_convert(&plane, (const uint8_t *)data, found);
		assert_memory_equal(found, shapes[i].expected, sizeof(found));
	}
}

/* Every colour of every alpha comes back as it was before a guest multiplied it, as far as it can. */
static void undoes_what_guests_multiply(void **state)
{
	const struct vfio_plane plane = { .fourcc = DRM_FORMAT_ARGB8888, .width = 256, .height = 1, .stride = 1024 };
	uint32_t data[256], found[256];

	(void)state;
	for (uint32_t alpha = 0; alpha < 256; alpha++) {
		for (uint32_t colour = 0; colour < 256; colour++)
			data[colour] = alpha << 24 | (colour * alpha + 127) / 255 << 8;
		vfio_cursor_convert(&plane, (const uint8_t *)data, found);
		for (uint32_t colour = 0; colour < 256; colour++) {
			const uint32_t green = found[colour] >> 8 & 0xff;

			assert_int_equal(found[colour] >> 24, alpha);
			assert_int_equal((green * alpha + 127) / 255, data[colour] >> 8 & 0xff);
		}
	}
}

static void says_where_it_is(void **state)
{
	static const struct {
		uint32_t x, y, hot_x, hot_y, learnt_x, learnt_y;
		struct cursor expected;
	} places[] = {
		{ 100, 50, 3, 4, 0, 0, { .hot_x = 3, .hot_y = 4, .position_known = true, .x = 103, .y = 54 } },
		{ 0, 0, 0, 0, 5, 5, { .position_known = true } },
		/* What the device says counts, and else what was learnt. */
		{ 100, 50, 3, 4, 9, 9, { .hot_x = 3, .hot_y = 4, .position_known = true, .x = 103, .y = 54 } },
		{ 100, 50, UNKNOWN, UNKNOWN, 9, 8,
			{ .hot_x = 9, .hot_y = 8, .position_known = true, .x = 109, .y = 58 } },
		{ 100, 50, UNKNOWN, UNKNOWN, 0, 0, { .position_known = true, .x = 100, .y = 50 } },
		{ 100, 50, 3, UNKNOWN, 1, 1, { .hot_x = 1, .hot_y = 1, .position_known = true, .x = 101, .y = 51 } },
		{ 100, 50, 64, 0, 1, 1, { .hot_x = 1, .hot_y = 1, .position_known = true, .x = 101, .y = 51 } },
		/* Partly beyond the left and upper edge. */
		{ (uint32_t)-10, (uint32_t)-2, 3, 4, 0, 0,
			{ .hot_x = 3, .hot_y = 4, .position_known = true, .x = -7, .y = 2 } },
		{ INT32_MAX, 0, 3, 4, 0, 0, { .hot_x = 3, .hot_y = 4 } },
		{ 0, (uint32_t)INT32_MIN, 3, 4, 0, 0, { .hot_x = 3, .hot_y = 4 } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		const struct vfio_plane plane = { .width = 64, .height = 64, .x = places[i].x, .y = places[i].y,
			.hot_x = places[i].hot_x, .hot_y = places[i].hot_y };
		struct cursor cursor = { .x = 77, .y = 77 };

		vfio_cursor_place(&plane, places[i].learnt_x, places[i].learnt_y, &cursor);
		assert_int_equal(cursor.hot_x, places[i].expected.hot_x);
		assert_int_equal(cursor.hot_y, places[i].expected.hot_y);
		assert_int_equal(cursor.position_known, places[i].expected.position_known);
		assert_int_equal(cursor.x, places[i].expected.x);
		assert_int_equal(cursor.y, places[i].expected.y);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(believes_what_can_be_a_pointer),
		cmocka_unit_test(reads_pixels),
		cmocka_unit_test(undoes_what_guests_multiply),
		cmocka_unit_test(says_where_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
