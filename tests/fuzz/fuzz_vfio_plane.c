// SPDX-License-Identifier: GPL-2.0-or-later
/* Any numbers in a plane's struct: what is believed lies inside the memory, or the program ends here. */
#include <linux/vfio.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "server/capture/vfio_plane.h"
#include "server/format.h"
#include "server/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Touches the first and last byte of each row in an address space of the memory's size. */
static void check_rows(const struct vfio_plane *plane, uint64_t memory_bytes)
{
	const struct format *format = format_find(plane->fourcc);
	uint64_t row_bytes = (uint64_t)plane->width * format->bytes_per_pixel;
	uint64_t end = 0;

	for (uint32_t y = 0; y < plane->height; y++) {
		uint64_t start = (uint64_t)y * plane->stride;

		if (start < end)
			abort();
		end = start + row_bytes;
		if (end > memory_bytes)
			abort();
	}
	if (end != plane->picture_bytes)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct vfio_device_gfx_plane_info info;
	struct vfio_plane plane;
	char reason[VFIO_REASON_BYTES];
	uint64_t memory_bytes;
	int r;

	if (size < sizeof(info) + sizeof(memory_bytes))
		return 0;
	memcpy(&info, data, sizeof(info));
	memcpy(&memory_bytes, data + sizeof(info), sizeof(memory_bytes));
	memset(reason, 0xff, sizeof(reason));
	r = vfio_plane_check(&info, &plane, reason);
	if (!r) {
		if (!plane.width || !plane.height || plane.width > FRAME_SIZE_MAX || plane.height > FRAME_SIZE_MAX)
			abort();
		r = vfio_plane_check_memory(&plane, memory_bytes, reason);
		if (!r)
			check_rows(&plane, memory_bytes);
	}
	if (r > 0 || (r < 0 && !memchr(reason, 0, sizeof(reason))))
		abort();
	return 0;
}
