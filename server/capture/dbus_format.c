// SPDX-License-Identifier: GPL-2.0-or-later
/* The pixel formats of QEMU's D-Bus display. */
#include "server/capture/dbus_format.h"

#include <drm_fourcc.h>
#include <pixman.h>
#include <stddef.h>

/* pixman's codes are of words, as DRM's are of bytes of little endian ones. */
#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the table is that of little endian machines"
#endif

static const struct dbus_format formats[] = {
	{ PIXMAN_x8r8g8b8, DRM_FORMAT_XRGB8888, 4 },
	{ PIXMAN_a8r8g8b8, DRM_FORMAT_ARGB8888, 4 },
	{ PIXMAN_x8b8g8r8, DRM_FORMAT_XBGR8888, 4 },
	{ PIXMAN_a8b8g8r8, DRM_FORMAT_ABGR8888, 4 },
	{ PIXMAN_x2r10g10b10, DRM_FORMAT_XRGB2101010, 4 },
	{ PIXMAN_x2b10g10r10, DRM_FORMAT_XBGR2101010, 4 },
	{ PIXMAN_r5g6b5, DRM_FORMAT_RGB565, 2 },
	{ PIXMAN_b8g8r8x8, 0, 4 },
	{ PIXMAN_b8g8r8a8, 0, 4 },
	{ PIXMAN_r8g8b8x8, 0, 4 },
	{ PIXMAN_r8g8b8a8, 0, 4 },
	{ PIXMAN_r8g8b8, 0, 3 },
	{ PIXMAN_b8g8r8, 0, 3 },
	{ PIXMAN_x1r5g5b5, 0, 2 },
};

const struct dbus_format *dbus_format_find(uint32_t pixman)
{
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		if (formats[i].pixman == pixman)
			return &formats[i];
	return NULL;
}

const struct dbus_format *dbus_format_find_fourcc(uint32_t fourcc)
{
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		if (fourcc && formats[i].fourcc == fourcc)
			return &formats[i];
	return NULL;
}
