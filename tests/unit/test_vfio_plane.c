// SPDX-License-Identifier: GPL-2.0-or-later
/* Which numbers of a VFIO plane are believed, and what is said of the others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <drm_fourcc.h>
#include <errno.h>
#include <linux/vfio.h>

#include "server/capture/vfio_plane.h"
#include "server/format.h"

#define XR24 DRM_FORMAT_XRGB8888
#define YUYV DRM_FORMAT_YUYV
#define RG16 DRM_FORMAT_RGB565
#define TILED I915_FORMAT_MOD_X_TILED

static const struct {
	const char *name;
	uint32_t fourcc;
	uint64_t modifier;
	uint32_t width, height, stride, size;
	int result;
	const char *says; /* part of the reason */
} planes[] = {
	{ "plain", XR24, 0, 640, 480, 2560, 1228800, 0, NULL },
	{ "padded rows", XR24, 0, 1366, 768, 5504, 5504 * 768, 0, NULL },
	{ "last row unpadded", XR24, 0, 1366, 768, 5504, 5504 * 767 + 1366 * 4, 0, NULL },
	{ "a byte short of that", XR24, 0, 1366, 768, 5504, 5504 * 767 + 1366 * 4 - 1, -EINVAL, "needs 4227032 bytes" },
	{ "smallest", XR24, 0, 1, 1, 4, 4, 0, NULL },
	{ "largest", XR24, 0, 16384, 16384, 65536, 1u << 30, 0, NULL },
	{ "too wide", XR24, 0, 16385, 1, 65540, 65540, -EINVAL, "16385x1" },
	{ "too high", XR24, 0, 1, 16385, 4, 65540, -EINVAL, "1x16385" },
	{ "huge", XR24, 0, UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX, -EINVAL, "4294967295x4294967295" },
	{ "product wraps at 32 bits", XR24, 0, 1024, 4096, 1u << 20, 4096, -EINVAL, "needs 4293922816 bytes" },
	{ "stride * height wraps to 0", XR24, 0, 16, 16384, 1u << 18, 0, -EINVAL, "has only 0" },
	{ "overlapping rows", XR24, 0, 640, 480, 2556, 1228800, -EINVAL, "overlap" },
	{ "rows on one place", XR24, 0, 640, 480, 0, 1228800, -EINVAL, "overlap" },
	{ "crooked stride", XR24, 0, 640, 480, 2561, 2561 * 480, -EINVAL, "no whole number" },
	{ "crooked stride of two bytes", RG16, 0, 640, 480, 1281, 1281 * 480, -EINVAL, "no whole number" },
	{ "two bytes a pixel", RG16, 0, 641, 480, 1282, 1282 * 480, 0, NULL },
	{ "packed 4:2:2", YUYV, 0, 640, 480, 1280, 1280 * 480, 0, NULL },
	{ "half a macro pixel", YUYV, 0, 641, 480, 1284, 1284 * 480, -EINVAL, "641 pixels wide" },
	{ "stride of half a macro pixel", YUYV, 0, 640, 480, 1282, 1282 * 480, -EINVAL, "no whole number" },
	{ "no width", XR24, 0, 0, 480, 2560, 1228800, -EINVAL, "0x480" },
	{ "no height", XR24, 0, 640, 0, 2560, 1228800, -EINVAL, "640x0" },
	{ "no size", XR24, 0, 640, 480, 2560, 0, -EINVAL, "has only 0" },
	{ "disabled", 0, 0, 0, 0, 0, 0, -ENODATA, "not enabled" },
	{ "no format", 0, 0, 640, 480, 2560, 1228800, -ENODATA, "not enabled" },
	{ "nothing but a format", XR24, 0, 0, 0, 0, 0, -ENODATA, "not enabled" },
	{ "unknown format", 0x33323130, 0, 640, 480, 2560, 1228800, -ENOTSUP, "0123" },
	{ "unprintable format", 0x01020304, 0, 640, 480, 2560, 1228800, -ENOTSUP, "0x01020304" },
	{ "palette", DRM_FORMAT_C8, 0, 640, 480, 640, 640 * 480, -ENOTSUP, "palette" },
	{ "tiled", XR24, TILED, 640, 480, 2560, 1228800, -ENOTSUP, "Intel X-tiled" },
	{ "unknown tiling", XR24, 0x0300000000000014, 640, 480, 2560, 1228800, -ENOTSUP, "0x300000000000014" },
	{ "no modifier given", XR24, DRM_FORMAT_MOD_INVALID, 640, 480, 2560, 1228800, -ENOTSUP, "unknown layout" },
};

static struct vfio_device_gfx_plane_info info_of(size_t i)
{
	return (struct vfio_device_gfx_plane_info){
		.drm_format = planes[i].fourcc,
		.drm_format_mod = planes[i].modifier,
		.width = planes[i].width,
		.height = planes[i].height,
		.stride = planes[i].stride,
		.size = planes[i].size,
		.dmabuf_id = 7,
	};
}

static void test_planes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(planes) / sizeof(planes[0]); i++) {
		struct vfio_device_gfx_plane_info info = info_of(i);
		const struct vfio_plane untouched = { .id = 0xdead };
		struct vfio_plane plane = untouched;
		char reason[VFIO_REASON_BYTES] = "";
		int r = vfio_plane_check(&info, &plane, reason);

		if (r != planes[i].result)
			fail_msg("%s: %d instead of %d (%s)", planes[i].name, r, planes[i].result, reason);
		if (r < 0) {
			assert_memory_equal(&plane, &untouched, sizeof(plane));
			if (!strstr(reason, planes[i].says))
				fail_msg("%s: does not say '%s': %s", planes[i].name, planes[i].says, reason);
			/* A sentence that was cut off lost what to do. */
			if (reason[strlen(reason) - 1] != '.')
				fail_msg("%s: cut short: %s", planes[i].name, reason);
			continue;
		}
		assert_int_equal(plane.id, 7);
		assert_int_equal(plane.width, planes[i].width);
		assert_int_equal(plane.height, planes[i].height);
		assert_int_equal(plane.stride, planes[i].stride);
		assert_true(plane.picture_bytes <= planes[i].size);
	}
}

static void test_every_format_of_the_table(void **state)
{
	unsigned int count;
	const struct format *table = format_table(&count);

	(void)state;
	for (unsigned int i = 0; i < count; i++) {
		struct vfio_device_gfx_plane_info info = {
			.drm_format = table[i].fourcc,
			.width = 64,
			.height = 3,
			.stride = 64 * table[i].bytes_per_pixel,
			.size = 64 * table[i].bytes_per_pixel * 3,
		};
		char reason[VFIO_REASON_BYTES] = "";
		struct vfio_plane plane;

		if (vfio_plane_check(&info, &plane, reason) != (table[i].refusal ? -ENOTSUP : 0))
			fail_msg("%s: %s", table[i].name, reason);
		if (table[i].refusal)
			assert_non_null(strstr(reason, table[i].refusal));
		info.size--;
		assert_int_equal(vfio_plane_check(&info, &plane, reason), table[i].refusal ? -ENOTSUP : -EINVAL);
	}
	assert_true(count >= 12);
}

static void test_memory(void **state)
{
	struct vfio_device_gfx_plane_info info = info_of(0);
	char reason[VFIO_REASON_BYTES] = "";
	struct vfio_plane plane;

	(void)state;
	assert_int_equal(vfio_plane_check(&info, &plane, reason), 0);
	assert_int_equal(vfio_plane_check_memory(&plane, 1228800, reason), 0);
	assert_int_equal(vfio_plane_check_memory(&plane, UINT64_MAX, reason), 0);
	assert_string_equal(reason, "");
	assert_int_equal(vfio_plane_check_memory(&plane, 1228799, reason), -EINVAL);
	assert_non_null(strstr(reason, "1228799"));
	assert_int_equal(vfio_plane_check_memory(&plane, 0, reason), -EINVAL);
	assert_int_equal(reason[strlen(reason) - 1], '.');
}

static void test_tilings(void **state)
{
	(void)state;
	assert_null(vfio_plane_tiling_name(DRM_FORMAT_MOD_LINEAR));
	assert_string_equal(vfio_plane_tiling_name(I915_FORMAT_MOD_Yf_TILED), "Intel Yf-tiled");
	assert_string_equal(vfio_plane_tiling_name(0x123456789), "tiled");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_planes),
		cmocka_unit_test(test_every_format_of_the_table),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_tilings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
