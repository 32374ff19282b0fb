// SPDX-License-Identifier: GPL-2.0-or-later
/* A viewer for tests that has the picture, and shows it as it is; and what else it says and hears. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "net/bytes.h"
#include "server/clock.h"
#include "tests/unit/vnc_rig.h"

struct viewer *viewer_join_watching(const int32_t *encodings, size_t n)
{
	struct viewer *viewer = viewer_join(true, encodings, n);

	viewer->sends_requests = true;
	viewer->answers_fences = true;
	viewer_request_all(viewer, false);
	RIG_UNTIL(viewer_is_right(viewer, rig.frame));
	rig_settle();
	return viewer;
}

bool viewer_is_right(const struct viewer *viewer, struct frame *frame)
{
	if (!viewer->pixels || viewer->width != frame->width || viewer->height != frame->height)
		return false;
	for (uint32_t y = 0; y < frame->height; y++) {
		const uint32_t *row = (const uint32_t *)(const void *)(frame->data +
				(size_t)y * frame->planes[0].stride);

		for (uint32_t x = 0; x < frame->width; x++) {
			if (viewer->pixels[y * viewer->width + x] != (row[x] & 0xffffff))
				return false;
		}
	}
	return true;
}

void viewer_take_cut_text(struct viewer *viewer, struct bytes_reader *reader)
{
	const uint8_t *data;
	int32_t length;
	size_t bytes;

	bytes_skip(reader, 3);
	length = bytes_get_s32(reader);
	bytes = (size_t)(length < 0 ? -(int64_t)length : length);
	data = bytes_get(reader, bytes);
	if (!data)
		return;
	viewer->cut.n++;
	viewer->cut.extended = length < 0;
	viewer->cut.bytes = bytes;
	memcpy(viewer->cut.data, data, bytes < sizeof(viewer->cut.data) ? bytes : sizeof(viewer->cut.data));
}

void viewer_key(struct viewer *viewer, bool down, uint32_t keysym)
{
	uint8_t data[8] = { RFB_KEY_EVENT, down };
	struct bytes_writer writer = bytes_writer(data + 4, 4);

	bytes_put_u32(&writer, keysym);
	viewer_say(viewer, data, sizeof(data));
}
