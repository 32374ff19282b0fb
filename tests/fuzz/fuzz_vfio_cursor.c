// SPDX-License-Identifier: GPL-2.0-or-later
/* Any numbers of a cursor plane over any memory: what is believed is read within it, and is inside its shape. */
#include <linux/vfio.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "server/capture/vfio_cursor.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_pixels(const struct vfio_plane *plane, const uint8_t *data, size_t size)
{
	uint32_t *argb = malloc((size_t)plane->width * plane->height * 4);
	uint8_t *memory = malloc(plane->picture_bytes);

	if (argb && memory) {
		memset(memory, 0x55, plane->picture_bytes);
		memcpy(memory, data, size < plane->picture_bytes ? size : plane->picture_bytes);
		vfio_cursor_convert(plane, memory, argb);
	}
	free(memory);
	free(argb);
}

static void see(const struct vfio_plane *plane, uint64_t shape)
{
	struct cursor cursor = { 0 };
	struct hotspots spots = { 0 };
	uint32_t x = 0, y = 0;

	for (int64_t i = 0; i < 4; i++) {
		const struct hotspot_place place = { shape, plane->width, plane->height, (int32_t)plane->x,
			(int32_t)plane->y };

		/* From wherever it says, twice each. */
		hotspots_point(&spots, (int32_t)(plane->hot_x + i / 2 * 16), (int32_t)plane->hot_y, i * NSEC_PER_SEC);
		hotspots_see(&spots, &place, i * NSEC_PER_SEC);
	}
	if (hotspots_find(&spots, shape, &x, &y) && (x >= plane->width || y >= plane->height))
		abort();
	vfio_cursor_place(plane, x, y, &cursor);
	if (cursor.hot_x >= plane->width || cursor.hot_y >= plane->height)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct vfio_device_gfx_plane_info info;
	char reason[VFIO_REASON_BYTES];
	struct vfio_plane plane;

	if (size < sizeof(info))
		return 0;
	memcpy(&info, data, sizeof(info));
	memset(reason, 0xff, sizeof(reason));
	if (vfio_cursor_check(&info, &plane, reason) < 0) {
		if (!memchr(reason, 0, sizeof(reason)))
			abort();
		return 0;
	}
	if (plane.width > CURSOR_SIZE_MAX || plane.height > CURSOR_SIZE_MAX)
		abort();
	/* The size is the driver's to say; what is mapped is checked against it elsewhere. */
	if (plane.picture_bytes <= 1u << 24)
		read_pixels(&plane, data + sizeof(info), size - sizeof(info));
	see(&plane, plane.id);
	return 0;
}
